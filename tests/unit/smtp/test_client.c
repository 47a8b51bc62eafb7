/* Conversations with another server: what it says, what we say, and what becomes of each recipient. */
#include "test.h"

#include "fake_client.h"
#include "memory.h"

#include <stdio.h>

#define ALL "250-c.test;250-PIPELINING;250-8BITMIME;250-SMTPUTF8;250 SIZE 1000"
#define BARE "250 c.test"
#define TLS "250-c.test;250 STARTTLS"
#define HELLO "EHLO mx.home.test|"
#define FROM "MAIL FROM:<alice@home.test>"
#define TO0 "RCPT TO:<r0@c.test>|"
#define TO1 "RCPT TO:<r1@c.test>|"
#define TO2 "RCPT TO:<r2@c.test>|"
#define TEXT "DATA|hi|.|QUIT|"

/* '|' parts what is said after an answer of ours, ';' lines; T taken, L later, R refused, O still open */
struct row {
    const char *name, *says;
    size_t count;
    const char *said, *fates;
    enum talk_end end;
    const char *reply; /* of the conversation, or the last recipient's; NULL: not looked at */
    enum tls_demand tls;
    bool shake_fails;
};

static const struct row rows[] = {
  /* clang-format off */
    {"a mail, one step at a time", "220 c|" BARE "|250|250|354|250 2.0.0 kept", 1,
        HELLO FROM "|" TO0 TEXT, "T", TALK_DONE, "250 2.0.0 kept", TLS_IF_OFFERED, false},
    {"the envelope is said at once if that is offered", "220 c|" ALL "|250;250;250|354|250 kept", 2,
        HELLO FROM " SIZE=4|" TO0 TO1 TEXT, "TT", TALK_DONE, "250 kept", TLS_IF_OFFERED, false},
    {"answers may come one by one", "220 c|" ALL "|250|250|250|354|250 kept", 2,
        HELLO FROM " SIZE=4|" TO0 TO1 TEXT, "TT", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"each recipient has an answer of its own", "220 c|" ALL "|250;550 5.1.1 nobody;250;450 4.2.1 full|354|250 kept", 3,
        HELLO FROM " SIZE=4|" TO0 TO1 TO2 TEXT, "RTL", TALK_DONE, "450 4.2.1 full", TLS_IF_OFFERED, false},
    {"one by one as well", "220 c|" BARE "|250|550 5.1.1 nobody|250|450 4.2.1 full|354|250 kept", 3,
        HELLO FROM "|" TO0 TO1 TO2 TEXT, "RTL", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"251 is a yes", "220 c|" BARE "|250|251 forwarded|354|250 kept", 1,
        HELLO FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"552 to the first means its mailbox", "220 c|" BARE "|250|552 5.2.2 full", 1,
        HELLO FROM "|" TO0 "QUIT|", "R", TALK_DONE, "552 5.2.2 full", TLS_IF_OFFERED, false},
    {"no text if nobody is left", "220 c|" BARE "|250|550 no|550 no", 2,
        HELLO FROM "|" TO0 TO1 "QUIT|", "RR", TALK_DONE, "550 no", TLS_IF_OFFERED, false},
    {"nor where DATA was said with the envelope", "220 c|" ALL "|250;550 no;550 no;503 nobody", 2,
        HELLO FROM " SIZE=4|" TO0 TO1 "DATA|QUIT|", "RR", TALK_DONE, "550 no", TLS_IF_OFFERED, false},
    {"and who waits for one hears of none", "220 c|" ALL "|250;550 no;450 no;354 go on|250 what", 2,
        HELLO FROM " SIZE=4|" TO0 TO1 "DATA|.|QUIT|", "RL", TALK_DONE, "450 no", TLS_IF_OFFERED, false},
    {"the sender is refused for good", "220 c|" BARE "|550 5.7.1 not you", 2,
        HELLO FROM "|QUIT|", "RR", TALK_DONE, "550 5.7.1 not you", TLS_IF_OFFERED, false},
    {"the sender is refused for now", "220 c|" BARE "|451 4.3.0 later", 2,
        HELLO FROM "|QUIT|", "LL", TALK_DONE, "451 4.3.0 later", TLS_IF_OFFERED, false},
    {"DATA is refused", "220 c|" BARE "|250|250|554 5.7.1 no", 1,
        HELLO FROM "|" TO0 "DATA|QUIT|", "R", TALK_DONE, "554 5.7.1 no", TLS_IF_OFFERED, false},
    {"the text is refused for good", "220 c|" BARE "|250|250|354|550 5.6.0 spam", 1,
        HELLO FROM "|" TO0 TEXT, "R", TALK_DONE, "550 5.6.0 spam", TLS_IF_OFFERED, false},
    {"the text is refused for now", "220 c|" BARE "|250|250|354|452 4.3.1 disk", 1,
        HELLO FROM "|" TO0 TEXT, "L", TALK_DONE, "452 4.3.1 disk", TLS_IF_OFFERED, false},
    {"421 is an answer to the text too", "220 c|" BARE "|250|250|354|421 4.3.2 stop", 1,
        HELLO FROM "|" TO0 TEXT, "L", TALK_DONE, "421 4.3.2 stop", TLS_IF_OFFERED, false},
    {"421 elsewhere leaves it open to the next host", "220 c|" BARE "|250|421 4.3.2 stop", 1,
        HELLO FROM "|" TO0 "QUIT|", "O", TALK_TURNED_AWAY, "421 4.3.2 stop", TLS_IF_OFFERED, false},
    {"a greeting that is none", "554 5.3.2 no service", 1,
        "QUIT|", "O", TALK_TURNED_AWAY, "554 5.3.2 no service", TLS_IF_OFFERED, false},
    {"a greeting of many lines", "220-c.test;220-is glad;220 to see you|" BARE "|250|250|354|250", 1,
        HELLO FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"HELO where EHLO is not known", "220 c|502 what|250 c|250|250|354|250", 1,
        HELLO "HELO mx.home.test|" FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"HELO is refused too", "220 c|500 what|550 5.7.1 go away", 1,
        HELLO "HELO mx.home.test|QUIT|", "O", TALK_TURNED_AWAY, "550 5.7.1 go away", TLS_IF_OFFERED, false},
    {"EHLO is refused for now", "220 c|451 4.7.1 later", 1,
        HELLO "QUIT|", "O", TALK_TURNED_AWAY, "451 4.7.1 later", TLS_IF_OFFERED, false},
    {"TLS when it is offered", "220 c|" TLS "|220 go|" BARE "|250|250|354|250", 1,
        HELLO "STARTTLS|" HELLO FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"what was offered in clear is forgotten", "220 c|250-c;250-STARTTLS;250-PIPELINING;250 SIZE|220 go|" BARE "|250|250|354|250", 1,
        HELLO "STARTTLS|" HELLO FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"TLS is offered and then refused", "220 c|" TLS "|454 4.7.0 no|250|250|354|250", 1,
        HELLO "STARTTLS|" FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_IF_OFFERED, false},
    {"bytes behind 220 are nobody's", "220 c|" TLS "|220 go;250 I am in the middle", 1,
        HELLO "STARTTLS|", "O", TALK_UNSHAKEN, NULL, TLS_IF_OFFERED, false},
    {"the handshake fails", "220 c|" TLS "|220 go", 1,
        HELLO "STARTTLS|", "O", TALK_UNSHAKEN, NULL, TLS_IF_OFFERED, true},
    {"no TLS where it failed a moment ago", "220 c|" TLS "|250|250|354|250", 1,
        HELLO FROM "|" TO0 TEXT, "T", TALK_DONE, NULL, TLS_CLEAR, false},
    {"TLS is demanded and not offered", "220 c|" BARE, 1,
        HELLO, "O", TALK_WITHOUT_TLS, NULL, TLS_ALWAYS, false},
    {"TLS is demanded, offered and refused", "220 c|" TLS "|454 4.7.0 no", 1,
        HELLO "STARTTLS|", "O", TALK_WITHOUT_TLS, NULL, TLS_PROVED, false},
    {"354 to MAIL makes no sense", "220 c|" BARE "|354 what", 1,
        HELLO FROM "|", "O", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"250 to DATA makes no sense", "220 c|" BARE "|250|250|250", 1,
        HELLO FROM "|" TO0 "DATA|", "O", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"354 to the text makes no sense, and they may have it", "220 c|" BARE "|250|250|354|354", 1,
        HELLO FROM "|" TO0 "DATA|hi|.|", "L", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"no SMTP at all", "220 c|HTTP/1.1 400 Bad Request", 1,
        HELLO, "O", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"two codes in one reply", "220 c|250-c;220 d", 1,
        HELLO, "O", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"it ends before DATA", "220 c|" BARE "|250", 1,
        HELLO FROM "|" TO0, "O", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"it ends after the text: they may have it", "220 c|" BARE "|250|250|354", 1,
        HELLO FROM "|" TO0 "DATA|hi|.|", "L", TALK_CUT, NULL, TLS_IF_OFFERED, false},
    {"too large for them", "220 c|250-c;250 SIZE 3", 1,
        HELLO "QUIT|", "R", TALK_DONE, "552 5.3.4 Their server takes no mail of this size", TLS_IF_OFFERED, false},
  /* clang-format on */
};

