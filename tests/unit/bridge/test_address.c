/* The grammar of behaviour.md 2, word by word. */
#include "address.h"
#include "config.h"
#include "memory.h"
#include "test.h"

#include <stdio.h>

static struct config config;

static int set_up(void **state)
{
    (void)state;
    config_defaults(&config);
    strcpy(config.domains[0], "example.org");
    strcpy(config.domains[1], "second.example");
    config.domain_count = 2;
    return 0;
}

static const char *const kinds[] = {"foreign", "malformed", "account",     "publish",
                                    "person",  "subscribe", "unsubscribe", "command",
                                    "claim",   "help",      "office",      "bounce"};
static const char *const words[] = {"",        "public",  "unlisted", "followers", "edit",
                                    "delete",  "like",    "boost",    "vote",      "undo",
                                    "contact", "welcome", "refuse",   "ignore"};

/* "command delete ref=…": everything that was read. */
static void told(const char *text, char *into, size_t size)
{
    struct address a;

    address_read(&config, slice_of(text), &a);
    snprintf(into, size, "%s", kinds[a.kind]);
    const struct {
        const char *name, *value;
    } parts[] = {
        {"",        words[a.word]},
        {"user=",   a.user       },
        {"host=",   a.host       },
        {"ref=",    a.ref        },
        {"token=",  a.token      },
        {"detail=", a.detail     },
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (*parts[i].value)
            snprintf(into + strlen(into), size - strlen(into), " %s%s", parts[i].name,
                     parts[i].value);
    if (a.mail_person)
        snprintf(into + strlen(into), size - strlen(into), " mail");
    if (a.choices)
        snprintf(into + strlen(into), size - strlen(into), " choices=%x", a.choices);
}

static void test_words(void **state)
{
    static const struct {
        const char *name, *text, *told;
    } rows[] = {
        {"an account",                                    "alice@example.org",                                  "account user=alice"                        },
        {"case never counts",                             "ALICE@Example.ORG",                                  "account user=alice"                        },
        {"a free word behind an account",                 "alice+news@example.org",
         "account user=alice detail=news"                                                                                                                   },
        {"the other domain is ours too",                  "alice@second.example",                               "account user=alice"                        },
        {"another domain is not",                         "alice@mail.example",                                 "foreign"                                   },
        {"a subdomain is not",                            "alice@mx.example.org",                               "foreign"                                   },
        {"everybody",                                     "public@example.org",                                 "publish public"                            },
        {"everybody, quietly",                            "Unlisted@example.org",                               "publish unlisted"                          },
        {"followers",                                     "followers@example.org",                              "publish followers"                         },
        {"a publishing word has no detail",               "public+now@example.org",                             "malformed"                                 },
        {"a public answer to a post",                     "9xk2m4qd7fgh@example.org",                           "account user=9xk2m4qd7fgh"                 },
        {"an answer by reference",                        "9xk2m4qd7fgh+public@example.org",
         "publish public ref=9xk2m4qd7fgh"                                                                                                                  },
        {"a quiet one",                                   "9XK2M4QD7FGH+Unlisted@example.org",                  "publish unlisted ref=9xk2m4qd7fgh"         },
        {"followers cannot be answered by reference",     "9xk2m4qd7fgh+followers@example.org",
         "malformed"                                                                                                                                        },
        {"a person",                                      "bob=social.example@example.org",                     "person user=bob host=social.example"       },
        {"a person's name may have dots",                 "b.o-b_1=social.example@example.org",
         "person user=b.o-b_1 host=social.example"                                                                                                          },
        {"a person's host in capitals",                   "Bob=Social.Example@example.org",
         "person user=bob host=social.example"                                                                                                              },
        {"a person's host of another script",
         "bob=b\xc3\xbc"
         "cher.example@example.org",                                                                            "person user=bob host=xn--bcher-kva.example"},
        {"a host needs a dot",                            "bob=localhost@example.org",                          "malformed"                                 },
        {"two = are never a person",                      "srs0=hash=tt=mail.example=bob@example.org",          "malformed"                                 },
        {"BATV is never a person",                        "prvs=1234abcd=bob@example.org",                      "malformed"                                 },
        {"nobody at a host",                              "=social.example@example.org",                        "malformed"                                 },
        {"a name outside the letters",                    "b!b=social.example@example.org",                     "malformed"                                 },
        {"an address literal is no host",                 "bob=[127.0.0.1]@example.org",                        "malformed"                                 },
        {"a short form",                                  "averyverylongnam=0123456789abcdefghjk@example.org",
         "person user=averyverylongnam=0123456789abcdefghjk"                                                                                                },
        {"a mail person",                                 "carol=mail.example+mail@example.org",
         "person user=carol host=mail.example mail"                                                                                                         },
        {"a label that cannot be written to",             "bob=social.example+followers@example.org",
         "person followers user=bob host=social.example"                                                                                                    },
        {"following",                                     "bob=social.example+subscribe@example.org",
         "subscribe user=bob host=social.example"                                                                                                           },
        {"following no longer",                           "bob=social.example+unsubscribe@example.org",
         "unsubscribe user=bob host=social.example"                                                                                                         },
        {"a word nobody knows",                           "bob=social.example+dance@example.org",               "malformed"                                 },
        {"posts by mail",                                 "alice+subscribe@example.org",                        "subscribe user=alice"                      },
        {"no more posts by mail",                         "alice+unsubscribe@example.org",                      "unsubscribe user=alice"                    },
        {"with a token",                                  "alice+subscribe-0123456789abcdefghjk@example.org",
         "subscribe user=alice token=0123456789abcdefghjk"                                                                                                  },
        {"what other servers say of a copy",              "alice+bounces-0123456789abcdefghjk@example.org",
         "bounce user=alice token=0123456789abcdefghjk"                                                                                                     },
        {"a detail like any other",                       "alice+bounces@example.org",
         "account user=alice detail=bounces"                                                                                                                },
        {"a token has no l",                              "alice+unsubscribe-0123456789abcdefghlk@example.org", "malformed"                                 },
        {"a token is long",                               "alice+unsubscribe-0123@example.org",                 "malformed"                                 },
        {"edit",                                          "9xk2m4qd7fgh+edit@example.org",                      "command edit ref=9xk2m4qd7fgh"             },
        {"delete",                                        "9xk2m4qd7fgh+delete@example.org",                    "command delete ref=9xk2m4qd7fgh"           },
        {"like",                                          "9xk2m4qd7fgh+like@example.org",                      "command like ref=9xk2m4qd7fgh"             },
        {"boost",                                         "9xk2m4qd7fgh+boost@example.org",                     "command boost ref=9xk2m4qd7fgh"            },
        {"undo",                                          "9xk2m4qd7fgh+undo@example.org",                      "command undo ref=9xk2m4qd7fgh"             },
        {"vote",                                          "9xk2m4qd7fgh+vote-2@example.org",                    "command vote ref=9xk2m4qd7fgh choices=4"   },
        {"vote for two",                                  "9xk2m4qd7fgh+vote-2-3@example.org",
         "command vote ref=9xk2m4qd7fgh choices=c"                                                                                                          },
        {"vote for nothing",                              "9xk2m4qd7fgh+vote@example.org",                      "malformed"                                 },
        {"vote for choice 0",                             "9xk2m4qd7fgh+vote-0@example.org",                    "malformed"                                 },
        {"vote for choice 99",                            "9xk2m4qd7fgh+vote-99@example.org",                   "malformed"                                 },
        {"contact",                                       "9xk2m4qd7fgh+contact@example.org",                   "command contact ref=9xk2m4qd7fgh"          },
        {"welcome",                                       "9xk2m4qd7fgh+welcome@example.org",                   "command welcome ref=9xk2m4qd7fgh"          },
        {"refuse",                                        "9xk2m4qd7fgh+refuse@example.org",                    "command refuse ref=9xk2m4qd7fgh"           },
        {"ignore",                                        "9xk2m4qd7fgh+ignore@example.org",                    "command ignore ref=9xk2m4qd7fgh"           },
        {"a short reference is an account with a detail", "9xk2+delete@example.org",
         "account user=9xk2 detail=delete"                                                                                                                  },
        {"a command that does not exist",                 "9xk2m4qd7fgh+explode@example.org",                   "malformed"                                 },
        {"the key desk",                                  "claim@example.org",                                  "claim"                                     },
        {"help",                                          "help@example.org",                                   "help"                                      },
        {"postmaster",                                    "Postmaster@example.org",                             "office"                                    },
        {"postmaster without a domain",                   "postmaster",                                         "office"                                    },
        {"abuse",                                         "abuse@example.org",                                  "office"                                    },
        {"abuse with a detail",                           "abuse+spam@example.org",                             "office detail=spam"                        },
        {"security",                                      "security@example.org",                               "office"                                    },
        {"hostmaster",                                    "hostmaster@example.org",                             "office"                                    },
        {"webmaster",                                     "webmaster@example.org",                              "office"                                    },
        {"admin",                                         "admin@example.org",                                  "office"                                    },
        {"administrator",                                 "administrator@example.org",                          "office"                                    },
        {"dmarc",                                         "dmarc@example.org",                                  "office"                                    },
        {"tlsrpt",                                        "tlsrpt@example.org",                                 "office"                                    },
        {"nothing before +",                              "+subscribe@example.org",                             "malformed"                                 },
        {"nothing behind +",                              "alice+@example.org",                                 "malformed"                                 },
        {"split at the last +",                           "alice+a+b@example.org",                              "malformed"                                 },
        {"nothing before @",                              "@example.org",                                       "malformed"                                 },
        {"nothing behind @",                              "alice@",                                             "malformed"                                 },
        {"no @",                                          "alice",                                              "malformed"                                 },
        {"a dot at the end",                              "alice.@example.org",                                 "malformed"                                 },
        {"a space",                                       "al ice@example.org",                                 "malformed"                                 },
        {"more than 64 octets",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org",                       "malformed"                                 },
    };
    char text[600];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        told(rows[i].text, text, sizeof text);
        if (strcmp(text, rows[i].told) != 0)
            fail_msg("%s: %s is %s, not %s", rows[i].name, rows[i].text, text, rows[i].told);
    }
}

static void test_account_names(void **state)
{
    static const char *const good[] = {
        "alice",   "a",  "al.ice", "a-b", "a_b", "a..b", "9lives", "abcdefghijklmnopqrstuvwxyz0123",
        "jsonfan", "at_"};
    static const char *const bad[] = {"",
                                      "Alice",
                                      ".alice",
                                      "alice.",
                                      "alice-",
                                      "al ice",
                                      "al+ice",
                                      "al=ice",
                                      "abcdefghijklmnopqrstuvwxyz01234",
                                      "public",
                                      "unlisted",
                                      "followers",
                                      "subscribe",
                                      "unsubscribe",
                                      "edit",
                                      "delete",
                                      "like",
                                      "boost",
                                      "vote",
                                      "undo",
                                      "contact",
                                      "welcome",
                                      "refuse",
                                      "ignore",
                                      "claim",
                                      "help",
                                      "postmaster",
                                      "abuse",
                                      "security",
                                      "hostmaster",
                                      "webmaster",
                                      "admin",
                                      "administrator",
                                      "dmarc",
                                      "tlsrpt",
                                      "example.org",
                                      "second.example",
                                      "mailer-daemon",
                                      "noreply",
                                      "no-reply",
                                      "root",
                                      "bounces",
                                      "actor",
                                      "inbox",
                                      "users",
                                      "keys",
                                      "everyone",
                                      "carol_at_mail.example",
                                      "feed.atom",
                                      "feed.rss",
                                      "feed.json",
                                      "9xk2m4qd7fgh",
                                      "mail",
                                      "\xc3\xa9tienne"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        const char *trouble = account_name_trouble(&config, slice_of(good[i]));
        if (trouble)
            fail_msg("%s: %s", good[i], trouble);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (!account_name_trouble(&config, slice_of(bad[i])))
            fail_msg("%s may be an account", bad[i]);
}

static void test_person_words(void **state)
{
    static const char tag[] = "0123456789abcdefghjk";
    static const struct {
        const char *name, *user, *host, *word;
    } rows[] = {
        {"a short handle is spelt out", "Bob",                        "social.example",           "bob=social.example"        },
        {"fifty octets still fit",      "abcdefghijklmnopqrstuvwxyz", "abcdefghijk.abcdefghijk",
         "abcdefghijklmnopqrstuvwxyz=abcdefghijk.abcdefghijk"                                                                 },
        {"fifty-one do not",            "abcdefghijklmnopqrstuvwxyz", "abcdefghijk.abcdefghijkl",
         "abcdefghijklmnop=0123456789abcdefghjk"                                                                              },
        {"odd letters do not",
         "b\xc3\xb6"
         "b!",                                                        "social.example",           "b__b_=0123456789abcdefghjk"},
        {"nothing is left of a name",   "",                           "social.example",           "_=0123456789abcdefghjk"    },
    };
    char word[65];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address read;
        person_word(slice_of(rows[i].user), slice_of(rows[i].host), tag, word);
        if (strcmp(word, rows[i].word) != 0)
            fail_msg("%s: %s", rows[i].name, word);
        scoped_text char *address = must_print("%s+unsubscribe@example.org", word);
        address_read(&config, slice_of(address), &read);
        if (read.kind != ADDRESS_UNSUBSCRIBE)
            fail_msg("%s: a word after + does not fit", rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_account_names),
        cmocka_unit_test(test_person_words),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
