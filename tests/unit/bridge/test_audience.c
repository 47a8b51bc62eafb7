/*
 * No gesture makes a private word public (behaviour.md 1, rules 2 to 4).
 *
 * Mails are put together at random from what can stand in To, Cc and Bcc, what they answer, how they were
 * forwarded and what their program says of them.  A model of its own, written from the rules and not from the
 * code, says whether all of it was meant for everybody: then it must be posted, else nobody may read it.
 */
#include "row.h"

#include <stdio.h>

enum { MAILS = 2500 };

static struct town town;

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    town_choose(&town, REPLY_ALL_PUBLIC);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* ---- chance, the same in every run ---- */
static uint32_t seed = 20261122;

static size_t dice(size_t sides)
{
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 8) % sides;
}

/* ---- what a mail is made of ---- */
enum meaning { EVERYBODY, FOLLOWERS, MAILBOX, PERSON, SELF };
static const struct reader {
    const char *address;
    enum meaning meaning;
    bool answers_private; /* by its REF */
} readers[] = {
    {"public@example.org",               EVERYBODY, false},
    {"unlisted@example.org",             EVERYBODY, false},
    {"9aaaaaaaaaa00+public@example.org", EVERYBODY, false},
    {"9aaaaaaaaaa02+public@example.org", EVERYBODY, true },
    {"followers@example.org",            FOLLOWERS, false},
    {"carol@mail.example",               MAILBOX,   false},
    {"eve@example.org",                  MAILBOX,   false},
    {"help@example.org",                 MAILBOX,   false},
    {"bob=social.example@example.org",   PERSON,    false},
    {"dan=other.example@example.org",    PERSON,    false},
    {"alice@example.org",                SELF,      false},
    {"alice+copy@example.org",           SELF,      false},
};
static const struct habit { /* what a program adds */
    const char *field, *before, *after;
    bool spoils;
} habits[] = {
    {"",                                                                              "",                "",                                                                     false},
    {"",                                                                              "",                "",                                                                     false},
    {"",                                                                              "",                "",                                                                     false},
    {"In-Reply-To: <bob-public@example.org>\n",                                       "",                "",                                                                     false},
    {"In-Reply-To: <alice-public@example.org>\n",                                     "",                "",                                                                     false},
    {"In-Reply-To: <carol-mail@mail.example>\n",                                      "",                "",                                                                     true },
    {"In-Reply-To: <bob-direct@example.org>\n",                                       "",                "",                                                                     true },
    {"In-Reply-To: <bob-followers@example.org>\n",                                    "",                "",                                                                     true },
    {"In-Reply-To: <alice-followers@example.org>\n",                                  "",                "",                                                                     true },
    {"References: <bob-public@example.org> <lost@mail.example>\n",                    "",                "",                                                                     true },
    {"X-Forwarded-Message-Id: <bob-public@example.org>\n",                            "",                "",                                                                     true },
    {"Resent-To: public@example.org\n",                                               "",                "",                                                                     true },
    {"",                                                                              "",
     "\n---------- Forwarded message ---------\nFrom: Carol <carol@mail.example>\nDate: today\n"
     "Subject: x\nTo: alice@example.org\n\nher words\n",                                                                                                                         true },
    {"",                                                                              "",                "\nVon: Carol\nGesendet: Montag\nAn: Alice\nBetreff: x\n\nher words\n", true },
    {"Auto-Submitted: auto-replied\n",                                                "",                "",                                                                     true },
    {"Precedence: bulk\n",                                                            "",                "",                                                                     true },
    {"Sensitivity: private\n",                                                        "",                "",                                                                     true },
    {"Chat-Version: 1.0\nChat-Group-ID: abc\n",                                       "",                "",                                                                     true },
    {"Auto-Submitted: no\nAuto-Submitted: auto-replied\n",                            "",                "",                                                                     true },
    {"Precedence: list\nPrecedence: junk\n",                                          "",                "",                                                                     true },
    {"Sensitivity: normal\nSensitivity: personal\n",                                  "",                "",                                                                     true },
    {"In-Reply-To: carol-mail@mail.example\n",                                        "",                "",                                                                     true },
    {"In-Reply-To: Carol's message of Tuesday\n",                                     "",                "",                                                                     true },
    {"In-Reply-To: <bob-public@example.org>\nReferences: <carol-mail@mail.example\n", "",                "",                                                                     true },
    {"In-Reply-To: \nReferences: \n",                                                 "",                "",                                                                     false},
    {"Resent-Reply-To: carol@mail.example\n",                                         "",                "",                                                                     true },
    {"X-Forwarded-For: alice@mail.example public@example.org\n",                      "",                "",                                                                     true },
    {"X-Forwarded-For: 192.0.2.1\n",                                                  "",                "",                                                                     false},
    {"Bcc: carol@mail.example\n",                                                     "",                "",                                                                     true },
    {"Bcc: alice@example.org\n",                                                      "",                "",                                                                     false},
    {"Chat-Version: 1.0\nIn-Reply-To: <carol-mail@mail.example>\n",                   "",                "",                                                                     false},
    {"Chat-Version: 1.0\nIn-Reply-To: <carol-mail@mail.example>\n",                   "> her words\n\n", "",                                                                     true },
    {"Sensitivity: Private (x)\n",                                                    "",                "",                                                                     true },
    {"Sensitivity: (so it\\) is) personal\n",                                         "",                "",                                                                     true },
    {"Sensitivity: normal (private)\n",                                               "",                "",                                                                     false},
    {"Precedence: bulk (newsletter)\n",                                               "",                "",                                                                     true },
    {"Auto-Submitted: (by hand) auto-generated\n",                                    "",                "",                                                                     true },
    {"Auto-Submitted: no (by hand)\n",                                                "",                "",                                                                     false},
    {"Subject: Fwd: her words\n",                                                     "",                "",                                                                     true },
    {"Subject: AW: WG: her words\n",                                                  "",                "",                                                                     true },
    {"Subject: Tr: her words\n",                                                      "",                "",                                                                     true },
    {"Cc: carol\n",                                                                   "",                "",                                                                     true },
    {"Cc: carol@@mail.example\n",                                                     "",                "",                                                                     true },
    {"Cc: undisclosed-recipients:;\n",                                                "",                "",                                                                     false},
    {"Content-Type: text/plain\nContent-Type: text/html\n",                           "",                "",                                                                     true },
};