static const char *fates(const struct out_mail *mail)
{
    static char text[16];

    for (size_t i = 0; i < mail->count; i++)
        text[i] = "OTLR"[mail->recipients[i].fate];
    text[mail->count] = '\0';
    return text;
}

static void check(const struct row *row, const struct fake_client *fake)
{
    const struct out_mail *mail = fake->talk.mail;
    const char *reply = row->fates[row->count - 1] == 'O' ? fake->talk.reply
                                                          : mail->recipients[row->count - 1].reply;

    if (strcmp(fake_client_said(fake), row->said) != 0)
        fail_msg("%s: said \"%s\"", row->name, fake_client_said(fake));
    if (strcmp(fates(mail), row->fates) != 0)
        fail_msg("%s: fates %s, not %s", row->name, fates(mail), row->fates);
    if (fake->talk.end != row->end)
        fail_msg("%s: ended as %d, not %d", row->name, (int)fake->talk.end, (int)row->end);
    if (row->reply && strcmp(reply, row->reply) != 0)
        fail_msg("%s: reply \"%s\"", row->name, reply);
    if (fake->talk.end != TALK_DONE && !fake->talk.reply[0])
        fail_msg("%s: nobody knows why", row->name);
}

static void test_conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake_client fake;
        fake_client_begin(&fake, fake_mail("hi\n", rows[i].count), rows[i].tls);
        fake.shake_fails = rows[i].shake_fails;
        fake_client_play(&fake, rows[i].says);
        check(&rows[i], &fake);
        fake_client_end(&fake);
    }
}

