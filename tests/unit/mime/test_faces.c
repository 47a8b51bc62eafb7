#include "faces.h"
#include "memory.h"
#include "test.h"

static struct err err;

/* "outer|inner+body", CRLF as LF. */
static char *faces_of(const char *lf)
{
    scoped_value(bytes) mail = {0}, shown = {0};
    scoped_value(mail_faces) faces = {0};

    for (const char *c = lf; *c; c++)
        bytes_add_text(&mail, *c == '\n' ? "\r\n" : (char[]){*c, 0});
    scoped(source) source = source_of_slice(bytes_slice(&mail));
    assert_true(mail_faces_of(source, &faces, &err));
    bytes_add(&shown, bytes_slice(&faces.outer));
    bytes_add_char(&shown, '|');
    bytes_add(&shown, bytes_slice(&faces.inner));
    bytes_add(&shown, slice_from(bytes_slice(&mail), (size_t)faces.body));
    size_t kept = 0;
    for (size_t i = 0; i < shown.len; i++)
        if (shown.at[i] != '\r')
            shown.at[kept++] = shown.at[i];
    bytes_cut(&shown, kept);
    return bytes_take(&shown);
}

#define MARK ";\n hp=\"cipher\"; protected-headers=\"v1\""
#define MARKS MARK "\n\n"

static void each_field_has_its_place(void **state)
{
    static const struct {
        const char *name, *mail, *faces;
    } rows[] = {
        {"the usual",
         "Received: from a\n by b\nFrom: bob@x.test\nTo: alice@y.test\nSubject: secret\nX-Mailer: "
         "m\n"
         "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: "
         "8bit\n\nhello\n",                                                                                                    "Received: from a\n by b\nFrom: bob@x.test\nTo: alice@y.test\nSubject: [...]\n|"
         "From: bob@x.test\nTo: alice@y.test\nSubject: secret\nX-Mailer: m\nMIME-Version: 1.0\n"
         "Content-Transfer-Encoding: 8bit\nHP-Outer: From: bob@x.test\nHP-Outer: To: alice@y.test\n"
         "HP-Outer: Subject: [...]\nContent-Type: text/plain" MARK "; charset=utf-8\n\nhello\n"                                                                               },
        {"threads stay",                               "Message-ID: <2@x>\nIn-Reply-To: <1@x>\nReferences: <0@x>\n <1@x>\n\n",
         "Message-ID: <2@x>\nIn-Reply-To: <1@x>\nReferences: <0@x>\n <1@x>\n|"
         "Message-ID: <2@x>\nIn-Reply-To: <1@x>\nReferences: <0@x>\n <1@x>\n"
         "HP-Outer: Message-ID: <2@x>\nHP-Outer: In-Reply-To: <1@x>\nHP-Outer: References: <0@x>\n "
         "<1@x>\n"
         "Content-Type: text/plain" MARKS                                                                                                                                                                },
        {"names go inside",
         "From: \"Bob, the b\" <bob@x.test>\nTo: us: =?utf-8?Q?A?= <a@y.test>,\n (b) c@y.test;\n\n",                           "From: bob@x.test\nTo: a@y.test,\n c@y.test\n|"
         "From: \"Bob, the b\" <bob@x.test>\nTo: us: =?utf-8?Q?A?= <a@y.test>,\n (b) c@y.test;\n"
         "HP-Outer: From: bob@x.test\nHP-Outer: To: a@y.test,\n c@y.test\nContent-Type: "
         "text/plain" MARKS                                                                          },
        {"nobody is named outside who has no address",
         "From: Bob\nTo: undisclosed-recipients:;\n\n",                                                                        "|From: Bob\nTo: undisclosed-recipients:;\nContent-Type: text/plain" MARKS},
        {"nothing is said in the name of ours",        "HP-Outer: Subject: harmless\nSubject: secret\n\n",
         "Subject: [...]\n|Subject: secret\nHP-Outer: Subject: [...]\nContent-Type: "
         "text/plain" MARKS                                                                                                                                                                              },
        {"marks of others go",
         "Content-Type: multipart/mixed; hp=\"clear\";\n boundary=\"a;hp=b\"; "
         "Protected-Headers=v1; x=y\n\n",                                                                                      "|Content-Type: multipart/mixed" MARK ";\n boundary=\"a;hp=b\"; x=y\n\n"  },
        {"a type that is none",                        "Content-Type: text\n\nhello",
         "|Content-Type: text/plain" MARKS "hello"                                                                                                                                                       },
        {"a header alone",                             "Subject: secret\n",
         "Subject: [...]\n|Subject: secret\nHP-Outer: Subject: [...]\nContent-Type: "
         "text/plain" MARKS                                                                                                                                                                              },
        {"no header, and a text like one",             "\nFrom: me\n\nhello",
         "|Content-Type: text/plain" MARKS "\nFrom: me\n\nhello"                                                                                                                                         },
        {"no header",                                  "\nhello",                                                              "|Content-Type: text/plain" MARKS "\nhello"                               },
        {"nothing",                                    "",                                                                     "|Content-Type: text/plain" MARKS                                         },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *faces = faces_of(rows[i].mail);
        if (strcmp(faces, rows[i].faces) != 0)
            fail_msg("%s:\n%s\nis not\n%s", rows[i].name, faces, rows[i].faces);
    }
}

