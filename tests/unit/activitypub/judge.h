/*
 * judge — what the inbox's judge says to a signed POST.
 */
#ifndef NESTBOX_TEST_JUDGE_H
#define NESTBOX_TEST_JUDGE_H

#include "house.h"

#define BOB "https://m.example/users/bob"
#define KEY BOB "#main-key"

struct answer_was {
    int status;
    char why[160];
    bool ok;
    struct err err;
};
/* `user` NULL: the shared inbox. */
struct answer_was judge_text(struct house *house, const char *text, const char *user);
/* To alice's inbox, with bob's key. */
struct answer_was judge(struct house *house, const char *body, enum signature_form form);

#define EXPECT(house, was, wanted_status, wanted_seen, wanted_told)                                \
    do {                                                                                           \
        const struct answer_was is = (was);                                                        \
        if (is.status != (wanted_status))                                                          \
            fail_msg("%d %s", is.status, is.why);                                                  \
        assert_text((house)->seen.at, wanted_seen);                                                \
        assert_text((house)->bridge.told.at, wanted_told);                                         \
    } while (0)

#endif
