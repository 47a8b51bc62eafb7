/* Every kind of value: what is taken, and as what; what is not. */
#include "test.h"

#include "clock.h"
#include "config.h"
#include "memory.h"

static struct config config;

static bool set(const char *line, struct err *err)
{
    scoped_value(bytes) text = {0};

    bytes_print(&text, "[server]\ndomain = a.test\n%s\n", line);
    return config_parse(bytes_slice(&text), &config, err);
}

static void durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        {"0",                     0             },
        {"0 s",                   0             },
        {"0min",                  0             },
        {"250 ms",                250           },
        {"10 s",                  10 * SECOND_MS},
        {"10 sec",                10 * SECOND_MS},
        {"10m",                   10 * MINUTE_MS},
        {"1 min",                 MINUTE_MS     },
        {"1  min",                MINUTE_MS     },
        {"60 min",                HOUR_MS       },
        {"1 h",                   HOUR_MS       },
        {"3600001 ms",            -1            },
        {"2 h",                   -1            },
        {"1 d",                   -1            },
        {"1",                     -1            },
        {"-1 min",                -1            },
        {"1.5 min",               -1            },
        {"1 minute",              -1            },
        {"min",                   -1            },
        {"1 min 30 s",            -1            },
        {"9223372036854775807 d", -1            },
        {"106751991168 d",        -1            },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        scoped_value(bytes) line = {0};
        bytes_print(&line, "[policy]\nundo = %s", rows[i].text);
        bool right = set(line.at, &err);
        if (right != (rows[i].ms >= 0) || (right && config.undo_ms != rows[i].ms))
            fail_msg("%s: %ld", rows[i].text, config.undo_ms);
    }
}

static void lists_of_durations(void **state)
{
    (void)state;
    struct err err;

    assert_true(set("[network]\nretry = 100 ms", &err));
    assert_int_equal(config.retry_count, 1);
    assert_int_equal(config.retry_ms[0], 100);
    assert_true(set("[network]\nretry = 1s,2s , 3s", &err));
    assert_int_equal(config.retry_count, 3);
    assert_int_equal(config.retry_ms[2], 3 * SECOND_MS);
    assert_true(set("[network]\nretry = 1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,30 d", &err));
    assert_int_equal(config.retry_count, 16);
    assert_false(
        set("[network]\nretry = 1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s,1s", &err));
    assert_false(set("[network]\nretry = 0", &err));
    assert_false(set("[network]\nretry = 31 d", &err));
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes; /* -1: refused */
    } rows[] = {
        {"50 MiB",               50 << 20},
        {"50MiB",                50 << 20},
        {"64 kib",               64 << 10},
        {"1048576",              1 << 20 },
        {"1048576 B",            1 << 20 },
        {"1 GiB",                1 << 30 },
        {"0",                    -1      },
        {"1023",                 -1      },
        {"2 GiB",                -1      },
        {"1 TiB",                -1      },
        {"50 M",                 -1      },
        {"-1 MiB",               -1      },
        {"MiB",                  -1      },
        {"18446744073709551616", -1      },
        {"17179869184 GiB",      -1      },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        scoped_value(bytes) line = {0};
        bytes_print(&line, "[policy]\nmessage_max = %s", rows[i].text);
        bool right = set(line.at, &err);
        if (right != (rows[i].bytes >= 0) || (right && config.message_max != rows[i].bytes))
            fail_msg("%s: %ld", rows[i].text, config.message_max);
    }
}

static void endpoints(void **state)
{
    (void)state;
    static const struct {
        const char *text, *address; /* NULL: refused; "": off */
        int port;
    } rows[] = {
        {"0.0.0.0:25",          "0.0.0.0",     25   },
        {"127.0.0.1:0",         "127.0.0.1",   0    },
        {"[::]:25",             "::",          25   },
        {"[2001:db8::1]:65535", "2001:db8::1", 65535},
        {"off",                 "",            0    },
        {"OFF",                 "",            0    },
        {":25",                 NULL,          0    },
        {"25",                  NULL,          0    },
        {"0.0.0.0",             NULL,          0    },
        {"0.0.0.0:",            NULL,          0    },
        {"0.0.0.0:65536",       NULL,          0    },
        {"0.0.0.0:+25",         NULL,          0    },
        {"256.0.0.1:25",        NULL,          0    },
        {"[0.0.0.0]:25",        NULL,          0    },
        {"::1:25",              NULL,          0    },
        {"[::1:25",             NULL,          0    },
        {"[::1]",               NULL,          0    },
        {"[::1%lo]:25",         NULL,          0    },
        {"localhost:25",        NULL,          0    },
        {"0.0.0.0:25, [::]:25", NULL,          0    },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        scoped_value(bytes) line = {0};
        bytes_print(&line, "[listen]\nsmtp = %s", rows[i].text);
        bool right = set(line.at, &err);
        if (right != (rows[i].address != NULL))
            fail_msg("%s: %s", rows[i].text, err.said);
        if (!right)
            continue;
        assert_int_equal(config.smtp.off, rows[i].address[0] == '\0');
        assert_string_equal(config.smtp.address, rows[i].address);
        assert_int_equal(config.smtp.port, rows[i].port);
    }
}

