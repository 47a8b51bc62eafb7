/* What a signed mail to the key desk says, and a clear-signed text taken apart (docs/claims.md). */
#include "claim_text.h"
#include "memory.h"
#include "test.h"

#define FPR "0123456789ABCDEF0123456789ABCDEF01234567"
#define WORD "0123456789abcdefghjkmnpqrs"

static const char *const names[] = {"nothing", "claim", "confirm", "abroad", "badly"};

/* "claim user@domain fingerprint word invitation" */
static char *said(const char *text)
{
    struct claim_text read;

    claim_text_read(slice_of(text), &read);
    return must_print("%s %s@%s %s %s %s", names[read.says], read.user, read.domain,
                      read.fingerprint, read.word, read.invitation);
}

static void lines_are_read(void **state)
{
    static const struct {
        const char *name, *text, *said;
    } rows[] = {
        {"the line alone",             "claim una@example.org",                                                "claim una@example.org   "                                        },
        {"among words, with CRLF",     "Good morning,\r\n\r\n  Claim  Una@Example.ORG \r\nUna",
         "claim una@example.org   "                                                                                                                                              },
        {"with its key",               "claim una@example.org KEY 0123456789abcdef0123456789ABCDEF01234567\n",
         "claim una@example.org " FPR "  "                                                                                                                                       },
        {"with an invitation",         "invite 0123456789ABCDEFGHJK\nclaim una@example.org\n",
         "claim una@example.org   0123456789abcdefghjk"                                                                                                                          },
        {"a confirmation",             "confirm " WORD " Example.org\n",                                       "confirm @example.org  " WORD " "                                 },
        {"words about claims",         "I claim una@example.org\nclaim me\nconfirm it\n",                      "nothing @   "                                                    },
        {"a quoted line",              "> claim una@example.org\n",                                            "nothing @   "                                                    },
        {"nothing",                    "",                                                                     "nothing @   "                                                    },
        {"two",                        "claim a@example.org\nclaim b@example.org\n",                           "badly a@example.org   "                                          },
        {"both",                       "claim a@example.org\nconfirm " WORD " example.org\n",                  "badly a@example.org   "                                          },
        {"two invitations",
         "claim a@b.c\ninvite 0123456789abcdefghjk\ninvite 0123456789abcdefghjk\n",                            "badly a@b.c   0123456789abcdefghjk"                              },
        {"words about invitations",    "claim a@b.c\nInvite everybody\ninvite me\n",                           "claim a@b.c   "                                                  },
        {"a domain in other letters",  "claim una@m\xc3\xbcnchen.example\n",                                   "abroad una@m   "                                                 },
        {"and another one",            "claim una@m\xc3\xbcnchen.example\nclaim una@b.c\n",                    "badly una@m   "                                                  },
        {"words behind it",            "claim una@example.org please\n",                                       "badly @   "                                                      },
        {"a short key",                "claim una@example.org key 0123\n",                                     "badly una@example.org   "                                        },
        {"letters that are no digits",
         "claim una@example.org key g123456789ABCDEF0123456789ABCDEF01234567",                                 "badly una@example.org g123456789abcdef0123456789abcdef01234567  "},
        {"no name",                    "claim @example.org\n",                                                 "badly @   "                                                      },
        {"other letters",              "claim un\xc3\xa4@example.org\n",                                       "abroad un@   "                                                   },
        {"a confirmation of nothing",  "confirm " WORD "\n",                                                   "badly @   "                                                      },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_text char *got = said(rows[i].text);
        if (strcmp(got, rows[i].said) != 0)
            fail_msg("%s: '%s', not '%s'", rows[i].name, got, rows[i].said);
    }
}

static void no_more_than_so_much_is_read(void **state)
{
    scoped_value(bytes) text = {0};

    (void)state;
    while (text.len < CLAIM_TEXT_MAX)
        bytes_add_text(&text, "a line\n");
    bytes_add_text(&text, "claim una@example.org\n");
    scoped_text char *got = said(text.at);
    assert_text(got, "nothing @   ");
}

#define HEAD "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
#define TAIL "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"

static void a_clear_signed_text_is_taken_apart(void **state)
{
    static const struct {
        const char *name, *mail, *text; /* NULL: none */
    } rows[] = {
        {"alone",                     HEAD "one\ntwo\n" TAIL,                                         "one\r\ntwo"},
        {"with words around it",      "Hello\n" HEAD "one\n" TAIL "-- \nUna\n",                       "one"       },
        {"spaces at ends of lines",   HEAD "one \t\ntwo  \n" TAIL,                                    "one\r\ntwo"},
        {"dashes",                    HEAD "- -- \n- one\n" TAIL,                                     "--\r\none" },
        {"an empty line at the end",  HEAD "one\n\n" TAIL,                                            "one\r\n"   },
        {"nothing",                   HEAD TAIL,                                                      ""          },
        {"without fields",            "-----BEGIN PGP SIGNED MESSAGE-----\n\none\n" TAIL,             "one"       },
        {"other fields",              "-----BEGIN PGP SIGNED MESSAGE-----\nNotHash: x\n\none\n" TAIL, NULL        },
        {"no empty line",             "-----BEGIN PGP SIGNED MESSAGE-----\none\n" TAIL,               NULL        },
        {"a dash that was not added", HEAD "-one\n" TAIL,                                             NULL        },
        {"no signature",              HEAD "one\n",                                                   NULL        },
        {"two",                       HEAD "one\n" TAIL HEAD "two\n" TAIL,                            NULL        },
        {"none",                      "one\n",                                                        NULL        },
        {"nothing at all",            "",                                                             NULL        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(clear_signed) it = {.armor = SLICE("")};
        bool found = clear_signed_read(slice_of(rows[i].mail), &it);
        if (found != (rows[i].text != NULL) ||
            (found &&
             (!slice_is(bytes_slice(&it.text), rows[i].text) || !slice_is(it.armor, TAIL))))
            fail_msg("%s: %.*s|%.*s", rows[i].name, SLICE_ARGS(bytes_slice(&it.text)),
                     SLICE_ARGS(it.armor));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(no_more_than_so_much_is_read),
        cmocka_unit_test(a_clear_signed_text_is_taken_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
