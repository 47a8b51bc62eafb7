/* What `nestbox dns` prints, and what it says of a world that is not as it must be. */
#include "../smtp/zone.h"
#include "dns_check.h"
#include "memory.h"

#include "test.h"

#include <stdio.h>

static struct config config;
static struct dns_known known;
static struct dns_signer signers[] = {
    {0, (char[]){"r26a._domainkey.a.test"}, (char[]){"v=DKIM1; k=rsa; p=AAAA"}    },
    {0, (char[]){"e26a._domainkey.a.test"}, (char[]){"v=DKIM1; k=ed25519; p=BBBB"}},
};

static void set_up_known(const char *hostname)
{
    config_defaults(&config);
    config.domain_count = 1;
    snprintf(config.domains[0], sizeof config.domains[0], "a.test");
    snprintf(config.hostname, sizeof config.hostname, "%s", hostname);
    snprintf(config.acme, sizeof config.acme, "https://acme-v02.api.ca.example/directory");
    known = (struct dns_known){.config = &config,
                               .address_count = 2,
                               .spki_count = 2,
                               .signers = signers,
                               .signer_count = COUNT_OF(signers)};
    snprintf(known.addresses[0], sizeof known.addresses[0], "20.0.0.10");
    snprintf(known.addresses[1], sizeof known.addresses[1], "2a00:1::10");
    memset(known.spki[0], 0x11, DNS_SPKI_LEN);
    memset(known.spki[1], 0x22, DNS_SPKI_LEN);
}

/* The plan as the lines that zone_answer() reads. */
static char *world_of(const struct dns_plan *plan)
{
    scoped_value(bytes) out = {0};

    for (size_t i = 0; i < plan->count; i++) {
        const struct dns_wanted *wanted = &plan->at[i];
        struct slice value = slice_of(wanted->value);
        if (wanted->type == DNS_CAA) {
            bytes_print(&out, "%s CAA 0 issue ca.example\n", wanted->name);
            continue;
        }
        if (wanted->type != DNS_TXT && value.at[value.len - 1] == '.')
            value.len--;
        bytes_print(&out, "%s %s %.*s\n", wanted->name, dns_type_name(wanted->type),
                    SLICE_ARGS(value));
    }
    bytes_add_text(&out, "mta-sts.a.test A 20.0.0.10\nautoconfig.a.test A 20.0.0.10\n"
                         "openpgpkey.a.test A 20.0.0.10\n");
    return bytes_take(&out);
}

/* `text` with each line that begins with `from` gone, and `to` added. */
static char *changed(const char *text, const char *from, const char *to)
{
    scoped_value(bytes) out = {0};
    struct slice rest = slice_of(text);

    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);
        if (!from[0] || !slice_starts(line, slice_of(from)))
            bytes_print(&out, "%.*s\n", SLICE_ARGS(line));
    }
    bytes_add_text(&out, to);
    return bytes_take(&out);
}

static void look(const struct dns_plan *plan, const char *world, bool secure,
                 struct dns_complaints *out)
{
    scoped_value(dns_facts) facts = {0};

    while (!dns_check(plan, 0, &facts, out)) {
        assert_true(zone_answer(world, &facts) > 0);
        for (size_t i = 0; i < facts.count; i++)
            facts.at[i]->answer.secure = secure;
    }
}

static void all_is_right(void **state)
{
    (void)state;
    static const char *const hosts[] = {"mx.a.test", "a.test", "mx.elsewhere.test"};

    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        scoped_value(dns_plan) plan = {0};
        scoped_value(dns_complaints) said = {0};
        set_up_known(hosts[i]);
        dns_plan_make(&known, &plan);
        scoped_text char *world = world_of(&plan);
        look(&plan, world, true, &said);
        for (size_t k = 0; k < said.count; k++)
            print_message("%s: %s: %s\n", hosts[i], said.at[k].about, said.at[k].said);
        assert_int_equal(said.count, 0);
    }
}