#define BEGIN(fake, text, count)                                                                   \
    struct fake_client fake;                                                                       \
    fake_client_begin(&(fake), fake_mail(text, count), TLS_IF_OFFERED)

static void test_text_in_pieces_of_every_size(void **state)
{
    const char *text = "Subject: x\r\n\r\n.dot\r\n..\r\nend";

    (void)state;
    for (size_t size = 1; size < 12; size++) {
        BEGIN(fake, text, 1);
        fake.piece_size = size;
        fake_client_play(&fake, "220 c|" BARE "|250|250|354|250");
        assert_non_null(strstr(fake_client_said(&fake), "DATA|Subject: x||..dot|...|end|.|QUIT|"));
        assert_true(fake.mores > 0);
        fake_client_end(&fake);
    }
}

static void test_a_mail_that_cannot_be_read_gets_no_dot(void **state)
{
    (void)state;
    BEGIN(fake, "hello there\r\n", 1);
    fake.piece_size = 5;
    fake.piece_fails_at = 5;
    fake_client_play(&fake, "220 c|" BARE "|250|250|354|250");
    assert_non_null(strstr(fake_client_said(&fake), "DATA|hello"));
    assert_null(strstr(fake_client_said(&fake), "|.|"));
    assert_text(fates(fake.talk.mail), "O");
    fake_client_end(&fake);
}

static void test_recorded_before_quit(void **state)
{
    (void)state;
    BEGIN(fake, "hi\r\n", 1);
    fake_client_play(&fake, "220 c|" BARE "|250|250|354|250");
    assert_int_equal(fake.recorded, 1);
    assert_true(fake.talk.mail->recipients[0].recorded);
    fake_client_end(&fake);
}

static void test_what_could_not_be_recorded_is_left_to_others(void **state)
{
    (void)state;
    BEGIN(fake, "hi\r\n", 1);
    fake.record_fails = true;
    fake_client_play(&fake, "220 c|" BARE "|250|250|354|250");
    assert_true(out_is_unrecorded(fake.talk.mail));
    fake_client_end(&fake);
}

