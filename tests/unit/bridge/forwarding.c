#include "forwarding.h"

/* "{bob}": the REF of his public post. */
static char *filled(const char *text)
{
    static const struct {
        const char *mark, *post;
    } marks[] = {
        {"{bob}",    BOBS                          },
        {"{direct}", POSTS "bob-direct@example.org"},
        {"{alice}",  ALICES                        },
    };
    struct slice rest = slice_of(text);
    struct bytes out = {0};

    while (rest.len > 0) {
        size_t i = 0;
        while (i < COUNT_OF(marks) && !slice_starts(rest, slice_of(marks[i].mark)))
            i++;
        if (i == COUNT_OF(marks)) {
            bytes_add_char(&out, rest.at[0]);
            rest = slice_from(rest, 1);
            continue;
        }
        scoped_value(message) post = {0};
        assert_true(town_message(&town, marks[i].post, &post));
        bytes_add_text(&out, post.ref);
        rest = slice_from(rest, strlen(marks[i].mark));
    }
    return bytes_take(&out);
}

char *forward_mail(const char *to, const char *id, const char *fields, const char *text)
{
    scoped_text char *made =
        must_print("From: %s\nTo: %s\nMessage-ID: <%s@here>\n%s%s", ALICE, to, id, fields, text);
    scoped_text char *whole = filled(made);
    scoped_text char *recipients = filled(to);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = ALICE,
                                   .mail_from = ALICE,
                                   .recipients = recipients,
                                   .text = slice_of(whole)};

    return town_send(&town, &mail);
}

void forwards(const char *id, const char *own, const char *reply)
{
    scoped_text char *text = must_print("\n%s%s", own, THUNDERBIRD);
    scoped_text char *said = forward_mail("public@example.org", id, FWD NAMES(PUBLIC_ID), text);

    assert_string_equal(said, reply);
}
