/* What a mail asks for beside its addresses, and how many go over one connection. */
#include "test.h"

#include "fake_client.h"
#include "memory.h"

#define BARE "250 c.test"
#define FROM "MAIL FROM:<alice@home.test>"
#define TO0 "RCPT TO:<r0@c.test>|"
#define BEGIN(fake, text, count)                                                                   \
    struct fake_client fake;                                                                       \
    fake_client_begin(&(fake), fake_mail(text, count), TLS_IF_OFFERED)

/* RFC 3461: what the author asked goes on, and only to who offers it. */
static void test_wishes_for_reports(void **state)
{
    static const struct {
        const char *name, *offers;
        enum dsn_return ret;
        unsigned notify;
        bool ids;
        const char *mail, *rcpt;
    } cases[] = {
        {"nothing asked",       "250-c;250 DSN", DSN_RETURN_UNSAID,  0,                false, FROM "|", TO0                                },
        {"not offered",         "250 c",         DSN_RETURN_FULL,    DSN_NOTIFY_NEVER, true,  FROM "|", TO0                                },
        {"header alone, never", "250-c;250 DSN", DSN_RETURN_HEADERS, DSN_NOTIFY_NEVER, false,
         FROM " RET=HDRS|",                                                                             "RCPT TO:<r0@c.test> NOTIFY=NEVER|"},
        {"all of it",           "250-c;250 DSN", DSN_RETURN_FULL,
         DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY,                   true,
         FROM " RET=FULL ENVID=Q+2B1|",
         "RCPT TO:<r0@c.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;r0+2B@c.test|"                                                     },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        BEGIN(fake, "hi\n", 1);
        struct out_mail *mail = fake.talk.mail;
        mail->terms.dsn_return = cases[i].ret;
        mail->recipients[0].wish.notify = cases[i].notify;
        mail->terms.envid = cases[i].ids ? must_dup("Q+2B1") : NULL;
        mail->recipients[0].wish.orcpt = cases[i].ids ? must_dup("rfc822;r0+2B@c.test") : NULL;
        scoped_text char *says = must_print("220 c|%s|250|250|354|250", cases[i].offers);
        fake_client_play(&fake, says);
        if (!strstr(fake_client_said(&fake), cases[i].mail) ||
            !strstr(fake_client_said(&fake), cases[i].rcpt))
            fail_msg("%s: said \"%s\"", cases[i].name, fake_client_said(&fake));
        assert_int_equal(mail->unreporting, strstr(cases[i].offers, "DSN") == NULL);
        fake_client_end(&fake);
    }
}

static void nothing_free(struct errand *errand)
{
    free(errand);
}

/* There is always another mail: the same once more. */
static struct errand *always_more(struct out_talk *talk)
{
    struct errand *errand = must_new(struct errand);

    (void)talk;
    errand->free = nothing_free;
    return errand;
}

static bool always_fits(struct out_talk *talk, struct errand *back)
{
    errand_free(back);
    talk->mail->recipients[0].fate = OUT_OPEN;
    talk->mail->recipients[0].recorded = false;
    return true;
}

static void test_a_hundred_mails_are_enough_for_a_connection(void **state)
{
    scoped_value(bytes) says = {0};

    (void)state;
    bytes_add_text(&says, "220 c|" BARE);
    for (int i = 0; i < 101; i++)
        bytes_add_text(&says, "|250|250|354|250");
    bytes_add_char(&says, '\0');
    BEGIN(fake, "hi\n", 1);
    fake.talk.more = always_more;
    fake.talk.fits = always_fits;
    fake_client_play(&fake, says.at);
    assert_true(fake.over);
    assert_int_equal(fake.recorded, 100);
    assert_int_equal(fake.talk.end, TALK_DONE);
    fake_client_end(&fake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wishes_for_reports),
        cmocka_unit_test(test_a_hundred_mails_are_enough_for_a_connection),
    };
    return cmocka_run_group_tests_name("smtp client terms", tests, NULL, NULL);
}