static void each_fault_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *gone, *instead, *about, *said;
    } rows[] = {
        {"a.test A",                         "",                                                        "A a.test",                     "there is none"                                    },
        {"a.test AAAA",                      "",                                                        "AAAA a.test",                  "there is none"                                    },
        {"mx.a.test A",                      "mx.a.test A 20.9.9.9\n",                                  "A mx.a.test",                  "20.9.9.9"                                         },
        {"",                                 "a.test A 20.9.9.9\n",                                     "A a.test",                     "20.9.9.9"                                         },
        {"a.test MX",                        "",                                                        "MX a.test",                    "there is none"                                    },
        {"a.test MX",                        "a.test MX 10 mx.b.test\n",                                "MX a.test",                    "does not name mx.a.test"                          },
        {"a.test MX",                        "a.test MX 0 \n",                                          "MX a.test",                    "takes no mail"                                    },
        {"a.test TXT",                       "",                                                        "TXT a.test",                   "there is none"                                    },
        {"a.test TXT",                       "a.test TXT v=spf1 ip4:20.0.0.10 -all\n",                  "TXT a.test",                   "2a00:1::10"                                       },
        {"a.test TXT",                       "a.test TXT v=spf1 +all\n",                                "TXT a.test",                   "everybody"                                        },
        {"a.test TXT",                       "a.test TXT v=spf1 mx\n",                                  "TXT a.test",                   "forbids nobody"                                   },
        {"a.test TXT",                       "a.test TXT v=spf1 mx bad\n",                              "TXT a.test",                   "mistake"                                          },
        {"",                                 "a.test TXT v=spf1 mx -all\n",                             "TXT a.test",                   "there are 2"                                      },
        {"mx.a.test TXT",                    "",                                                        "TXT mx.a.test",                "there is none"                                    },
        {"r26a",                             "",                                                        "TXT r26a._domainkey.a.test",   "there is none"                                    },
        {"r26a",                             "r26a._domainkey.a.test TXT v=DKIM1; k=rsa; p=\n",         "TXT r26a",                     "another key"                                      },
        {"",                                 "e26a._domainkey.a.test TXT v=DKIM1; k=ed25519; p=BBBB\n", "TXT e26a",                     "several"                                          },
        {"_dmarc",                           "",                                                        "TXT _dmarc.a.test",            "there is none"                                    },
        {"_dmarc",                           "_dmarc.a.test TXT v=DMARC1; p=none\n",                    "TXT _dmarc.a.test",            "p=none"                                           },
        {"_dmarc",                           "_dmarc.a.test TXT v=DMARC1; p=maybe\n",                   "TXT _dmarc.a.test",            "no p=reject"                                      },
        {"_dmarc",                           "_dmarc.a.test TXT v=DMARC11; p=reject\n",                 "TXT _dmarc.a.test",            "there is none"                                    },
        {"_mta-sts",                         "",                                                        "TXT _mta-sts.a.test",          "there is none"                                    },
        {"_mta-sts",                         "_mta-sts.a.test TXT v=STSv1; id=a-b\n",                   "TXT _mta-sts",                 "letters"                                          },
        {"_mta-sts",                         "_mta-sts.a.test TXT v=STSv1; id=1\n",                     "TXT _mta-sts",                 "another policy"                                   },
        {"mta-sts",                          "",                                                        "CNAME mta-sts.a.test",         "there is none"                                    },
        {"mta-sts",                          "mta-sts.a.test A 20.9.9.9\n",                             "CNAME mta-sts.a.test",         "20.9.9.9"                                         },
        {"_smtp._tls",                       "",                                                        "TXT _smtp._tls.a.test",        "there is none"                                    },
        {"_smtp._tls",                       "_smtp._tls.a.test TXT v=TLSRPTv1\n",                      "TXT _smtp._tls",               "nobody"                                           },
        {"_25._tcp",                         "",                                                        "TLSA _25._tcp.mx.a.test",      "there is none"                                    },
        {"_25._tcp",                         "_25._tcp.mx.a.test TLSA 3 1 1 22\n",                      "TLSA _25._tcp",                "another key"                                      },
        {"_25._tcp.mx.a.test TLSA 3 1 1 22", "",                                                        "TLSA _25._tcp",                "comes next"                                       },
        {"_submissions",                     "",                                                        "SRV _submissions._tcp.a.test", "there is none"                                    },
        {"_imaps",                           "_imaps._tcp.a.test SRV 0 1 993 mx.b.test\n",              "SRV _imaps",                   "elsewhere"                                        },
        {"autoconfig",                       "",                                                        "CNAME autoconfig.a.test",      "there is none"                                    },
        {"openpgpkey",                       "",                                                        "CNAME openpgpkey.a.test",      "there is none"                                    },
        {"a.test CAA",                       "",                                                        "CAA a.test",                   "anybody may issue certificates and not ca.example"},
        {"a.test CAA",                       "a.test CAA 0 issue ;\n",                                  "CAA a.test",                   "does not allow ca.example"                        },
        {"10.0.0.20",                        "",                                                        "PTR 10.0.0.20.in-addr.arpa",   "ask whoever"                                      },
        {"10.0.0.20",                        "10.0.0.20.in-addr.arpa PTR x.test\n",                     "PTR 10.0.0.20",                "it says x.test."                                  },
        {"0.1.0.0",                          "",                                                        "PTR 0.1.0.0",                  "ask whoever"                                      },
        {"_dmarc",                           "_dmarc.a.test FAIL\n",                                    "TXT _dmarc.a.test",            "no name server answered"                          },
    };
    scoped_value(dns_plan) plan = {0};

    set_up_known("mx.a.test");
    dns_plan_make(&known, &plan);
    scoped_text char *right = world_of(&plan);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(dns_complaints) out = {0};
        scoped_text char *world = changed(right, rows[i].gone, rows[i].instead);
        bool named = false;
        look(&plan, world, true, &out);
        for (size_t k = 0; k < out.count; k++)
            named |= slice_starts(slice_of(out.at[k].about), slice_of(rows[i].about)) &&
                     slice_has(slice_of(out.at[k].said), rows[i].said);
        if (!named)
            fail_msg("\"%s\" for \"%s\": %zu complaints, the first: %s: %s", rows[i].instead,
                     rows[i].gone, out.count, out.count ? out.at[0].about : "",
                     out.count ? out.at[0].said : "");
    }
}

