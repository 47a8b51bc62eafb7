/* What stands behind the paths of MAIL and RCPT. */
#include "test.h"

#include "memory.h"
#include "parameters.h"

static const struct parameters_offer everything = {.dsn = true, .utf8 = true};
static const struct parameters_offer no_dsn = {.dsn = false};
static const struct parameters_offer ascii = {.dsn = true};

struct row {
    const char *name, *text;
    const struct parameters_offer *offer;
    int code;             /* 0: good */
    const char *expected; /* what was read, or the words */
};

static const struct row mail_rows[] = {
  /* clang-format off */
    {"nothing",                       "",                             &everything, 0,   "size=-1 return=0 envid="},
    {"spaces",                        "   ",                          &everything, 0,   "size=-1 return=0 envid="},
    {"everything at once",            " SIZE=5 BODY=8BITMIME SMTPUTF8 REQUIRETLS AUTH=<> RET=HDRS ENVID=a+2Bb", &everything, 0,
                                      "size=5 eight utf8 tls return=1 envid=a+2Bb"},
    {"any case",                      "size=5 body=8bitmime ret=full", &everything, 0,  "size=5 eight return=2 envid="},
    {"7BIT",                          "BODY=7BIT",                    &everything, 0,   "size=-1 return=0 envid="},
    {"an author in xtext",            "AUTH=e+3Dmc2@example.com",     &everything, 0,   "size=-1 return=0 envid="},
    {"a size beyond all numbers",     "SIZE=99999999999999999999",    &everything, 0,   "size=9223372036854775807 return=0 envid="},
    {"a size with a sign",            "SIZE=-1",                      &everything, 501, "Write SIZE= and a number of octets"},
    {"a size of many digits",         "SIZE=000000000000000000001",   &everything, 501, "Write SIZE="},
    {"no size",                       "SIZE",                         &everything, 501, "Write SIZE="},
    {"an empty size",                 "SIZE=",                        &everything, 501, "Write SIZE="},
    {"BINARYMIME",                    "BODY=BINARYMIME",              &everything, 555, "This is not taken here; write BODY=7BIT or BODY=8BITMIME"},
    {"another body",                  "BODY=9BIT",                    &everything, 501, "Write BODY=7BIT or BODY=8BITMIME"},
    {"SMTPUTF8 with a value",         "SMTPUTF8=1",                   &everything, 501, "Write SMTPUTF8 without a value"},
    {"REQUIRETLS with a value",       "REQUIRETLS=yes",               &everything, 501, "Write REQUIRETLS without a value"},
    {"an author with a space",        "AUTH=a+2",                     &everything, 501, "Write AUTH="},
    {"RET is a choice of two",        "RET=SOME",                     &everything, 501, "Write RET=FULL or RET=HDRS"},
    {"an envelope id of 100 octets",  "ENVID=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", &everything, 0,
                                      "size=-1 return=0 envid=0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"},
    {"an envelope id of 101 octets",  "ENVID=01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890", &everything, 501, "Write ENVID="},
    {"an envelope id, and a mistake", "ENVID=abc RET=NO",             &everything, 501, "Write RET="},
    {"twice",                         "SIZE=1 SIZE=1",                &everything, 501, "Say SIZE once"},
    {"an envelope id twice",          "ENVID=a ENVID=b",              &everything, 501, "Say ENVID once"},
    {"what belongs to RCPT",          "NOTIFY=NEVER",                 &everything, 555, "This parameter was not offered by EHLO"},
    {"unknown",                       "HOLDFOR=60",                   &everything, 555, "This parameter was not offered by EHLO"},
    {"no keyword",                    "=x",                           &everything, 501, "Write each parameter as KEYWORD or KEYWORD=value"},
    {"a keyword with a slash",        "A/B=x",                        &everything, 501, "Write each parameter as"},
    {"DSN where it is not offered",   "RET=FULL",                     &no_dsn,     555, "This parameter was not offered by EHLO"},
    {"an equals sign in a value",     "ENVID=a=b",                    &everything, 501, "Write ENVID="},
    {"not ASCII in a value",          "ENVID=\xc3\xbc",               &ascii,      501, "Write ENVID="},
  /* clang-format on */
};

