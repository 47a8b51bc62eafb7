/* How many recipients and mails go over one connection: what the other server says of it (RFC 9422, RFC 5321 4.5.3.1.10). */
#include "test.h"

#include "fake_client.h"
#include "memory.h"

#define HELLO "EHLO mx.home.test|"
#define FROM "MAIL FROM:<alice@home.test>|"
#define TO(n) "RCPT TO:<r" #n "@c.test>|"
#define TEXT "DATA|hi|.|"
#define OFFER(limits) "220 c|250-c.test;250-PIPELINING;250 LIMITS " limits "|"

/* '|' parts what is said after an answer of ours, ';' lines; T taken, L later, R refused, O left for another connection */
static const struct {
    const char *name, *says;
    size_t count;
    const char *said, *fates;
    enum talk_end end;
} rows[] = {
  /* clang-format off */
    {"two in a transaction", OFFER("RCPTMAX=2") "250;250;250|354|250|250;250|354|250", 3,
        HELLO FROM TO(0) TO(1) TEXT FROM TO(2) TEXT "QUIT|", "TTT", TALK_DONE},
    {"the same, one step at a time", "220 c|250-c;250 LIMITS RCPTMAX=2|250|250|250|354|250|250|250|354|250", 3,
        HELLO FROM TO(0) TO(1) TEXT FROM TO(2) TEXT "QUIT|", "TTT", TALK_DONE},
    {"who is refused counts too", OFFER("RCPTMAX=2") "250;550 no;250|354|250|250;250|354|250", 3,
        HELLO FROM TO(0) TO(1) TEXT FROM TO(2) TEXT "QUIT|", "RTT", TALK_DONE},
    {"all that had room are refused", OFFER("RCPTMAX=1") "250;550 no;554 nobody|250|250;250|354|250", 2,
        HELLO FROM TO(0) "DATA|RSET|" FROM TO(1) TEXT "QUIT|", "RT", TALK_DONE},
    {"what comes of a text concerns who was named", OFFER("RCPTMAX=1") "250;250|354|550 spam|250;250|354|450 busy", 2,
        HELLO FROM TO(0) TEXT FROM TO(1) TEXT "QUIT|", "RL", TALK_DONE},
    {"one mail for a connection", OFFER("MAILMAX=1 RCPTMAX=1") "250;250|354|250", 2,
        HELLO FROM TO(0) TEXT "QUIT|", "TO", TALK_DONE},
    {"the sender is refused: all hear it", OFFER("RCPTMAX=1") "550 no;503;503", 2,
        HELLO FROM TO(0) "DATA|QUIT|", "RR", TALK_DONE},
    {"limits with other words between", OFFER("CHANMAX=7 rcptmax=1 X") "250;250|354|250|250;250|354|250", 2,
        HELLO FROM TO(0) TEXT FROM TO(1) TEXT "QUIT|", "TT", TALK_DONE},
    {"what is no limit is none", OFFER("RCPTMAX=0 MAILMAX=x RCPTDOMAINMAX= RCPTMAX=01 RCPTMAX=1234567") "250;250;250|354|250", 2,
        HELLO FROM TO(0) TO(1) TEXT "QUIT|", "TT", TALK_DONE},
    {"one domain is no matter where all are of it", OFFER("RCPTDOMAINMAX=1") "250;250;250|354|250", 2,
        HELLO FROM TO(0) TO(1) TEXT "QUIT|", "TT", TALK_DONE},
    {"452 4.5.3: the rest at once in a second transaction", OFFER("") "250;250;452 4.5.3 enough;452 4.5.3 enough|354|250|250;250;250|354|250", 3,
        HELLO FROM TO(0) TO(1) TO(2) TEXT FROM TO(1) TO(2) TEXT "QUIT|", "TTT", TALK_DONE},
    {"one by one nobody is named behind it", "220 c|250 c|250|250|452 4.5.3 enough|354|250|250|250|250|354|250", 3,
        HELLO FROM TO(0) TO(1) TEXT FROM TO(1) TO(2) TEXT "QUIT|", "TTT", TALK_DONE},
    {"552 to the second transaction's first means its mailbox", OFFER("") "250;250;552 5.2.2 full|354|250|250;552 5.2.2 full;554 nobody", 2,
        HELLO FROM TO(0) TO(1) TEXT FROM TO(1) "DATA|QUIT|", "TR", TALK_DONE},
    {"452 of another kind comes later", OFFER("") "250;250;452 4.2.2 full|354|250", 2,
        HELLO FROM TO(0) TO(1) TEXT "QUIT|", "TL", TALK_DONE},
    {"it breaks in the second: only that is open", OFFER("RCPTMAX=1") "250;250|354|250|250;250", 2,
        HELLO FROM TO(0) TEXT FROM TO(1) "DATA|", "TO", TALK_CUT},
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

static void test_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fake_client fake;
        fake_client_begin(&fake, fake_mail("hi\n", rows[i].count), TLS_IF_OFFERED);
        fake_client_play(&fake, rows[i].says);
        if (strcmp(fake_client_said(&fake), rows[i].said) != 0)
            fail_msg("%s: said \"%s\"", rows[i].name, fake_client_said(&fake));
        if (strcmp(fates(fake.talk.mail), rows[i].fates) != 0)
            fail_msg("%s: fates %s, not %s", rows[i].name, fates(fake.talk.mail), rows[i].fates);
        if (fake.talk.end != rows[i].end)
            fail_msg("%s: ended as %d", rows[i].name, (int)fake.talk.end);
        fake_client_end(&fake);
    }
}

static void test_domains_of_a_connection(void **state)
{
    static const char *const addresses[] = {"a@c.test", "b@D.test", "c@d.test", "d@e.test"};
    struct fake_client fake;

    (void)state;
    fake_client_begin(&fake, fake_mail("hi\n", COUNT_OF(addresses)), TLS_IF_OFFERED);
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        free(fake.talk.mail->recipients[i].address);
        fake.talk.mail->recipients[i].address = must_dup(addresses[i]);
    }
    fake_client_play(&fake, OFFER("RCPTDOMAINMAX=2") "250;250;250;250|354|250");
    assert_text(fates(fake.talk.mail), "TTTO");
    assert_int_equal(fake.talk.end, TALK_DONE);
    assert_non_null(strstr(fake_client_said(&fake), "RCPT TO:<c@d.test>|" TEXT "QUIT|"));
    fake_client_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_domains_of_a_connection),
    };
    return cmocka_run_group_tests_name("smtp client room", tests, NULL, NULL);
}