struct draft {
    const struct reader *at[4];
    bool in_to[4], in_envelope[4];
    size_t count;
    const struct habit *habit;
};

static bool has(const struct draft *draft, const struct reader *reader)
{
    for (size_t i = 0; i < draft->count; i++)
        if (draft->at[i] == reader)
            return true;
    return false;
}

static struct draft throw_draft(void)
{
    struct draft draft = {.habit = &habits[dice(2) ? dice(COUNT_OF(habits)) : 0]};
    size_t wanted = 1 + dice(3);

    while (draft.count < wanted) {
        const struct reader *reader = &readers[dice(COUNT_OF(readers))];
        if (has(&draft, reader))
            continue;
        size_t place = dice(8); /* mostly both; sometimes Bcc, or a line that reaches nobody */
        draft.in_to[draft.count] = place != 0;
        draft.in_envelope[draft.count] = place != 1;
        draft.at[draft.count++] = reader;
    }
    return draft;
}

/* ---- the model ---- */
static bool is_for_everybody(const struct draft *draft)
{
    size_t words = 0;
    bool reaches = false;

    for (size_t i = 0; i < draft->count; i++) {
        const struct reader *reader = draft->at[i];
        if (reader->meaning == MAILBOX)
            return false; /* somebody reads it in person: P4, whatever else */
        words += reader->meaning == EVERYBODY || reader->meaning == FOLLOWERS;
        if (reader->answers_private || reader->meaning == FOLLOWERS)
            return false;
        if (!draft->in_envelope[i])
            continue;
        reaches |= reader->meaning == EVERYBODY;
        if (!draft->in_to[i] && reader->meaning != SELF)
            return false; /* Bcc */
    }
    return words == 1 && reaches && !draft->habit->spoils;
}

/* ---- sending ---- */
static void join(struct bytes *list, const char *address)
{
    if (list->len > 0)
        bytes_add_text(list, ", ");
    bytes_add_text(list, address);
}

static char *send_draft(const struct draft *draft, int number, struct bytes *out_text)
{
    scoped_value(bytes) to = {0};
    scoped_value(bytes) envelope = {0};

    for (size_t i = 0; i < draft->count; i++) {
        if (draft->in_to[i])
            join(&to, draft->at[i]->address);
        if (draft->in_envelope[i])
            join(&envelope, draft->at[i]->address);
    }
    if (envelope.len == 0)
        return must_dup("nobody");
    bytes_print(out_text,
                "From: alice@example.org\n%s%s%sSubject: Secret %d\nMessage-ID: <a%d@example.org>\n"
                "%s\n%sSecret number %d\n%s",
                to.len > 0 ? "To: " : "", to.len > 0 ? to.at : "", to.len > 0 ? "\n" : "", number,
                number, draft->habit->field, draft->habit->before, number, draft->habit->after);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = ALICE,
                                   .mail_from = ALICE,
                                   .recipients = envelope.at,
                                   .text = bytes_slice(out_text)};
    return town_send(&town, &mail);
}

static bool became_public(const char *effects)
{
    return strstr(effects, "public held") || strstr(effects, "public sent") ||
           strstr(effects, "unlisted ");
}

static void test_private_words_stay_private(void **state)
{
    int posted = 0;

    (void)state;
    for (int i = 0; i < MAILS; i++) {
        struct draft draft = throw_draft();
        scoped_value(bytes) text = {0};
        town_wait(&town, 3 * MINUTE_MS);
        scoped_text char *reply = send_draft(&draft, i, &text);
        scoped_text char *effects = town_effects(&town);
        bool public = became_public(effects);
        if (public != is_for_everybody(&draft))
            fail_msg("%s: %s\n%s\n%s", public ? "published" : "not published", reply, text.at,
                     effects);
        posted += public;
    }
    assert_true(posted > MAILS / 20); /* the dice know both sides */
}

/* From port 25 nothing of it works, whoever the mail says it is from. */
static void test_no_outsider_publishes(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct draft draft = throw_draft();
        const struct letter_row row = {.name = "from outside",
                                       .recipients = draft.at[0]->address,
                                       .from = dice(2) ? ALICE : "carol@mail.example",
                                       .fields = draft.habit->field,
                                       .outside = true};
        scoped_text char *text = row_build(&row);
        scoped_text char *reply = row_send(&town, &row, text);
        scoped_text char *effects = town_effects(&town);
        if (became_public(effects) || strstr(effects, "direct") || strstr(effects, "followers"))
            fail_msg("%s\n%s\n%s", reply, text, effects);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_words_stay_private),
        cmocka_unit_test(test_no_outsider_publishes),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
