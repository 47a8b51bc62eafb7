/* A mail taken apart: fields, tree, texts, exact octets, limits. */
#include "opened.h"

static void fields_are_decoded(void **state)
{
    static const struct {
        const char *name, *mail, *field, *expected;
    } rows[] = {
        {"a plain field",                                 "Subject: Hello\r\n\r\n",                                             "subject", "Hello"              },
        {"a folded one",                                  "Subject: Hello\r\n  you\r\n\r\n",                                    "Subject", "Hello  you"         },
        {"with LF alone",                                 "Subject: Hello\n\tyou\n\n",                                          "Subject", "Hello you"          },
        {"encoded words",                                 "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?= =?iso-8859-1?B?9Nb8?=\r\n\r\n",
         "Subject",                                                                                                                        "GrüßeôÖü"      },
        {"marks that turn the line around",
         "Subject: =?utf-8?Q?Pay_=E2=80=AEgro.elpmaxe=E2=80=AC_=E2=81=A6now=E2=81=A9?=\r\n\r\n",                                "Subject", "Pay gro.elpmaxe now"},
        {"the same in raw UTF-8",
         "Subject: \xE2\x80\xAE"
         "yaP\xE2\x80\x8F \xD8\x9C\xE2\x81\xA7now\r\n\r\n",                                                                     "Subject", "yaP now"            },
        {"raw UTF-8",                                     "Subject: Grüße\r\n\r\n",                                           "Subject", "Grüße"            },
        {"raw Latin-1",
         "Subject: Gr\xFC\xDF"
         "e\r\n\r\n",                                                                                                           "Subject", "Grüße"            },
        {"line ends cannot be smuggled in encoded words",
         "Subject: =?utf-8?Q?a=0D=0ABcc:_x?=\r\n\r\n",                                                                          "Subject", "a Bcc: x"           },
        {"padded words one after the other",
         "Subject: =?utf-8?B?YQ==?= =?utf-8?B?Yg==?=\r\n =?utf-8?B?Yw==?=\r\n\r\n",                                             "Subject",
         "abc"                                                                                                                                                  },
        {"a letter torn between two words",               "Subject: =?utf-8?Q?=C3?= =?utf-8?Q?=BC?=\r\n\r\n",
         "Subject",                                                                                                                        "ü"                 },
        {"an unknown character set is read as UTF-8",     "Subject: =?x-unknown?Q?a?=\r\n\r\n",
         "Subject",                                                                                                                        "a"                  },
        {"a line without a colon is passed over",         "junk\r\n more junk\r\nSubject: a\r\n\r\n",
         "Subject",                                                                                                                        "a"                  },
        {"so is an mbox line",                            "From alice@example.org Sun Nov 22\r\nSubject: a\r\n\r\n",            "Subject",
         "a"                                                                                                                                                    },
        {"blanks before the colon are read",              "Subject : a\r\n\r\n",                                                "Subject", "a"                  },
        {"a header without a body",                       "Subject: a",                                                         "Subject", "a"                  },
        {"an absent one",                                 "Subject: a\r\n\r\nX: b\r\n",                                         "X",       NULL                 },
        {"an empty mail",                                 "",                                                                   "Subject", NULL                 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OPENED o = open_mail(slice_of(rows[i].mail));
        const char *field = mail_field(o.mail, rows[i].field, 0);

        if ((field == NULL) != (rows[i].expected == NULL) ||
            (field && strcmp(field, rows[i].expected) != 0))
            fail_msg("%s: \"%s\"", rows[i].name, field ? field : "(null)");
    }
}

static void repeated_fields_are_counted(void **state)
{
    OPENED o = open_mail(SLICE("Received: a\nX: b\nRECEIVED: c\n\n"));

    (void)state;
    assert_int_equal(mail_field_count(o.mail, "Received"), 2);
    assert_text(mail_field(o.mail, "Received", 1), "c");
    assert_null(mail_field(o.mail, "Received", 2));
}

static void texts_are_decoded(void **state)
{
    static const struct {
        const char *name, *mail, *expected;
    } rows[] = {
        {"no header at all is text",         "\r\nHello\r\nyou\r\n",                                                "Hello\nyou\n"    },
        {"quoted-printable",
         "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
         "quoted-printable\n\nGr=C3=BC=C3=9Fe =\nyou\n",                                                            "Grüße you\n"   },
        {"base64",
         "Content-Transfer-Encoding: BASE64\nContent-Type: text/plain; "
         "charset=\"utf-8\"\n\nR3LD\nvMOfZQ==\n",                                                                   "Grüße"         },
        {"Latin-1",                          "Content-Type: text/plain; charset=iso-8859-1\n\n\xFC\n",              "ü\n"            },
        {"windows-1252 called Latin-1",
         "Content-Type: text/plain; charset=iso-8859-1\n\n\x84x\x93\n",                                             "„x“\n"       },
        {"UTF-8 called ASCII",               "Content-Type: text/plain; charset=us-ascii\n\nü\n",                  "ü\n"            },
        {"Japanese with what Windows added",
         "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$BF|-!F|\x1b(I1\x1b(B a\n",                          "日①日ｱ a\n"},
        {"Japanese cut short",               "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$BF|F\nb\n",
         "日\uFFFD\nb\n"                                                                                                             },
        {"Japanese",                         "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$O$$\x1b(B\n",
         "はい\n"                                                                                                                   },
        {"Russian",                          "Content-Type: text/plain; charset=koi8-r\n\n\xC4\xC1\n",              "да\n"          },
        {"UTF-16 by base64",
         "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: "
         "base64\n\nYQDkAA==\n",                                                                                    "aä"             },
        {"what no set knows",
         "Content-Type: text/plain; charset=euc-jp\n\na\xFF"
         "b\n",                                                                                                     "a\xEF\xBF\xBD"
         "b\n"                                                                                                         },
        {"an unknown set that is UTF-8",     "Content-Type: text/plain; charset=x-foo\n\nü\n",                     "ü\n"            },
        {"broken UTF-8",                     "Content-Type: text/plain; charset=utf-8\n\na\xFF\xC3\n",
         "a\xEF\xBF\xBD\xEF\xBF\xBD\n"                                                                                                },
        {"controls",
         "\na\x01"
         "b\x7f"
         "c\td\r"
         "e\n",                                                                                                     "abc\td\ne\n"     },
        {"a broken type is text",            "Content-Type: nonsense\n\na\n",                                       "a\n"             },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OPENED o = open_mail(slice_of(rows[i].mail));
        scoped_value(bytes) text = {0};
        struct err err;

        assert_true(mail_part_text(mail_root(o.mail), 1000, &text, &err));
        if (!slice_is(bytes_slice(&text), rows[i].expected))
            fail_msg("%s: %s", rows[i].name, text.at);
        assert_true(mail_part_is(mail_root(o.mail), "text", "plain"));
    }
}

static void a_part_has_a_description(void **state)
{
    OPENED o = open_mail(
        SLICE("Content-Type: IMAGE/Jpeg; name*0*=utf-8''Caf%C3%A9; name*1=\".jpg\"\r\n"
              "Content-Disposition: attachment; filename=\"=?utf-8?Q?x=2Ejpg?=\"\r\n"
              "Content-ID: <photo@x>\r\nContent-Description: =?utf-8?Q?red_boats?=\r\n\r\nx"));
    struct mail_part *root = mail_root(o.mail);

    (void)state;
    assert_text(mail_part_type(root), "image/jpeg");
    assert_true(mail_part_is(root, "image", "*"));
    assert_false(mail_part_is(root, "text", "*"));
    assert_text(mail_part_parameter(root, "NAME"), "Café.jpg");
    assert_text(mail_part_file_name(root), "x.jpg");
    assert_true(mail_part_is_attachment(root));
    assert_text(mail_part_content_id(root), "photo@x");
    assert_text(mail_part_field(root, "content-description"), "red boats");
    assert_null(mail_part_parameter(root, "charset"));
}

static void an_unknown_character_set_in_a_parameter_is_harmless(void **state)
{
    OPENED o = open_mail(
        SLICE("Content-Type: text/plain; name*=x-unknown'en'a%20b; format=flowed; DelSp=Yes\n\n"));

    (void)state;
    assert_text(mail_part_parameter(mail_root(o.mail), "format"), "flowed");
    assert_text(mail_part_parameter(mail_root(o.mail), "delsp"), "Yes");
}

/* The tree as type(children) and the exact octets of one part, named by its path. */
static void draw(struct mail_part *part, struct bytes *out)
{
    bytes_add_text(out, mail_part_type(part));
    if (mail_part_count(part) == 0)
        return;
    bytes_add_char(out, '(');
    for (size_t i = 0; i < mail_part_count(part); i++) {
        bytes_add_text(out, i ? "," : "");
        draw(mail_part_child(part, i), out);
    }
    bytes_add_char(out, ')');
}

static struct mail_part *walk(struct mail *mail, const char *path)
{
    struct mail_part *part = mail_root(mail);

    for (; part && *path; path++)
        part = mail_part_child(part, (size_t)(*path - '1'));
    return part;
}

static void parts_keep_their_exact_octets(void **state)
{
    static const struct {
        const char *name, *mail, *tree, *path, *exact;
    } rows[] = {
        {"the line end before a boundary is not part",
         "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: "
         "text/plain\r\n\r\nHi\r\n\r\n--b\r\n"
         "Content-Type: application/pgp-signature\r\n\r\nx\r\n--b--\r\n",                                                      "multipart/signed(text/plain,application/pgp-signature)",   "1",
         "Content-Type: text/plain\r\n\r\nHi\r\n"                                                                                                                                                                                                    },
        {"preamble and epilogue are nobody's",
         "Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\na\n--b--\nepilogue\n--b\nnot a "
         "part\n",                                                                                                             "multipart/mixed(text/plain)",                              "1",  "\na"                                               },
        {"a multipart in a multipart keeps its boundaries and epilogue",
         "Content-Type: multipart/signed; boundary=out\r\n\r\n--out\r\nContent-Type: "
         "multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\na\r\n--in--\r\n"
         "epilogue\r\n--out\r\n\r\ns\r\n--out--\r\n",                                                                          "multipart/signed(multipart/mixed(text/plain),text/plain)", "1",
         "Content-Type: multipart/mixed; boundary=in\r\n\r\n--in\r\n\r\na\r\n--in--\r\nepilogue"                                                                                                                                                     },
        {"a boundary that begins like another is another",
         "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: "
         "multipart/alternative; boundary=ab\r\n\r\n--ab\r\n\r\nx\r\n--ab--\r\n--a--\r\n",                                     "multipart/mixed(multipart/alternative(text/plain))",       "11", "\r\nx"                                             },
        {"the outer boundary ends an unclosed inner multipart",
         "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/mixed; "
         "boundary=i\r\n\r\n--i\r\n\r\nx\r\n--o\r\n\r\ny\r\n--o--",                                                            "multipart/mixed(multipart/mixed(text/plain),text/plain)",  "11", "\r\nx"                                             },
        {"without a last boundary the part ends with the mail",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\n\na\n",                                                            "multipart/mixed(text/plain)",
         "1",                                                                                                                                                                                    "\na\n"                                             },
        {"blanks behind a boundary are allowed",
         "Content-Type: multipart/mixed; boundary=b\n\n--b \t\n\na\n--b-- \n",                                                 "multipart/mixed(text/plain)",                              "1",  "\na"                                               },
        {"a part may be empty",
         "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n--b\r\n\r\n--b--\r\n",                                       "multipart/mixed(text/plain,text/plain)",                   "1",  ""                                                  },
        {"a part may be a header alone",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n--b--\n",                                 "multipart/mixed(text/html)",                               "1",  "Content-Type: text/html"                           },
        {"a boundary with blanks and quotes",
         "Content-Type: multipart/mixed; boundary=\"a b'()+_,-./:=?\"\n\n--a "
         "b'()+_,-./:=?\n\nx\n--a b'()+_,-./:=?--\n",                                                                          "multipart/mixed(text/plain)",                              "1",  "\nx"                                               },
        {"no boundary parameter, no children",                           "Content-Type: multipart/mixed\n\n--b\n\na\n--b--\n",
         "multipart/mixed",                                                                                                                                                                "",   "Content-Type: multipart/mixed\n\n--b\n\na\n--b--\n"},
        {"a digest holds mails",
         "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\nb\n--b--\n",                                      "multipart/digest(message/rfc822)",                         "1",  "\nSubject: a\n\nb"                                 },
        {"a mail in a mail is a leaf",
         "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; "
         "boundary=b\n\n--b\n\na\n--b--\n",                                                                                    "message/rfc822",                                           "",   NULL                                                },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OPENED o = open_mail(slice_of(rows[i].mail));
        scoped_value(bytes) tree = {0}, octets = {0};
        struct err err;

        draw(mail_root(o.mail), &tree);
        if (!slice_is(bytes_slice(&tree), rows[i].tree))
            fail_msg("%s: %s", rows[i].name, tree.at);
        scoped(source) exact = mail_part_exact(walk(o.mail, rows[i].path));
        assert_true(source_read_all(exact, 10000, &octets, &err));
        if (rows[i].exact && !slice_is(bytes_slice(&octets), rows[i].exact))
            fail_msg("%s: \"%s\"", rows[i].name, octets.at);
    }
}

/* Lines longer than the reader's buffer, their CRLF on every side of its edge. */
static void long_lines_move_no_boundary(void **state)
{
    (void)state;
    for (size_t len = 65400; len < 65700; len++) {
        scoped_value(bytes) mail = {0};

        bytes_add_text(&mail, "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n");
        size_t begin = mail.len - 2;
        memset(bytes_reserve(&mail, 3 * len), '-', 3 * len);
        mail.len += 3 * len;
        size_t end = mail.len;
        bytes_add_text(&mail, "\r\n--b--\r\n");
        OPENED o = open_mail(bytes_slice(&mail));
        assert_int_equal(mail_part_count(mail_root(o.mail)), 1);
        scoped(source) exact = mail_part_exact(mail_part_child(mail_root(o.mail), 0));
        assert_int_equal(exact->size, end - begin);
    }
}

static void a_part_can_be_a_mail(void **state)
{
    static const char text[] =
        "Subject: outer\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain; protected-headers=\"v1\"\r\nSubject: inner\r\nTo: "
        "public@example.org\r\n\r\nHi\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: embedded\r\n\r\nHo\r\n"
        "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: "
        "base64\r\n\r\nU3ViamVjdDogY29kZWQNCg0KSGE=\r\n--b--\r\n";
    static const struct {
        size_t child;
        const char *subject, *text;
    } rows[] = {
        {0, "inner",    "Hi"},
        {1, "embedded", "Ho"},
        {2, "coded",    "Ha"}
    };
    OPENED o = open_mail(slice_of(text));

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped(mail) inner = NULL;
        scoped_value(bytes) body = {0};
        struct err err;

        assert_true(mail_of_part(mail_part_child(mail_root(o.mail), rows[i].child), &inner, &err));
        assert_text(mail_field(inner, "Subject", 0), rows[i].subject);
        assert_true(mail_part_text(mail_root(inner), 100, &body, &err));
        assert_text(body.at, rows[i].text);
    }
}

struct slow_source { /* gives one octet at a time, and fails at `fails_at` */
    struct source source;
    struct slice text;
    int64_t fails_at;
};

static bool read_slowly(struct source *source, int64_t offset, char *into, size_t capacity,
                        size_t *out_len, struct err *err)
{
    struct slow_source *slow = container_of(source, struct slow_source, source);

    if (offset >= slow->fails_at)
        return err_set(err, ERR_TEMPORARY, "The disk is gone");
    *out_len = capacity > 0 && (size_t)offset < slow->text.len;
    if (*out_len)
        into[0] = slow->text.at[offset];
    return true;
}

static void keep_source(struct source *source)
{
    (void)source;
}

static void a_source_may_be_slow_or_fail(void **state)
{
    static const struct source_kind kind = {read_slowly, keep_source};
    static const char text[] =
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHi\r\n--b--\r\n";
    struct slow_source slow = {
        .source = {&kind, sizeof text - 1},
          .text = slice_of(text)
    };

    (void)state;
    for (slow.fails_at = 0; slow.fails_at <= slow.source.size + 1; slow.fails_at++) {
        scoped(mail) mail = NULL;
        scoped_value(bytes) body = {0};
        struct err err = {0};

        if (slow.fails_at <= slow.source.size) {
            assert_false(mail_parse(&slow.source, &mail, &err));
            assert_int_equal(err.kind, ERR_TEMPORARY);
            continue;
        }
        assert_true(mail_parse(&slow.source, &mail, &err));
        assert_true(mail_part_text(walk(mail, "1"), 10, &body, &err));
        assert_text(body.at, "Hi");
        slow.fails_at = 0;
        assert_false(mail_part_text(walk(mail, "1"), 10, &body, &err));
        assert_int_equal(err.kind, ERR_TEMPORARY);
        return;
    }
    fail();
}

static void expect_malformed(struct bytes *text)
{
    scoped(source) source = source_of_bytes(text);
    struct mail *mail = NULL;
    struct err err = {0};

    assert_false(mail_parse(source, &mail, &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
}

static void limits_hold(void **state)
{
    struct bytes parts = {0}, depth = {0}, header = {0}, fields = {0}, headers = {0};

    (void)state;
    bytes_add_text(&parts, "Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 100; i++)
        bytes_add_text(&parts, "--b\n\nx\n");
    expect_malformed(&parts);
    for (int i = 0; i < 21; i++)
        bytes_print(&depth, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    expect_malformed(&depth);
    bytes_add_text(&header, "Subject: ");
    memset(bytes_reserve(&header, 300000), 'x', 300000);
    header.len += 300000;
    expect_malformed(&header);
    for (int i = 0; i < 2001; i++)
        bytes_add_text(&fields, "a:b\n");
    expect_malformed(&fields);
    bytes_add_text(&headers, "Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 90; i++) {
        bytes_add_text(&headers, "--b\nX: ");
        memset(bytes_reserve(&headers, 4000), 'x', 4000);
        headers.len += 4000;
        bytes_add_text(&headers, "\n\n");
    }
    expect_malformed(&headers);
}

static void a_part_too_long_is_said_so(void **state)
{
    OPENED o = open_mail(SLICE("\n12345678901"));
    scoped_value(bytes) out = {0};
    struct err err = {0};

    (void)state;
    assert_true(mail_part_content(mail_root(o.mail), 11, &out, &err));
    assert_false(mail_part_content(mail_root(o.mail), 10, &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_decoded),
        cmocka_unit_test(repeated_fields_are_counted),
        cmocka_unit_test(texts_are_decoded),
        cmocka_unit_test(a_part_has_a_description),
        cmocka_unit_test(an_unknown_character_set_in_a_parameter_is_harmless),
        cmocka_unit_test(parts_keep_their_exact_octets),
        cmocka_unit_test(long_lines_move_no_boundary),
        cmocka_unit_test(a_part_can_be_a_mail),
        cmocka_unit_test(a_source_may_be_slow_or_fail),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_part_too_long_is_said_so),
    };

    mime_set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