static void an_unsigned_zone_is_told_once_and_has_no_use_for_tlsa(void **state)
{
    (void)state;
    scoped_value(dns_plan) plan = {0};
    scoped_value(dns_complaints) with = {0};
    scoped_value(dns_complaints) out = {0};

    set_up_known("mx.a.test");
    dns_plan_make(&known, &plan);
    scoped_text char *world = world_of(&plan);
    look(&plan, world, false, &with);
    assert_int_equal(with.count, 2);
    scoped_text char *without = changed(world, "_25._tcp", "");
    look(&plan, without, false, &out);
    assert_int_equal(out.count, 1);
    assert_string_equal(out.at[0].about, "DNSSEC a.test");
    assert_true(out.at[0].advice);
}

/* A DNS server that takes signatures away makes every zone look false: none of them is to be signed anew. */
static void where_nothing_is_verified_the_resolver_is_named(void **state)
{
    (void)state;
    scoped_value(dns_plan) plan = {0};
    scoped_value(dns_complaints) out = {0};
    scoped_value(dns_facts) facts = {0};
    size_t named = 0;

    set_up_known("mx.a.test");
    dns_plan_make(&known, &plan);
    while (!dns_check(&plan, 0, &facts, &out)) {
        assert_true(zone_answer("", &facts) > 0);
        for (size_t i = 0; i < facts.count; i++)
            facts.at[i]->answer.outcome = i % 7 ? DNS_BOGUS : DNS_FAILED;
    }
    for (size_t i = 0; i < out.count; i++) {
        named += strcmp(out.at[i].about, "DNSSEC") == 0;
        for (size_t k = 0; k < i; k++)
            assert_false(strcmp(out.at[i].about, out.at[k].about) == 0 &&
                         strcmp(out.at[i].said, out.at[k].said) == 0);
    }
    assert_int_equal(named, 1);
}

