/* Certificates: what is made is read, and a request is what OpenSSL itself accepts. */
#include "certificate.h"
#include "clock.h"
#include "test.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

static const char *const names[] = {"a.test", "mta-sts.a.test"};
static struct err err;

static void a_certificate_is_read_as_it_was_made(void **state)
{
    scoped_value(bytes) pem = {0};
    scoped_value(bytes) key = {0};
    scoped_value(certificate_facts) facts = {0};
    unsigned char its[SHA256_LEN], ours[SHA256_LEN];

    (void)state;
    assert_true(certificate_self_signed(names, COUNT_OF(names), &pem, &key, &err));
    assert_true(certificate_read(bytes_slice(&pem), &facts));
    assert_string_equal(facts.names.at, "a.test mta-sts.a.test");
    assert_true(facts.self_signed);
    assert_true(certificate_has_name(&facts, "mta-sts.a.test"));
    assert_false(certificate_has_name(&facts, "mta-sts"));
    assert_false(certificate_has_name(&facts, ""));
    int64_t now = clock_now(&system_clock);
    assert_true(facts.from_ms < now && facts.until_ms > now + 9 * 365 * DAY_MS);
    assert_true(certificate_key_digest(bytes_slice(&pem), its));
    assert_true(certificate_key_digest(bytes_slice(&key), ours));
    assert_memory_equal(its, ours, sizeof its);
}

static void what_is_none_is_not_read(void **state)
{
    static const char *const texts[] = {
        "", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        scoped_value(certificate_facts) facts = {0};
        assert_false(certificate_read(slice_of(texts[i]), &facts));
    }
}

static void a_request_holds_names_and_key(void **state)
{
    scoped_value(bytes) pem = {0};
    scoped_value(bytes) key = {0};
    scoped_value(bytes) der = {0};

    (void)state;
    assert_true(certificate_self_signed(names, COUNT_OF(names), &pem, &key, &err));
    assert_true(certificate_request(bytes_slice(&key), names, COUNT_OF(names), &der, &err));
    const unsigned char *at = (const unsigned char *)der.at;
    X509_REQ *request = d2i_X509_REQ(NULL, &at, (long)der.len);
    assert_non_null(request);
    assert_int_equal(X509_REQ_verify(request, X509_REQ_get0_pubkey(request)), 1);
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(request);
    GENERAL_NAMES *all = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(all), COUNT_OF(names));
    GENERAL_NAMES_free(all);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_free(request);
    assert_false(certificate_request(SLICE("no key"), names, COUNT_OF(names), &der, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_read_as_it_was_made),
        cmocka_unit_test(what_is_none_is_not_read),
        cmocka_unit_test(a_request_holds_names_and_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
