#include "bridge_transport.h"

#include "bridge_private.h"
#include "memory.h"
#include "store_write.h"

bool bridge_keep_policy(struct store_tx *tx, const struct sts_row *row, struct err *err)
{
    return store_put_sts(tx, row, err);
}

bool bridge_count_tls(struct store_tx *tx, const struct tls_row *rows, size_t count,
                      struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (!store_count_tls(tx, &rows[i], err))
            return false;
    return true;
}

bool bridge_hear_tls(struct store_tx *tx, const struct tls_heard_row *row, struct err *err)
{
    return store_put_tls_heard(tx, row, err);
}

/* With the null sender: who cannot be reached hears nothing, and nobody hears of it. */
static bool want_mail(struct bridge *bridge, struct store_tx *tx, const struct report_mail *mail,
                      int64_t number, char *to, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    struct person person = {.kind = PERSON_MAIL, .address = to};
    scoped_text char *host = must_dup(strrchr(to, '@') + 1);
    scoped_text char *nobody = must_dup("");
    struct delivery delivery = {
        .subject = SUBJECT_REPORT,
        .subject_id = number,
        .target = TARGET_MAIL,
        .host = host,
        .wanted = 1,
        .due_ms = now_ms,
        .first_ms = now_ms,
        .mail_from = nobody,
        .rcpt_to = to,
    };

    return store_put_person(tx, &person, &delivery.person_id, err) &&
           store_want_mail(tx, &delivery, mail->body, err);
}

bool bridge_send_report(struct bridge *bridge, struct store_tx *tx, const struct report_mail *mail,
                        struct err *err)
{
    int64_t number = 0;
    enum found found = store_tls_number(store_tx_view(tx), mail->day, mail->domain, &number, err);

    if (found != FOUND)
        return found == ABSENT;
    for (size_t i = 0; i < mail->count; i++)
        if (!want_mail(bridge, tx, mail, number, mail->to[i], err))
            return false;
    return bridge_end_report(tx, mail->day, mail->domain, err);
}

bool bridge_end_report(struct store_tx *tx, int64_t day, const char *domain, struct err *err)
{
    return store_end_tls(tx, day, domain, err);
}
