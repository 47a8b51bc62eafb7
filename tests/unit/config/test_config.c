/* The file: lines, sections, comments, mistakes, what is made of other settings. */
#include "test.h"

#include "clock.h"
#include "config.h"

#include <stdio.h>
#include <unistd.h>

static struct config config;

static void defaults_are_those_of_the_design(void **state)
{
    (void)state;
    struct err err;

    assert_true(config_parse(SLICE("[server]\ndomain = example.org"), &config, &err));
    assert_int_equal(config.domain_count, 1);
    assert_string_equal(config.domains[0], "example.org");
    assert_string_equal(config.hostname, "example.org");
    assert_string_equal(config.data_dir, "/var/lib/nestbox");
    assert_string_equal(config.postmaster, "");
    const struct endpoint *listeners[] = {&config.smtp, &config.submission, &config.submissions,
                                          &config.imap, &config.imaps,      &config.https,
                                          &config.http};
    static const int ports[] = {25, 587, 465, 143, 993, 443, 80};
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        assert_false(listeners[i]->off);
        assert_string_equal(listeners[i]->address, "0.0.0.0");
        assert_int_equal(listeners[i]->port, ports[i]);
    }
    assert_string_equal(config.certificate, "/var/lib/nestbox/tls/cert.pem");
    assert_string_equal(config.key, "/var/lib/nestbox/tls/key.pem");
    assert_string_equal(config.acme, "");
    assert_int_equal(config.contact, DOOR_ASK);
    assert_int_equal(config.follow, DOOR_OPEN);
    assert_int_equal(config.undo_ms, MINUTE_MS);
    assert_int_equal(config.hold, HOLD_AUTO);
    assert_true(config.require_tls && config.seal);
    assert_int_equal(config.seal_without_key, WITHOUT_KEY_SERVER);
    assert_int_equal(config.message_max, 50 << 20);
    assert_int_equal(config.quota, 1 << 30);
    assert_int_equal(config.registration, REGISTRATION_CLOSED);
    assert_string_equal(config.relay_host, "");
    assert_false(config.allow_private);
    assert_string_equal(config.trust_anchor, "");
    assert_int_equal(config.retry_count, 0);
}

static void defaults_need_no_file(void **state)
{
    (void)state;

    config_defaults(&config);
    assert_int_equal(config.domain_count, 0);
    assert_string_equal(config.hostname, "");
    assert_int_equal(config.https.port, 443);
    assert_string_equal(config.key, "/var/lib/nestbox/tls/key.pem");
}

static void files_may_be_written_in_many_ways(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
    } rows[] = {
        {"as plain as can be",               "[server]\ndomain = a.test\n[policy]\nundo = 10 min\n"},
        {"without spaces, from Windows",     "\xef\xbb\xbf[server]\r\ndomain=a.test\r\n[policy]\r\n"
                                         "undo=10 min\r\n" },
        {"with comments of both kinds",
         "; first\n# second\n[server] ; here\n  domain = a.test # ours\n[policy]\n\n"
         "undo = 10 min\t; enough\n;undo = 1 min\n#undo = 2 min"                                   },
        {"sections in any order, and twice",
         "[policy]\nundo = 10 min\n[server]\n[policy]\n[ server ]\ndomain = a.test"                },
        {"empty values leave defaults",
         "[server]\nhostname =\ndomain = a.test\n[relay]\nhost =\nport =\nuser =\npassword_file =\n"
         "[policy]\nundo = 10 min\ncontact = ; as it is"                                           },
        {"capitals in names and words",
         "[server]\ndomain = A.TEST.\n[policy]\nundo = 10 MIN\nseal = YES\ncontact = Ask"          },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        if (!config_parse(slice_of(rows[i].text), &config, &err))
            fail_msg("%s: %s", rows[i].name, err.said);
        assert_string_equal(config.domains[0], "a.test");
        assert_string_equal(config.hostname, "a.test");
        assert_int_equal(config.undo_ms, 10 * MINUTE_MS);
        assert_int_equal(config.contact, DOOR_ASK);
        assert_true(config.seal);
        assert_int_equal(config.relay_port, 587);
    }
}

#define SERVER "[server]\ndomain = a.test\n"