static void a_door_may_have_its_own_word_on_tls(void **state)
{
    static const struct {
        const char *smtp, *policy;
        int wants; /* -1: refused */
    } rows[] = {
        {"0.0.0.0:25",                   "yes", 1 },
        {"0.0.0.0:25",                   "no",  0 },
        {"0.0.0.0:25 tls=optional",      "yes", 0 },
        {"0.0.0.0:25 tls=required",      "no",  1 },
        {"[::]:25  TLS=Required",        "no",  1 },
        {"off tls=required",             "no",  1 },
        {"0.0.0.0:25 tls=some",          "no",  -1},
        {"0.0.0.0:25 tls=required fast", "no",  -1},
        {"tls=required",                 "no",  -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        scoped_value(bytes) text = {0};
        bytes_print(&text, "[listen]\nsmtp = %s\n[policy]\nrequire_tls = %s", rows[i].smtp,
                    rows[i].policy);
        bool right = set(text.at, &err);
        if (right != (rows[i].wants >= 0) ||
            (right && config_mx_wants_tls(&config) != rows[i].wants))
            fail_msg("%s, require_tls = %s: %s", rows[i].smtp, rows[i].policy, err.said);
    }
    struct err err = {0};
    assert_false(
        set("[listen]\nsubmission = 0.0.0.0:587 tls=optional", &err)); /* passwords: never */
}

static void redirections(void **state)
{
    (void)state;
    struct err err;

    assert_true(
        set("[network]\nconnect_to = A.test:443=127.0.0.1:8443, _b.test:25=[::1]:2525", &err));
    assert_int_equal(config.connect_to_count, 2);
    assert_string_equal(config.connect_to[0].name, "a.test");
    assert_int_equal(config.connect_to[0].port, 443);
    assert_string_equal(config.connect_to[0].address, "127.0.0.1");
    assert_int_equal(config.connect_to[0].to_port, 8443);
    assert_string_equal(config.connect_to[1].name, "_b.test");
    assert_string_equal(config.connect_to[1].address, "::1");
    static const char *const broken[] = {
        "a.test=127.0.0.1:1",       "a.test:443",
        "a.test:443=127.0.0.1",     "a.test:0=127.0.0.1:1",
        "a.test:1=127.0.0.1:0",     "a.test:1=b.test:1",
        "a.test:1=127.0.0.1:1,",    "127.0.0.1:1=127.0.0.1:1",
        "a.test:443=127.0.0.1:1=2",
    };
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        scoped_value(bytes) line = {0};
        bytes_print(&line, "[network]\nconnect_to = %s", broken[i]);
        if (set(line.at, &err))
            fail_msg("%s was taken", broken[i]);
    }
    scoped_value(bytes) line = {0};
    bytes_add_text(&line, "[network]\nconnect_to = ");
    for (int i = 0; i < CONFIG_CONNECT_TO_MAX; i++)
        bytes_print(&line, "%sn%d.test:25=127.0.0.1:2525", i ? "," : "", i);
    assert_true(set(line.at, &err));
    assert_int_equal(config.connect_to_count, CONFIG_CONNECT_TO_MAX);
    bytes_add_text(&line, ",more.test:25=127.0.0.1:2525");
    assert_false(set(line.at, &err));
}

static void texts_and_words(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool right;
    } rows[] = {
        {"[network]\ndns_server = 127.0.0.1",       true },
        {"[network]\ndns_server = 127.0.0.53@5353", true },
        {"[network]\ndns_server = ::1@5353",        true },
        {"[network]\ndns_server = dns.test",        false},
        {"[network]\ndns_server = 127.0.0.1@0",     false},
        {"[network]\ndns_server = 127.0.0.1@",      false},
        {"[network]\ndns_server = 127.0.0.1:53",    false},
        {"[network]\ntrust_anchor = None",          true },
        {"[network]\ntrust_anchor = /etc/root.key", true },
        {"[network]\ntrust_anchor = off",           false},
        {"[network]\nsource_address = 20.0.0.10",   true },
        {"[network]\nsource_address = [::1]",       false},
        {"[policy]\nmonitors = 192.0.2.1, ::1",     true },
        {"[policy]\nmonitors = 192.0.2.0/24",       false},
        {"[policy]\nmonitors = 192.0.2.1,",         false},
        {"[policy]\nmonitors = [::1]",              false},
        {"[policy]\nmonitors = watch.test",         false},
        {"[network]\nca_file = /a b/c;d",           true },
        {"[network]\nca_file = \"/a\"",             false},
        {"[network]\nca_file = ./a",                false},
        {"[network]\nallow_private = 1",            false},
        {"postmaster = Alice@A.test",               true },
        {"postmaster = alice",                      false},
        {"postmaster = @a.test",                    false},
        {"postmaster = alice@",                     false},
        {"postmaster = alice smith@a.test",         false},
        {"hostname = mx",                           false},
        {"hostname = 192.0.2.1",                    false},
        {"[relay]\nhost = 192.0.2.1",               true },
        {"[relay]\nhost = mx.b.test",               true },
        {"[relay]\nhost = mx.b.test:25",            false},
        {"[relay]\nport = 70000",                   false},
        {"[tls]\nacme = http://ca.test/dir",        false},
        {"[tls]\nacme = no",                        false},
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        if (set(rows[i].line, &err) != rows[i].right)
            fail_msg("%s: %s", rows[i].line, err.said);
    }
    struct err err;
    assert_true(set("postmaster = Alice@A.test", &err));
    assert_string_equal(config.postmaster,
                        "Alice@a.test"); /* whose letters count is not known here */
    assert_true(set("[network]\ntrust_anchor = None", &err));
    assert_string_equal(config.trust_anchor, "none");
}

