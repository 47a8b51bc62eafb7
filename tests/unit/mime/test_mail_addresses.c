/* Addresses, groups, Message-IDs and dates of mails. */
#include "opened.h"

#include <pthread.h>

static void addresses_are_read(void **state)
{
    static const struct {
        const char *name, *mail, *expected; /* name<address>| … */
    } rows[] = {
        {"bare",                                         "To: a@b.example\n\n",                                                             "<a@b.example>|"                                                              },
        {"named",                                        "To: Alice <a@b.example>, \"Bob (@bob@c.example)\" <bob=c.example@D.Example>\n\n",
         "Alice<a@b.example>|Bob (@bob@c.example)<bob=c.example@d.example>|"                                                                                                                                              },
        {"encoded",                                      "To: =?utf-8?Q?J=C3=B6rg?= <J@b.example>\n\n",                                     "Jörg<J@b.example>|"                                                         },
        {"a name that holds an address is a name",       "To: \"x@y.example\" <a@b.example>\n\n",
         "x@y.example<a@b.example>|"                                                                                                                                                                                      },
        {"an encoded comma parts nothing",               "To: =?utf-8?Q?x=2C_y=40z?= <a@b.example>\n\n",
         "x, y@z<a@b.example>|"                                                                                                                                                                                           },
        {"a name in several words",                      "To: =?utf-8?B?YQ==?= =?utf-8?B?Yg==?= <a@b.example>\n\n",
         "ab<a@b.example>|"                                                                                                                                                                                               },
        {"words in quotes, as some programs write them",
         "To: \"=?utf-8?Q?J=C3=B6rg?=\" <a@b.example>\n\n",                                                                                 "Jörg<a@b.example>|"                                                         },
        {"groups are flattened",                         "To: friends: a@b.example, c@d.example;, e@f.example\n\n",
         "<a@b.example>|<c@d.example>|<e@f.example>|"                                                                                                                                                                     },
        {"an empty group is nothing",                    "To: undisclosed-recipients:;\n\n",                                                ""                                                                            },
        {"several fields add up",                        "To: a@b.example\nTo: c@d.example\n\n",
         "<a@b.example>|<c@d.example>|"                                                                                                                                                                                   },
        {"comments are no addresses",                    "To: (x@y.example) a@b.example\n\n",                                               "<a@b.example>|"                                                              },
        {"what is no address is left out",               "To: alice, <>, @, a@b.example\n\n",                                               "<a@b.example>|"                                                              },
        {"domains in all letters are A-labels",
         "To: a@b\u00fccher.Example, c@xn--bcher-kva.example, d@LOCALHOST, e@1-2.3\n\n",                                                    "<a@xn--bcher-kva.example>|<c@xn--bcher-kva.example>|<d@localhost>|<e@1-2.3>|"},
        {"words with = and + are read",                  "To: bob=c.example+mail@d.example, 9x+edit@d.example\n\n",
         "<bob=c.example+mail@d.example>|<9x+edit@d.example>|"                                                                                                                                                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OPENED o = open_mail(slice_of(rows[i].mail));
        scoped_value(mail_addresses) to = {0};
        scoped_value(bytes) got = {0};

        mail_addresses(o.mail, "to", &to);
        for (size_t k = 0; k < to.count; k++)
            bytes_print(&got, "%s<%s>|", to.at[k].name ? to.at[k].name : "", to.at[k].address);
        if (!slice_is(bytes_slice(&got), rows[i].expected))
            fail_msg("%s: %s", rows[i].name, got.at);
    }
}

static void who_cannot_be_read_is_counted(void **state)
{
    static const struct {
        const char *name, *mail;
        size_t read, unread;
    } rows[] = {
        {"all can",                    "To: a@b.example, Carol <c@d.example>\n\n", 2, 0},
        {"a name without a host",      "To: alice, a@b.example\n\n",               1, 1},
        {"a named one without a host", "To: Alice <alice>, a@b.example\n\n",       1, 1},
        {"two hosts",                  "To: a@b@c.example\n\n",                    1, 0},
        {"nobody",                     "To: \n\n",                                 0, 0},
        {"nobody, said so",            "To: undisclosed-recipients:;\n\n",         0, 0},
        {"in a group",                 "To: friends: alice, a@b.example;\n\n",     1, 1},
        {"groups in groups in groups", "To: a: b: c: d: a@b.example;;;;\n\n",      0, 1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        OPENED o = open_mail(slice_of(rows[i].mail));
        scoped_value(mail_addresses) to = {0};

        mail_addresses(o.mail, "To", &to);
        if (to.count != rows[i].read || to.unread != rows[i].unread)
            fail_msg("%s: %zu read, %zu not", rows[i].name, to.count, to.unread);
    }
}

/* On a thread whose stack is as small as those of the server. */
static void *read_groups(void *text)
{
    OPENED o = open_mail(bytes_slice(text));
    scoped_value(mail_addresses) to = {0};

    mail_addresses(o.mail, "To", &to);
    return NULL;
}

static void groups_in_groups_do_not_end_the_stack(void **state)
{
    scoped_value(bytes) text = {0};
    pthread_attr_t small;
    pthread_t thread;

    (void)state;
    bytes_add_text(&text, "To: ");
    while (text.len < 250000)
        bytes_add_text(&text, "a:");
    bytes_add_text(&text, "\n\n");
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, (size_t)512 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &small, read_groups, &text), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&small), 0);
}

static void ids_and_dates_are_read(void **state)
{
    OPENED o = open_mail(SLICE("References: <a@b>\r\n <c@\r\n d> x <e@f> <broken\r\n"
                               "Date: Sun, 22 Nov 2026 09:30:00 +0100\r\n\r\n"));
    OPENED none = open_mail(SLICE("Date: yesterday\n\n"));
    scoped_value(mail_ids) ids = {0};

    (void)state;
    mail_ids(o.mail, "References", &ids);
    assert_int_equal(ids.count, 3);
    assert_text(ids.at[0], "a@b");
    assert_text(ids.at[1], "c@d");
    assert_text(ids.at[2], "e@f");
    assert_int_equal(mail_date_ms(o.mail), INT64_C(1795336200000));
    assert_int_equal(mail_date_ms(none.mail), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(who_cannot_be_read_is_counted),
        cmocka_unit_test(groups_in_groups_do_not_end_the_stack),
        cmocka_unit_test(ids_and_dates_are_read),
    };
    mime_set_up();
    return cmocka_run_group_tests_name("mime addresses", tests, NULL, NULL);
}