static void mistakes_tell_line_setting_and_what_is_right(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"",                                             "domain is missing; write \"domain = example.org\" below [server]"                  },
        {"domain = a.test",
         "line 1: a section such as [server] must stand above the first setting"                                                             },
        {"[server\n",                                    "line 1: a section is written as [server]"                                          },
        {"[servers]\n",                                  "line 1: there is no section [servers]; there are server, listen, tls, "
                        "policy, relay and network"                                                                   },
        {"\n[server]   domain = a.test",                 "line 2: write what follows [server] on lines of its own"                           },
        {"[server]\ndomain a.test",                      "line 2: a setting is written as \"name = value\""                                  },
        {"[server]\ndomian = a.test",
         "line 2: there is no setting \"domian\" in [server]; see \"nestbox help settings\""                                                 },
        {"[server]\ndomains = a.test",
         "line 2: there is no setting \"domains\" in [server]; there is \"domain\""                                                          },
        {"[server]\nunod = 1 min",
         "line 2: there is no setting \"unod\" in [server]; see \"nestbox help settings\""                                                   },
        {"[server]\nundo = 1 min",                       "line 2: undo belongs below [policy], not below [server]"                           },
        {"[server]\ndomain = a.test\n\ndomain = b.test",
         "line 4: domain is set already on line 2; keep one of the two"                                                                      },
        {"[server]\ndomain = a.test,",
         "line 2: domain = a.test, is not right; write up to 32 domains, such as example.org, "
         "example.net"                                                                                                                       },
        {"[server]\ndomain = localhost",
         "line 2: domain = localhost is not right; write up to 32 domains, such as example.org, "
         "example.net"                                                                                                                       },
        {SERVER "[policy]\nundo = 61 min",               "line 4: undo = 61 min is not right; write a duration "
                                           "from 0 to 1 h, such as 10 min"                         },
        {SERVER "[policy]\nundo = 5",                    "line 4: undo = 5 is not right; write a duration from 0 to "
                                      "1 h, such as 10 min"                                             },
        {SERVER "[policy]\nmessage_max = 50 MB",         "line 4: message_max = 50 MB is not right; write "
                                                 "a size from 1 KiB to 1 GiB, such as 50 MiB"},
        {SERVER "[policy]\ncontact = maybe",
         "line 4: contact = maybe is not right; write open, ask or closed"                                                                   },
        {SERVER "[policy]\nseal = true",                 "line 4: seal = true is not right; write yes or no"                                 },
        {SERVER "[listen]\nsmtp = 25",                   "line 4: smtp = 25 is not right; write off or an address "
                                       "and a port, such as 0.0.0.0:25 or [::]:25"                     },
        {SERVER "[relay]\nport = 0",
         "line 4: port = 0 is not right; write a number from 1 to 65535"                                                                     },
        {SERVER "[tls]\nkey = key.pem",                  "line 4: key = key.pem is not right; write a path that "
                                        "begins with /, without quotes, at most 1023 bytes"           },
        {SERVER "[relay]\nuser = u",
         "[relay] has a login but no host; write \"host = NAME\" there"                                                                      },
        {SERVER "[relay]\nhost = mx.b.test\nuser = u",
         "[relay] needs both user and password_file, or neither"                                                                             },
        {SERVER "[network]\nretry = 1 min,,2 min",
         "line 4: retry = 1 min,,2 min is not right; write up to 16 durations from 1 ms to 30 d, "
         "such as 1 min, 2 h, 1 d"                                                                                                           },
        {SERVER "\x1b[31m = x",                          "line 3: there is no setting \"?[31m\" in [server]; see "
                                "\"nestbox help settings\""                                                   },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        config.undo_ms = 12345;
        assert_false(config_parse(slice_of(rows[i].text), &config, &err));
        assert_string_equal(err.said, rows[i].said);
        assert_int_equal(err.kind, ERR_MALFORMED);
        assert_int_equal(config.undo_ms, 12345); /* untouched */
    }
}

static void long_values_do_not_hide_the_advice(void **state)
{
    (void)state;
    struct err err;
    scoped_value(bytes) text = {0};

    bytes_add_text(&text, SERVER "[policy]\nundo = ");
    for (int i = 0; i < 10000; i++)
        bytes_add_char(&text, '9');
    assert_false(config_parse(bytes_slice(&text), &config, &err));
    assert_string_equal(err.said, "line 4: undo = 999999999999999999999999999999999999999999999999"
                                  "... is not right; write a duration from 0 to 1 h, such as 10 "
                                  "min");
}