static const struct row recipient_rows[] = {
  /* clang-format off */
    {"nothing",                       "",                             &everything, 0,   "notify=0 orcpt="},
    {"never",                         "NOTIFY=NEVER",                 &everything, 0,   "notify=1 orcpt="},
    {"a list",                        "notify=success,DELAY",         &everything, 0,   "notify=10 orcpt="},
    {"all three",                     "NOTIFY=FAILURE,DELAY,SUCCESS ORCPT=rfc822;bob+2Bx@c.test", &everything, 0, "notify=14 orcpt=rfc822;bob+2Bx@c.test"},
    {"UTF-8 in its own form",         "ORCPT=utf-8;b\\x{FC}@c.test",  &ascii,      0,   "notify=0 orcpt=utf-8;b\\x{FC}@c.test"},
    {"UTF-8 as it is",                "ORCPT=utf-8;b\xc3\xbc@c.test", &everything, 0,   "notify=0 orcpt=utf-8;b\xc3\xbc@c.test"},
    {"UTF-8 that was not agreed on",  "ORCPT=utf-8;b\xc3\xbc@c.test", &ascii,      501, "Write ORCPT=rfc822; and the address in xtext"},
    {"never, and more",               "NOTIFY=NEVER,DELAY",           &everything, 501, "Write NOTIFY=NEVER, or of SUCCESS,FAILURE,DELAY"},
    {"an empty word",                 "NOTIFY=DELAY,",                &everything, 501, "Write NOTIFY="},
    {"no word",                       "NOTIFY",                       &everything, 501, "Write NOTIFY="},
    {"another word",                  "NOTIFY=SOON",                  &everything, 501, "Write NOTIFY="},
    {"no type",                       "ORCPT=bob@c.test",             &everything, 501, "Write ORCPT="},
    {"an empty type",                 "ORCPT=;bob@c.test",            &everything, 501, "Write ORCPT="},
    {"no address",                    "ORCPT=rfc822;",                &everything, 501, "Write ORCPT="},
    {"a broken escape",               "ORCPT=rfc822;b+4",             &everything, 501, "Write ORCPT="},
    {"an address, and a mistake",     "ORCPT=rfc822;b NOTIFY=X",      &everything, 501, "Write NOTIFY="},
    {"an address twice",              "ORCPT=rfc822;b ORCPT=rfc822;b", &everything, 501, "Say ORCPT once"},
    {"what belongs to MAIL",          "SIZE=1",                       &everything, 555, "This parameter was not offered by EHLO"},
    {"DSN where it is not offered",   "NOTIFY=NEVER",                 &no_dsn,     555, "This parameter was not offered by EHLO"},
  /* clang-format on */
};

static void print_mail(struct bytes *out, const struct mail_parameters *mail)
{
    const struct mail_terms *terms = &mail->terms;

    bytes_print(out, "size=%lld%s%s%s return=%d envid=%s", (long long)mail->size,
                terms->eight_bit ? " eight" : "", terms->utf8 ? " utf8" : "",
                terms->require_tls ? " tls" : "", (int)terms->dsn_return,
                terms->envid ? terms->envid : "");
}

static void check(const struct row *row, bool good, const char *read,
                  const struct parameters_refusal *why)
{
    if (good != (row->code == 0))
        fail_msg("%s: %s", row->name, good ? "taken" : why->words);
    if (!good &&
        (why->code != row->code || strncmp(why->words, row->expected, strlen(row->expected)) != 0))
        fail_msg("%s: %d %s", row->name, why->code, why->words);
    if (good && strcmp(read, row->expected) != 0)
        fail_msg("%s: read as \"%s\"", row->name, read);
}

static void test_of_mail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mail_rows); i++) {
        const struct row *row = &mail_rows[i];
        struct mail_parameters mail;
        struct parameters_refusal why;
        scoped_value(bytes) read = {0};
        bool good = mail_parameters_read(slice_of(row->text), row->offer, &mail, &why);
        print_mail(&read, &mail);
        check(row, good, read.at, &why);
        mail_terms_clear(&mail.terms);
    }
}

static void test_of_rcpt(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(recipient_rows); i++) {
        const struct row *row = &recipient_rows[i];
        struct recipient_terms terms;
        struct parameters_refusal why;
        scoped_value(bytes) read = {0};
        bool good = recipient_parameters_read(slice_of(row->text), row->offer, &terms, &why);
        bytes_print(&read, "notify=%u orcpt=%s", terms.notify, terms.orcpt ? terms.orcpt : "");
        check(row, good, read.at, &why);
        recipient_terms_clear(&terms);
    }
}

static void test_an_original_recipient_is_bounded(void **state)
{
    char text[600] = "ORCPT=rfc822;";
    struct recipient_terms terms;
    struct parameters_refusal why;

    (void)state;
    memset(text + strlen(text), 'a', 500 - strlen("rfc822;"));
    assert_true(recipient_parameters_read(slice_of(text), &everything, &terms, &why));
    recipient_terms_clear(&terms);
    text[strlen(text)] = 'a';
    assert_false(recipient_parameters_read(slice_of(text), &everything, &terms, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_mail),
        cmocka_unit_test(test_of_rcpt),
        cmocka_unit_test(test_an_original_recipient_is_bounded),
    };
    return cmocka_run_group_tests_name("smtp parameters", tests, NULL, NULL);
}
