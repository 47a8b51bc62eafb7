/* Whose sender gives up before an owner has answered: such mail is taken in and rests sealed. */
#include "contact.h"

enum {
    SHORT_OF_ALL_HOURS = 24, /* nobody known: some give up within a day, and do not say so */
    URGENT_PART = 3,         /* of the time it is tried: then a next try is no longer certain */
    SLOW_AFTER_MS = 2 * HOUR_MS,
};

int64_t contact_sender_gives_up_ms(struct slice name)
{
    static const struct {
        const char *end;
        int hours;
    } senders[] = {
        {"mailgun.net",                     8 },
        {"mailgun.org",                     8 },
        {"outbound.protection.outlook.com", 24},
        {"amazonses.com",                   12},
        {"mtasv.net",                       12}, /* Postmark */
        {"brevo.com",                       12},
        {"sendinblue.com",                  12},
        {"sendgrid.net",                    72},
        {"twilio.com",                      72},
    };

    for (size_t i = 0; i < COUNT_OF(senders); i++) {
        struct slice end = slice_of(senders[i].end);
        if (name.len < end.len ||
            !slice_is_nocase(slice_from(name, name.len - end.len), senders[i].end))
            continue;
        if (name.len == end.len || name.at[name.len - end.len - 1] == '.')
            return senders[i].hours * (int64_t)HOUR_MS;
    }
    return 0;
}

bool contact_is_urgent(const struct contact_knock *knock, int64_t first_ms, int64_t last_ms)
{
    int64_t age = knock->now_ms - first_ms, gap = knock->now_ms - last_ms;
    int64_t gives_up =
        knock->gives_up_ms ? knock->gives_up_ms : SHORT_OF_ALL_HOURS * (int64_t)HOUR_MS;

    if (knock->inside || knock->hold == HOLD_ACCEPT)
        return true;
    if (knock->hold == HOLD_DEFER)
        return false;
    return age >= gives_up / URGENT_PART || (age >= SLOW_AFTER_MS && gap >= age / URGENT_PART);
}