static void words_of_every_choice(void **state)
{
    (void)state;
    struct err err;

    assert_true(set("[policy]\ncontact = closed\nfollow = ask\nhold = accept\n"
                    "seal_without_key = defer\nregistration = fee\nfee = 1 EUR\nfee_pay = in cash\n"
                    "require_tls = no\nseal = no",
                    &err));
    assert_int_equal(config.contact, DOOR_CLOSED);
    assert_int_equal(config.follow, DOOR_ASK);
    assert_int_equal(config.hold, HOLD_ACCEPT);
    assert_int_equal(config.seal_without_key, WITHOUT_KEY_DEFER);
    assert_int_equal(config.registration, REGISTRATION_FEE);
    assert_false(config.require_tls || config.seal);
    assert_true(
        set("[policy]\nhold = defer\nseal_without_key = clear\nregistration = invite", &err));
    assert_int_equal(config.hold, HOLD_DEFER);
    assert_int_equal(config.seal_without_key, WITHOUT_KEY_CLEAR);
    assert_int_equal(config.registration, REGISTRATION_INVITE);
}

static void a_fee_has_a_price_and_a_way_to_pay(void **state)
{
    static const struct {
        const char *lines, *said;
    } rows[] = {
        {"fee = 12 \xe2\x82\xac a year\nfee_pay = https://pay.test/?a=1#b", NULL                                                                   },
        {"",                                                                "price and how to pay it; write \"fee = 12 EUR a year\" below [policy]"},
        {"fee = 12 EUR",                                                    "write \"fee_pay = ...\" below [policy]"                               },
        {"fee = 12 EUR\nfee_pay =",                                         "write \"fee_pay = ...\" below [policy]"                               },
        {"fee = 12\tEUR\nfee_pay = cash",                                   "write words in one line, at most 127 bytes"                           },
        {"fee = 12 \x80\nfee_pay = cash",                                   "write words in one line, at most 127 bytes"                           },
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped_text char *text = must_print("[policy]\nregistration = fee\n%s", rows[i].lines);
        err.said[0] = '\0';
        bool right = set(text, &err);
        assert_int_equal(right, !rows[i].said);
        if (rows[i].said && !strstr(err.said, rows[i].said))
            fail_msg("%s: %s", rows[i].lines, err.said);
        if (right)
            assert_string_equal(config.fee_pay, "https://pay.test/?a=1#b");
    }
    assert_true(set("[policy]\nfee = 1 EUR", &err)); /* of use to nobody, and no mistake */
}

static void lists_of_domains(void **state)
{
    struct err err;

    (void)state;
    assert_true(set("", &err));
    assert_false(config_trusts_sealer(&config, SLICE("lists.test")));
    assert_true(set("[policy]\ntrust_arc = Lists.test, b\xc3\xbc"
                    "cher.test",
                    &err));
    assert_true(config_trusts_sealer(&config, SLICE("LISTS.test")));
    assert_true(config_trusts_sealer(&config, SLICE("xn--bcher-kva.test")));
    assert_false(config_trusts_sealer(&config, SLICE("sub.lists.test")));
    assert_false(config_trusts_sealer(&config, SLICE("")));
    assert_int_equal(config.domain_count, 1);
    assert_false(set("[policy]\ntrust_arc = lists", &err));
}

static void addresses_of_monitors(void **state)
{
    struct err err;

    (void)state;
    assert_true(set("", &err));
    assert_false(config_is_monitor(&config, "192.0.2.1"));
    assert_false(config_is_monitor(&config, ""));
    assert_true(set("[policy]\nmonitors = 192.0.2.1,2001:DB8:0:0::7", &err));
    assert_true(config_is_monitor(&config, "192.0.2.1"));
    assert_true(config_is_monitor(&config, "2001:db8::7"));
    assert_false(config_is_monitor(&config, "192.0.2.10"));
    assert_false(config_is_monitor(&config, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations),
        cmocka_unit_test(lists_of_durations),
        cmocka_unit_test(sizes),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(a_door_may_have_its_own_word_on_tls),
        cmocka_unit_test(redirections),
        cmocka_unit_test(texts_and_words),
        cmocka_unit_test(words_of_every_choice),
        cmocka_unit_test(a_fee_has_a_price_and_a_way_to_pay),
        cmocka_unit_test(lists_of_domains),
        cmocka_unit_test(addresses_of_monitors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
