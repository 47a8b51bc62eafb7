/* What IMAP tells of a mail without its text. */
#include "test.h"

#include "structure.h"

struct row {
    const char *name, *mail, *envelope, *structure, *parts;
};

static const struct row rows[] = {
  /* clang-format off */
    {"a plain mail",
     "From: Bob <bob@far.test>\r\nTo: a@b.test, \"C, D\" <c@d.test>\r\nSubject: Hi\r\n"
     "Date: Sun, 22 Nov 2026 08:30:00 +0000\r\nMessage-ID: <1@far.test>\r\n\r\nOne\r\nTwo\r\n",
     "(\"Sun, 22 Nov 2026 08:30:00 +0000\" \"Hi\" ((\"Bob\" NIL \"bob\" \"far.test\"))"
     " ((\"Bob\" NIL \"bob\" \"far.test\")) ((\"Bob\" NIL \"bob\" \"far.test\"))"
     " ((NIL NIL \"a\" \"b.test\")(\"C, D\" NIL \"c\" \"d.test\")) NIL NIL NIL \"<1@far.test>\")",
     "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 10 2 NIL NIL NIL NIL)",
     "0 0 139 149 0 7bit\n1 0 139 149 0 7bit\n"},
    {"names stay encoded, comments and routes go, groups have an end",
     "From: =?utf-8?q?B=C3=B6b?= (he) <@relay.test:bob@far.test>\r\nTo: Team: x@y.test, z@y.test;\r\n\r\n",
     "(NIL NIL ((\"=?utf-8?q?B=C3=B6b?=\" NIL \"bob\" \"far.test\"))"
     " ((\"=?utf-8?q?B=C3=B6b?=\" NIL \"bob\" \"far.test\")) ((\"=?utf-8?q?B=C3=B6b?=\" NIL \"bob\" \"far.test\"))"
     " ((NIL NIL \"Team\" NIL)(NIL NIL \"x\" \"y.test\")(NIL NIL \"z\" \"y.test\")(NIL NIL NIL NIL)) NIL NIL NIL NIL)",
     "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)", NULL},
    {"a mail with a picture",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n\r\nHi\r\n"
     "--x\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n"
     "Content-Disposition: attachment; filename=\"a b.png\"\r\n\r\nAAAA\r\n--x--\r\n",
     NULL,
     "((\"text\" \"plain\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 2 0 NIL NIL NIL NIL)"
     "(\"image\" \"png\" (\"name\" \"a.png\") NIL NIL \"base64\" 4 NIL (\"attachment\" (\"filename\" \"a b.png\")) NIL NIL)"
     " \"mixed\" (\"boundary\" \"x\") NIL NIL NIL)",
     NULL},
    {"a mail in a mail",
     "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
     "Subject: In\r\n\r\nText\r\n--x--\r\n",
     NULL,
     "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 19 (NIL \"In\" NIL NIL NIL NIL NIL NIL NIL NIL)"
     " (\"text\" \"plain\" NIL NIL NIL \"7bit\" 4 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL)"
     " \"mixed\" (\"boundary\" \"x\") NIL NIL NIL)",
     "0 0 45 110 0 7bit\n1.1 82 97 101 0 7bit\n1 50 82 101 97 7bit\n"},
  /* clang-format on */
};

static void each_mail_is_told_as_imap_wants_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        scoped_value(mail_structure) told = {0};
        scoped(source) source = source_of_slice(slice_of(row->mail));
        scoped(mail) mail = NULL;
        struct err err;

        print_message("%s\n", row->name);
        assert_true(mail_parse(source, &mail, &err));
        assert_true(mail_structure_of(mail, &told, &err));
        if (row->envelope)
            assert_string_equal(told.envelope.at, row->envelope);
        assert_string_equal(told.structure.at, row->structure);
        if (row->parts)
            assert_string_equal(told.parts.at, row->parts);
    }
}

static int set_up(void **state)
{
    (void)state;
    mime_set_up();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_mail_is_told_as_imap_wants_it),
    };
    return cmocka_run_group_tests_name("structure", tests, set_up, NULL);
}