static void test_letters_beyond_ascii(void **state)
{
    static const struct {
        const char *name, *text, *address, *offers, *mail, *reply;
    } cases[] = {
        {"eight bits are said",              "\n\xc3\xbc\n",    "r0@c.test",       ALL,                  FROM " SIZE=6 BODY=8BITMIME|",
         NULL                                                                                                                                      },
        {"an address in UTF-8",              "\nhi\n",          "\xc3\xbc@c.test", ALL,                  FROM " SIZE=6 SMTPUTF8|",      NULL       },
        {"a header in UTF-8",                "A: \xc3\xbc\n\n", "r0@c.test",       ALL,
         FROM " SIZE=9 BODY=8BITMIME SMTPUTF8|",                                                                                        NULL       },
        {"eight bits are not taken",         "\n\xc3\xbc\n",    "r0@c.test",       BARE,                 NULL,                          "554 5.6.3"},
        {"an address in UTF-8 is not taken", "\nhi\n",          "\xc3\xbc@c.test", BARE,                 NULL,                          "553 5.6.7"},
        {"a header in UTF-8 is not taken",   "A: \xc3\xbc\n\n", "r0@c.test",       "250-c;250 8BITMIME",
         NULL,                                                                                                                          "554 5.6.9"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        BEGIN(fake, cases[i].text, 1);
        struct out_recipient *recipient = &fake.talk.mail->recipients[0];
        free(recipient->address);
        recipient->address = must_dup(cases[i].address);
        scoped_text char *says = must_print("220 c|%s|250;250|354|250", cases[i].offers);
        fake_client_play(&fake, says);
        if (cases[i].mail && !strstr(fake_client_said(&fake), cases[i].mail))
            fail_msg("%s: said \"%s\"", cases[i].name, fake_client_said(&fake));
        if (cases[i].reply && strncmp(recipient->reply, cases[i].reply, 9) != 0)
            fail_msg("%s: reply \"%s\"", cases[i].name, recipient->reply);
        fake_client_end(&fake);
    }
}

static void test_how_addresses_are_written(void **state)
{
    static const struct {
        const char *name, *address, *written; /* NULL: refused, and not said */
    } cases[] = {
        {"an ordinary one",          "a.b+c=d@c.test",   "<a.b+c=d@c.test>"      },
        {"a space needs quotes",     "a b@c.test",       "<\"a b\"@c.test>"      },
        {"quotes are escaped",       "a\"\\@c.test",     "<\"a\\\"\\\\\"@c.test>"},
        {"two dots need quotes",     "a..b@c.test",      "<\"a..b\"@c.test>"     },
        {"an @ inside needs quotes", "a@b@c.test",       "<\"a@b\"@c.test>"      },
        {"a line end is no address", "a\r\nRSET@c.test", NULL                    },
        {"nor is one in its domain", "a@c.test\r\nRSET", NULL                    },
        {"a closed path",            "a@c.test> SIZE=1", NULL                    },
        {"no domain",                "a@",               NULL                    },
        {"no @",                     "a",                NULL                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        BEGIN(fake, "hi\n", 1);
        struct out_recipient *recipient = &fake.talk.mail->recipients[0];
        free(recipient->address);
        recipient->address = must_dup(cases[i].address);
        fake_client_play(&fake, "220 c|" BARE "|250|250|354|250");
        if (cases[i].written && !strstr(fake_client_said(&fake), cases[i].written))
            fail_msg("%s: said \"%s\"", cases[i].name, fake_client_said(&fake));
        if (!cases[i].written &&
            (strstr(fake_client_said(&fake), "RCPT") || recipient->fate != OUT_REFUSED))
            fail_msg("%s: said \"%s\"", cases[i].name, fake_client_said(&fake));
        fake_client_end(&fake);
    }
}

static void test_the_null_sender(void **state)
{
    (void)state;
    BEGIN(fake, "hi\n", 1);
    free(fake.talk.mail->mail_from);
    fake.talk.mail->mail_from = must_dup("");
    fake_client_play(&fake, "220 c|" BARE "|250|250|354|250");
    assert_non_null(strstr(fake_client_said(&fake), "|MAIL FROM:<>|"));
    assert_text(fates(fake.talk.mail), "T");
    fake_client_end(&fake);
}

/* At a second host only those are named who have no fate yet. */
static void test_who_has_a_fate_is_not_named(void **state)
{
    (void)state;
    BEGIN(fake, "hi\n", 3);
    fake.talk.mail->recipients[1].fate = OUT_REFUSED;
    fake_client_play(&fake, "220 c|" ALL "|250;250;250|354|250");
    assert_non_null(strstr(fake_client_said(&fake), TO0 TO2 "DATA|"));
    assert_text(fates(fake.talk.mail), "TRT");
    fake_client_end(&fake);
}

static void test_login(void **state)
{
    static const struct {
        const char *name, *says, *said;
        enum talk_end end;
    } cases[] = {
        {"with a password",
         "220 c|" TLS "|220 go|250-c;250 AUTH LOGIN PLAIN|235 yes|250|250|354|250",
         "AUTH PLAIN AG1lAHNlc2FtZQ==|MAIL",                                                                   TALK_DONE       },
        {"it is refused",   "220 c|" TLS "|220 go|250-c;250 AUTH PLAIN|535 5.7.8 no",
         "AUTH PLAIN AG1lAHNlc2FtZQ==|QUIT|",                                                                  TALK_TURNED_AWAY},
        {"not offered",     "220 c|" TLS "|220 go|250-c;250 AUTH LOGIN",              HELLO "STARTTLS|" HELLO,
         TALK_TURNED_AWAY                                                                                                      },
        {"never in clear",  "220 c|250-c;250 AUTH PLAIN",                             HELLO,                   TALK_WITHOUT_TLS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fake_client fake;
        fake_client_begin(&fake, fake_mail("hi\n", 1), TLS_PROVED);
        fake.talk.mail->login = must_dup("me");
        fake.talk.mail->password = must_dup("sesame");
        fake_client_play(&fake, cases[i].says);
        if (!strstr(fake_client_said(&fake), cases[i].said))
            fail_msg("%s: said \"%s\"", cases[i].name, fake_client_said(&fake));
        if (fake.talk.end != cases[i].end)
            fail_msg("%s: ended as %d", cases[i].name, (int)fake.talk.end);
        assert_true(fake.talk.login_refused == (fake.talk.end == TALK_TURNED_AWAY));
        fake_client_end(&fake);
    }
}

static void test_nudges(void **state)
{
    static const struct {
        const char *name, *says;
        enum nudge nudge;
        bool over;
        const char *fates;
    } cases[] = {
        {"no greeting in time",                     "",                           NUDGE_TIMER,   true, "O"},
        {"no answer in time",                       "220 c|" BARE "|250",         NUDGE_TIMER,   true, "O"},
        {"no answer to the text in time",           "220 c|" BARE "|250|250|354", NUDGE_TIMER,   true, "L"},
        {"stopping before the text",                "220 c|" BARE "|250",         NUDGE_CLOSING, true, "O"},
        {"stopping waits for the answer to a text", "220 c|" BARE "|250|250|354", NUDGE_CLOSING,
         false,                                                                                        "O"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        BEGIN(fake, "hi\n", 1);
        fake_client_says(&fake, cases[i].says);
        fake_client_nudge(&fake, cases[i].nudge);
        if (fake.over != cases[i].over || strcmp(fates(fake.talk.mail), cases[i].fates) != 0)
            fail_msg("%s: %s, %s", cases[i].name, fake.over ? "over" : "goes on",
                     fates(fake.talk.mail));
        fake_client_end(&fake);
    }
}

static void test_tls_from_the_first_byte(void **state)
{
    const struct tls_facts tls = {.version = "TLSv1.2"};
    struct fake_client fake = {.piece_fails_at = -1};

    (void)state;
    BEGIN(plain, "hi\n", 1);
    fake.talk = plain.talk;
    fake.talk.tls_at_once = true;
    void *session = smtp_client_new(&fake.talk);
    smtp_client_kind.free(session); /* the handshake failed */
    assert_int_equal(fake.talk.end, TALK_UNSHAKEN);

    session = smtp_client_new(&fake.talk);
    struct turn turn = {.out = &plain.out};
    const struct peer peer = {.secured = true};
    assert_int_equal(smtp_client_kind.begin(session, &peer, &turn), NEXT_READ);
    assert_int_equal(smtp_client_kind.secured(session, &tls, &turn), NEXT_READ);
    assert_int_equal(plain.out.len, 0);
    assert_text(fake.talk.tls_version, "TLSv1.2");
    smtp_client_kind.free(session);
    fake_client_end(&plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversations),
        cmocka_unit_test(test_text_in_pieces_of_every_size),
        cmocka_unit_test(test_a_mail_that_cannot_be_read_gets_no_dot),
        cmocka_unit_test(test_recorded_before_quit),
        cmocka_unit_test(test_what_could_not_be_recorded_is_left_to_others),
        cmocka_unit_test(test_letters_beyond_ascii),
        cmocka_unit_test(test_how_addresses_are_written),
        cmocka_unit_test(test_the_null_sender),
        cmocka_unit_test(test_who_has_a_fate_is_not_named),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_nudges),
        cmocka_unit_test(test_tls_from_the_first_byte),
    };
    return cmocka_run_group_tests_name("smtp client", tests, NULL, NULL);
}