static void an_unknown_address_is_a_guess(void **state)
{
    (void)state;
    scoped_value(dns_plan) plan = {0};
    scoped_value(dns_complaints) out = {0};
    scoped_value(bytes) zone = {0};

    set_up_known("mx.a.test");
    known.address_count = 0;
    dns_plan_make(&known, &plan);
    dns_print_zone(&plan, SIZE_MAX, &zone);
    assert_true(
        slice_has(bytes_slice(&zone), "; put the public address of this machine for 192.0.2.1\n"));
    scoped_text char *right = world_of(&plan);
    scoped_text char *some = changed(right, "a.test A", "a.test A 20.0.0.77\n");
    scoped_text char *world = changed(some, "mx.a.test A", "mx.a.test A 20.0.0.77\n");
    scoped_text char *aliases = changed(world, "mta-sts", "mta-sts.a.test A 20.0.0.77\n");
    scoped_text char *more = changed(aliases, "autoconfig", "autoconfig.a.test A 20.0.0.77\n");
    scoped_text char *all = changed(more, "openpgpkey", "openpgpkey.a.test A 20.0.0.1\n");
    look(&plan, all, true, &out);
    assert_int_equal(out.count, 1);
    assert_string_equal(out.at[0].about, "CNAME openpgpkey.a.test");
}

static void a_machine_may_have_ipv6_alone(void **state)
{
    (void)state;
    scoped_value(dns_plan) plan = {0};
    scoped_value(dns_complaints) none = {0};
    scoped_value(dns_complaints) one = {0};

    set_up_known("mx.a.test");
    known.address_count = 1;
    snprintf(known.addresses[0], sizeof known.addresses[0], "2a00:1::10");
    dns_plan_make(&known, &plan);
    scoped_text char *with_old = world_of(&plan);
    scoped_text char *world = changed(with_old, "mta-sts", "mta-sts.a.test AAAA 2a00:1::10\n");
    scoped_text char *more = changed(world, "autoconfig", "autoconfig.a.test AAAA 2a00:1::10\n");
    scoped_text char *right = changed(more, "openpgpkey", "openpgpkey.a.test AAAA 2a00:1::10\n");
    look(&plan, right, true, &none);
    assert_int_equal(none.count, 0);
    scoped_text char *stale = changed(right, "", "mx.a.test A 20.0.0.10\n");
    look(&plan, stale, true, &one);
    assert_true(one.count > 0);
    assert_string_equal(one.at[0].about, "A mx.a.test");
}

static void long_texts_are_cut_into_strings(void **state)
{
    (void)state;
    char text[600];
    scoped_value(bytes) line = {0};

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct dns_wanted wanted = {.name = (char[]){"a.test"}, .type = DNS_TXT, .value = text};
    dns_wanted_line(&wanted, &line);
    size_t strings = 0;
    for (size_t i = 0; i < line.len; i++)
        strings += line.at[i] == '"';
    assert_int_equal(strings, 6);
    assert_true(slice_has(bytes_slice(&line), "x\" \"x"));
}

static void what_strangers_wrote_is_made_harmless(void **state)
{
    (void)state;
    scoped_value(bytes) out = {0};

    dns_data_text(DNS_TXT, SLICE("\005a\033[2J"), &out);
    dns_data_text(DNS_MX, SLICE("\0"), &out);
    dns_data_text(DNS_SRV, SLICE("\0\1\0\1"), &out);
    dns_data_text(DNS_CAA, SLICE("\0\377issue"), &out);
    dns_data_text(DNS_A, SLICE("\1\2\3"), &out);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.at[i] >= ' ' && out.at[i] <= '~');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_is_right),
        cmocka_unit_test(each_fault_is_named),
        cmocka_unit_test(an_unsigned_zone_is_told_once_and_has_no_use_for_tlsa),
        cmocka_unit_test(where_nothing_is_verified_the_resolver_is_named),
        cmocka_unit_test(an_unknown_address_is_a_guess),
        cmocka_unit_test(a_machine_may_have_ipv6_alone),
        cmocka_unit_test(long_texts_are_cut_into_strings),
        cmocka_unit_test(what_strangers_wrote_is_made_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
