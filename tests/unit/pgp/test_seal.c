#include "pgp.h"
#include "test.h"

static struct err err;

static void a_clear_copy_is_vouched_for(void **state)
{
    const struct pgp_orders orders = {PGP_CLEAR_BY_CHOICE};
    struct memory_sink sink;

    (void)state;
    memory_sink_init(&sink);
    scoped(source) plain = source_of_slice(SLICE("Subject: hello\r\n\r\nhello\r\n"));
    scoped(pgp_sealed) sealed = pgp_seal(NULL, &orders, plain, &sink.sink, &err);
    assert_non_null(sealed);
    assert_int_equal(pgp_sealed_form(sealed), PGP_CLEAR_BY_CHOICE);
    assert_int_equal(pgp_sealed_size(sealed), 25);
    assert_ptr_equal(pgp_sealed_sink(sealed), &sink.sink);
    assert_text(sink.bytes.at, "Subject: hello\r\n\r\nhello\r\n");
    bytes_clear(&sink.bytes);
}

static void other_forms_are_refused(void **state)
{
    static const enum pgp_form forms[] = {PGP_SEALED, PGP_WAS_ENCRYPTED, PGP_SERVER_KEY};
    struct memory_sink sink;

    (void)state;
    memory_sink_init(&sink);
    scoped(source) plain = source_of_slice(SLICE("hello"));
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        const struct pgp_orders orders = {forms[i]};
        assert_null(pgp_seal(NULL, &orders, plain, &sink.sink, &err));
        assert_int_equal(err.kind, ERR_REFUSED);
        assert_int_equal(sink.bytes.len, 0);
    }
    bytes_clear(&sink.bytes);
}

static bool write_nothing(struct sink *sink, struct slice s, struct err *why)
{
    (void)sink;
    (void)s;
    return err_set(why, ERR_FULL, "No room");
}

static void a_full_disk_vouches_for_nothing(void **state)
{
    static const struct sink_kind full = {write_nothing};
    const struct pgp_orders orders = {PGP_CLEAR_BY_CHOICE};
    struct sink sink = {&full};

    (void)state;
    scoped(source) plain = source_of_slice(SLICE("hello"));
    assert_null(pgp_seal(NULL, &orders, plain, &sink, &err));
    assert_int_equal(err.kind, ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clear_copy_is_vouched_for),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(a_full_disk_vouches_for_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