static void certificates_lie_in_data_dir_unless_told(void **state)
{
    (void)state;
    struct err err;

    assert_true(config_parse(SLICE(SERVER "data_dir = /srv/nest\nhostname = MX.a.test\n"
                                          "[tls]\nkey = /etc/key.pem\nacme = https://ca.test/dir"),
                             &config, &err));
    assert_string_equal(config.certificate, "/srv/nest/tls/cert.pem");
    assert_string_equal(config.key, "/etc/key.pem");
    assert_string_equal(config.hostname, "mx.a.test");
    assert_string_equal(config.acme, "https://ca.test/dir");
}

static void a_path_too_long_for_what_lies_below_it_is_told(void **state)
{
    (void)state;
    struct err err;
    scoped_value(bytes) text = {0};

    bytes_add_text(&text, SERVER "data_dir = /");
    for (int i = 0; i < 1015; i++)
        bytes_add_char(&text, 'd');
    assert_false(config_parse(bytes_slice(&text), &config, &err));
    assert_string_equal(err.said, "data_dir is too long; write one below 1000 bytes");
    bytes_cut(&text, text.len - 20);
    assert_true(config_parse(bytes_slice(&text), &config, &err));
    assert_true(slice_ends(slice_of(config.certificate), SLICE("/tls/cert.pem")));
}

static void our_domains_are_known(void **state)
{
    (void)state;
    struct err err;

    assert_true(config_parse(SLICE("[server]\ndomain = a.test, B.test ,b\xc3\xbc"
                                   "cher.test"),
                             &config, &err));
    assert_int_equal(config.domain_count, 3);
    assert_true(config_hosts(&config, SLICE("A.Test")));
    assert_true(config_hosts(&config, SLICE("b.test")));
    assert_true(config_hosts(&config, SLICE("xn--bcher-kva.test")));
    assert_false(config_hosts(&config, SLICE("sub.a.test")));
    assert_false(config_hosts(&config, SLICE("")));
}

static void what_loosens_safety_is_warned_about(void **state)
{
    (void)state;
    struct err err;
    const char *warnings[8];

    assert_true(config_parse(SLICE(SERVER), &config, &err));
    assert_int_equal(config_warnings(&config, warnings, COUNT_OF(warnings)), 0);
    assert_true(config_parse(SLICE(SERVER "[network]\nallow_private = yes\ntrust_anchor = none\n"
                                          "connect_to = a.test:25=127.0.0.1:2525"),
                             &config, &err));
    assert_int_equal(config_warnings(&config, warnings, COUNT_OF(warnings)), 3);
    assert_non_null(strstr(warnings[0], "allow_private"));
    assert_non_null(strstr(warnings[1], "connect_to"));
    assert_non_null(strstr(warnings[2], "trust_anchor"));
    assert_int_equal(config_warnings(&config, warnings, 1), 1);
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    struct err err;
    char path[] = "/tmp/nestbox-test-XXXXXX";
    int file = mkstemp(path);

    assert_true(file >= 0);
    assert_int_equal(write(file, SERVER, strlen(SERVER)), (ssize_t)strlen(SERVER));
    assert_true(config_read(path, &config, &err));
    assert_string_equal(config.domains[0], "a.test");
    assert_int_equal(write(file, "\nx = 1\n", 7), 7);
    assert_false(config_read(path, &config, &err));
    assert_non_null(strstr(err.cause, path));
    assert_int_equal(ftruncate(file, (2 << 20)), 0);
    assert_false(config_read(path, &config, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    close(file);
    unlink(path);
    assert_false(config_read(path, &config, &err));
    assert_int_equal(err.kind, ERR_ABSENT);
    assert_null(strstr(err.said, path));
    assert_non_null(strstr(err.cause, path));
    assert_false(config_read("/", &config, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_design),
        cmocka_unit_test(defaults_need_no_file),
        cmocka_unit_test(files_may_be_written_in_many_ways),
        cmocka_unit_test(mistakes_tell_line_setting_and_what_is_right),
        cmocka_unit_test(long_values_do_not_hide_the_advice),
        cmocka_unit_test(certificates_lie_in_data_dir_unless_told),
        cmocka_unit_test(a_path_too_long_for_what_lies_below_it_is_told),
        cmocka_unit_test(our_domains_are_known),
        cmocka_unit_test(what_loosens_safety_is_warned_about),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