static void addresses_stand_bare(void **state)
{
    static const struct {
        const char *field, *bare;
    } rows[] = {
        {"bob@x.test",                            "bob@x.test"                          },
        {" Bob <bob@x.test> ",                    "bob@x.test"                          },
        {"<@relay,@other:bob@x.test>",            "@relay,@other:bob@x.test"            },
        {"bob@x.test (Bob (at) home)",            "bob@x.test"                          },
        {"(bob@y.test) Bob\r\n\t<bob@x.test>",    "bob@x.test"                          },
        {"\"bob@y.test\" <bob@x.test>",           "bob@x.test"                          },
        {"\"a\\\"b@y.test\" <bob@x.test>",        "bob@x.test"                          },
        {"\"bob.b\"@x.test",                      "\"bob.b\"@x.test"                    },
        {"<\"bob b\"@x.test>",                    "\"bob b\"@x.test"                    },
        {"a@x.test, B <b@x.test>;c@x.test,,",     "a@x.test,\r\n b@x.test,\r\n c@x.test"},
        {"Secret words bob@x.test more words",    "bob@x.test"                          },
        {"Secret words <Secret words bob@x.test", NULL                                  },
        {"\"never closed <bob@x.test>",           NULL                                  },
        {"(never closed bob@x.test",              NULL                                  },
        {"Bob",                                   NULL                                  },
        {"<>",                                    NULL                                  },
        {"@x.test, bob@",                         NULL                                  },
        {"",                                      NULL                                  },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *bare = mail_bare_addresses(slice_of(rows[i].field));
        if (!bare != !rows[i].bare || (bare && strcmp(bare, rows[i].bare) != 0))
            fail_msg("%s: %s", rows[i].field, bare ? bare : "(none)");
    }
}

static void a_header_without_end_goes_inside_whole(void **state)
{
    scoped_value(bytes) mail = {0};
    scoped_value(mail_faces) faces = {0};

    (void)state;
    bytes_add_text(&mail, "Subject: secret\r\n");
    for (int i = 0; i < 30000; i++)
        bytes_add_text(&mail, "X-Field: 0123456789\r\n");
    scoped(source) source = source_of_slice(bytes_slice(&mail));
    assert_true(mail_faces_of(source, &faces, &err));
    assert_int_equal(faces.body, 0);
    assert_int_equal(faces.outer.len, 0);
}

static enum mail_claims claims_of(const char *text, struct bytes *out_part)
{
    enum mail_claims claims;
    scoped(mail) mail = NULL;
    scoped(source) part = NULL;
    scoped(source) source = source_of_slice(slice_of(text));

    assert_true(mail_parse(source, &mail, &err));
    assert_true(mail_claims_encryption(mail, &claims, &part, &err));
    if (part)
        assert_true(source_read_all(part, 1000, out_part, &err));
    return claims;
}

#define TOP                                                                                        \
    "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n"
#define FIRST "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n\n"
#define SECOND "--b\nContent-Type: application/octet-stream\n\narmor\n"
#define END "--b--\n"

static void only_the_one_shape_claims_to_be_encrypted(void **state)
{
    static const struct {
        const char *name, *mail;
        enum mail_claims claims;
        const char *part;
    } rows[] = {
        {"PGP/MIME",                   TOP FIRST SECOND END,                                     MAIL_CLAIMS_OPENPGP, "armor" },
        {"with the usual words",
         TOP "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n" FIRST SECOND END,
         MAIL_CLAIMS_OPENPGP,                                                                                         "armor" },
        {"words before",               TOP "Hello Alice\n" FIRST SECOND END,                     MAIL_CLAIMS_NOTHING, ""      },
        {"words behind",               TOP FIRST SECOND END "Hello Alice\n",                     MAIL_CLAIMS_NOTHING, ""      },
        {"a third part",               TOP FIRST SECOND SECOND END,                              MAIL_CLAIMS_NOTHING, ""      },
        {"one part",                   TOP FIRST END,                                            MAIL_CLAIMS_NOTHING, ""      },
        {"the parts exchanged",        TOP SECOND FIRST END,                                     MAIL_CLAIMS_NOTHING, ""      },
        {"a letter in the first part",
         TOP "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n"
             "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
             "567890\n"
             "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
             "567890\n"
             "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"
             "567890\n" SECOND END,
         MAIL_CLAIMS_NOTHING,                                                                                         ""      },
        {"armor in base64",
         TOP FIRST "--b\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: "
                   "base64\n\narmor\n" END,
         MAIL_CLAIMS_NOTHING,                                                                                         ""      },
        {"another protocol",
         "Content-Type: multipart/encrypted; protocol=\"x/y\"; boundary=b\n\n" FIRST SECOND END,
         MAIL_CLAIMS_NOTHING,                                                                                         ""      },
        {"two types",                  "Content-Type: text/plain\n" TOP FIRST SECOND END,        MAIL_CLAIMS_NOTHING, ""      },
        {"S/MIME",
         "Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nAAAA\n",    MAIL_CLAIMS_CMS,     "AAAA\n"},
        {"S/MIME as it is",            "Content-Type: application/pkcs7-mime\n\nAAAA\n",         MAIL_CLAIMS_NOTHING,
         ""                                                                                                                   },
        {"armor in the text",          "Subject: x\n\n-----BEGIN PGP MESSAGE-----\n",            MAIL_CLAIMS_NOTHING,
         ""                                                                                                                   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) part = {0};
        enum mail_claims claims = claims_of(rows[i].mail, &part);
        if (claims != rows[i].claims || !slice_is(bytes_slice(&part), rows[i].part))
            fail_msg("%s: %d \"%s\"", rows[i].name, (int)claims, part.at ? part.at : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_has_its_place),
        cmocka_unit_test(addresses_stand_bare),
        cmocka_unit_test(a_header_without_end_goes_inside_whole),
        cmocka_unit_test(only_the_one_shape_claims_to_be_encrypted),
    };

    mime_set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
