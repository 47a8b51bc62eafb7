/* What comes from other servers: mboxes, lists of Mastodon's, names of files in a Maildir. */
#include "test.h"

#include "csv.h"
#include "import_files.h"
#include "import_name.h"
#include "mbox.h"
#include "store_mailbox.h"

/* ---- mbox ---- */
static bool note_mail(void *ctx, const struct mbox_mail *mail, struct err *err)
{
    (void)err;
    bytes_print(ctx, "[%lld %s%s|%.*s]", (long long)mail->date_ms, mail->flags,
                mail->too_large ? " too large" : "", SLICE_ARGS(mail->content));
    return true;
}

static bool read_mbox(struct slice text, size_t step, struct bytes *out)
{
    struct mbox mbox = {.take = note_mail, .ctx = out, .max_bytes = 200};
    struct err err = {0};
    bool good = true;

    while (good && text.len > 0) {
        struct slice some = slice_first(text, step);
        good = mbox_read(&mbox, some, &err);
        text = slice_from(text, some.len);
    }
    good = good && mbox_end(&mbox, &err);
    mbox_clear(&mbox);
    return good;
}

static void mails_of_an_mbox(void **state)
{
    static const struct {
        const char *name, *text, *mails; /* NULL: it is none */
    } rows[] = {
        {"two",
         "From a@b Sun Nov 22 08:30:00 2026\nSubject: 1\n\nx\n\nFrom c Sun Nov  8 08:30:00 "
         "2026\n\ny\n",                                                                                             "[1795336200000 |Subject: 1\n\nx\n][1794126600000 |\ny\n]"},
        {"From in a line is no mail",              "From a Sun Nov 22 08:30:00 2026\n\nx\nFrom here on\n",
         "[1795336200000 |\nx\nFrom here on\n]"                                                                                                                               },
        {"a quoted From",                          "From a x\n\n>From b\n>>From c\n> From d\n",
         "[0 |\nFrom b\n>From c\n> From d\n]"                                                                                                                                 },
        {"CRLF",                                   "From a x\r\nA: b\r\n\r\nx\r\n\r\nFrom b Jan 1:00\r\n\r\ny\r\n",
         "[0 |A: b\r\n\r\nx\r\n][0 |\r\ny\r\n]"                                                                                                                               },
        {"flags",                                  "From a x\nStatus: RO\nX-Status: AFTD\n\nStatus: x\n",
         "[0 DFRST|Status: RO\nX-Status: AFTD\n\nStatus: x\n]"                                                                                                                },
        {"a header without a body",                "From a x\nStatus: O",                                           "[0 |Status: O]"                                          },
        {"a mail of nothing",                      "From a x\n\nFrom b Jan 1:00\nA: b\n",                           "[0 |][0 |A: b\n]"                                        },
        {"Thunderbird: seen, answered, gone",      "From - x\nX-Mozilla-Status: 000b\n",
         "[0 RST|X-Mozilla-Status: 000b\n]"                                                                                                                                   },
        {"Thunderbird: flagged, answered",         "From - x\nX-Mozilla-Status: 0006\n",
         "[0 FR|X-Mozilla-Status: 0006\n]"                                                                                                                                    },
        {"Thunderbird: nothing",                   "From - x\nX-Mozilla-Status: 1x\n",                              "[0 |X-Mozilla-Status: 1x\n]"                             },
        {"From in a text",                         "From a Jan 1:00\n\nFrom here\n\nFrom May\n\nFrom 9:30\n",
         "[0 |\nFrom here\n\nFrom May\n\nFrom 9:30\n]"                                                                                                                        },
        {"a mark of another form",                 "From a Jan 1:00\n\nx\n\nFrom b 2 Jan 15:04\n\n",
         "[0 |\nx\n][0 |]"                                                                                                                                                    },
        {"marks without dates",                    "From a\n\nx\n\nFrom b\n\n",                                     "[0 |\nx\n][0 |]"                                         },
        {"a mark without a date among dated ones",
         "From a Jan 1:00\n\nx\n\nFrom b\nTo: b\n\ny\n\nFrom c Jan 1:00\n\nz\n",                                    "[0 |\nx\n][0 |To: b\n\ny\n][0 |\nz\n]"                   },
        {"one behind a sentence that begins so",
         "From a Jan 1:00\n\nFrom here\n\nFrom b\nto: b\nA: b\n\ny\n",                                              "[0 |\nFrom here\n][0 |to: b\nA: b\n\ny\n]"               },
        {"a sentence above an address of the Web",
         "From a Jan 1:00\n\nFrom here\nhttps://x\n\nFrom there",                                                   "[0 |\nFrom here\nhttps://x\n\nFrom there]"               },
        {"a field of nothing, CRLF",
         "From a Jan 1:00\r\n\r\nx\r\n\r\nFrom b\r\nSubject:\r\n\r\ny\r\n",                                         "[0 |\r\nx\r\n][0 |Subject:\r\n\r\ny\r\n]"                },
        {"a field below a sentence amid a text",   "From a Jan 1:00\n\nx\nFrom b\nTo: b\nA: b\n",
         "[0 |\nx\nFrom b\nTo: b\nA: b\n]"                                                                                                                                    },
        {"a sentence above a note",                "From a Jan 1:00\n\nFrom what I saw:\nNote: the key\n\nx\n",
         "[0 |\nFrom what I saw:\nNote: the key\n\nx\n]"                                                                                                                      },
        {"a sentence above what reads as a field",
         "From a Jan 1:00\n\nFrom what I saw:\nSubject: the\nkey\n\nx\n",                                           "[0 |\nFrom what I saw:\nSubject: the\nkey\n\nx\n]"       },
        {"and behind it the end",                  "From a Jan 1:00\n\nFrom what I saw:\nSubject: the\n",
         "[0 |\nFrom what I saw:\nSubject: the\n]"                                                                                                                            },
        {"amid its line the end",                  "From a Jan 1:00\n\nFrom what I saw:\nSubject: t",
         "[0 |\nFrom what I saw:\nSubject: t]"                                                                                                                                },
        {"a sentence, and a mark behind it",
         "From a Jan 1:00\n\nFrom b:\nTo: b\nx\n\nFrom c\nX-A: b\n\tc\n",                                           "[0 |\nFrom b:\nTo: b\nx\n][0 |X-A: b\n\tc\n]"            },
        {"a sentence, and a mark with a date",
         "From a Jan 1:00\n\nFrom b:\n\nFrom c Jan 1:00\nA: b\n",                                                   "[0 |\nFrom b:\n][0 |A: b\n]"                             },
        {"a zone",                                 "From 12@x Sun Nov 22 09:30:00 +0100 2026\nA: b\n",              "[1795336200000 |A: b\n]"                                 },
        {"a mail",                                 "Subject: 1\n\nx\n",                                             NULL                                                      },
        {"nothing",                                "",                                                              NULL                                                      },
        {"empty lines",                            "\n\n",                                                          NULL                                                      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (size_t step = 1; step < 80; step++) {
            scoped_value(bytes) mails = {0};
            bool good = read_mbox(slice_of(rows[i].text), step, &mails);
            if (good != (rows[i].mails != NULL) ||
                (good && !slice_is(bytes_slice(&mails), rows[i].mails)))
                fail_msg("%s, by %zu: %s", rows[i].name, step, mails.at ? mails.at : "");
        }
}

static void a_mail_too_large_is_passed_over(void **state)
{
    scoped_value(bytes) text = {0};

    (void)state;
    bytes_add_text(&text, "From a x\n\n");
    for (int i = 0; i < 5000; i++)
        bytes_add_char(&text, 'x'); /* one line */
    bytes_add_text(&text, "\n\nFrom b Jan 1:00\n\ny\n");
    for (size_t step = 1; step < 7000; step = step * 2 + 1) {
        scoped_value(bytes) mails = {0};
        assert_true(read_mbox(bytes_slice(&text), step, &mails));
        assert_non_null(strstr(mails.at, "[0  too large|"));
        assert_non_null(strstr(mails.at, "][0 |\ny\n]"));
    }
}

/* Nor do such lines have to be held: a field of thousands of octets is one by its beginning. */
static void a_long_field_below_a_mark(void **state)
{
    static const char *const above[] = {"From b\n", "From b\nTo: c\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(above); i++) {
        scoped_value(bytes) text = {0};
        bytes_print(&text, "From a Jan 1:00\n\nx\n\n%sReceived: ", above[i]);
        for (int octet = 0; octet < 5000; octet++)
            bytes_add_char(&text, 'x');
        bytes_add_text(&text, "\n\ny\n\nFrom c Jan 1:00\n\nz\n");
        for (size_t step = 1; step < 7000; step = step * 2 + 1) {
            scoped_value(bytes) mails = {0};
            assert_true(read_mbox(bytes_slice(&text), step, &mails));
            assert_text(mails.at, "[0 |\nx\n][0  too large|][0 |\nz\n]");
        }
    }
}

/* ---- lists ---- */
static void first_columns(void **state)
{
    static const char text[] = "Account address,Show boosts\r\nbob@a.example,true,\"a, b\"\n\n"
                               " carol@b.example \n\"d\"\"e\",x\n\"two\nlines\",x\n,empty\nlast";
    static const struct {
        const char *who;
        int64_t line;
    } rows[] = {
        {"Account address", 1},
        {"bob@a.example",   2},
        {"carol@b.example", 4},
        {"d\"e",            5},
        {"two\nlines",      7},
        {"last",            9},
    };
    struct slice rest = slice_of(text);
    scoped_value(bytes) who = {0};
    int64_t line = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(csv_first_column(&rest, &who, &line));
        assert_true(slice_is(bytes_slice(&who), rows[i].who));
        assert_int_equal(line, rows[i].line);
    }
    assert_false(csv_first_column(&rest, &who, &line));
}

/* ---- names ---- */
static void names_of_a_maildir(void **state)
{
    static const struct {
        const char *name, *mailbox; /* NULL: no mail lies there */
        unsigned flags;
    } rows[] = {
        {"mail/new/17.N3.host",            "INBOX",          0               },
        {"mail/cur/17.N3.host:2,",         "INBOX",          0               },
        {"mail/cur/17.N3.host:2,DFRSTPab", "INBOX",
         FLAG_DRAFT | FLAG_FLAGGED | FLAG_ANSWERED | FLAG_SEEN | FLAG_DELETED},
        {"mail/.Fediverse.Home/new/1",     "Fediverse/Home", 0               },
        {"mail/.S&APw-den/cur/1:2,S",
         "S\xC3\xBC"
         "den",                                              FLAG_SEEN       },
        {"mail/.S\xC3\xBC"
         "den/cur/1:2,S",         "S\xC3\xBC"
         "den",            FLAG_SEEN       },
        {"mail/tmp/1",                     NULL,             0               },
        {"mail/cur/",                      NULL,             0               },
        {"mail/cur",                       NULL,             0               },
        {"mail/cur/a/b",                   NULL,             0               },
        {"mail/..a/cur/1",                 NULL,             0               },
        {"mail/./cur/1",                   NULL,             0               },
        {"mail/.a/",                       NULL,             0               },
        {"mail/a/cur/1",                   NULL,             0               },
        {"other/cur/1",                    NULL,             0               },
        {"mail/.a%b/cur/1",                NULL,             0               },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) mailbox = {0};
        unsigned flags = 0;
        bool good = import_name(slice_of(rows[i].name), &mailbox, &flags);
        if (good != (rows[i].mailbox != NULL) ||
            (good && (!slice_is(bytes_slice(&mailbox), rows[i].mailbox) || flags != rows[i].flags)))
            fail_msg("%s", rows[i].name);
    }
    assert_int_equal(import_flags(SLICE(IMPORT_MBOX "17:2,FS")), FLAG_FLAGGED | FLAG_SEEN);
    assert_int_equal(import_flags(SLICE(IMPORT_MBOX "17:2,")), 0);
}

static void counts_add_up(void **state)
{
    struct import_counts counts = {1, 2, 3, 4, 5}, more = {10, 20, 30, 40, 50};
    scoped_value(bytes) said = {0};

    (void)state;
    import_counts_say(&more, &said);
    assert_true(import_counts_add(bytes_slice(&said), &counts));
    assert_int_equal(counts.mails, 11);
    assert_int_equal(counts.left, 55);
    assert_false(import_counts_add(SLICE(""), &counts));
    assert_false(import_counts_add(SLICE("1 2 3 4\n"), &counts));
    assert_false(import_counts_add(SLICE("1 2 x 4 5\n"), &counts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mails_of_an_mbox),
        cmocka_unit_test(a_mail_too_large_is_passed_over),
        cmocka_unit_test(a_long_field_below_a_mark),
        cmocka_unit_test(first_columns),
        cmocka_unit_test(names_of_a_maildir),
        cmocka_unit_test(counts_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
