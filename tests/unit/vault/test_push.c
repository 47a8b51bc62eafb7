/* Web Push: the example of RFC 8291, and what a device's key can be. */
#include "push.h"
#include "test.h"
#include "text.h"

#include <string.h>

static void octets(const char *base64url, unsigned char *out, size_t len)
{
    scoped_value(bytes) text = {0};
    scoped_value(bytes) raw = {0};

    for (const char *c = base64url; *c; c++)
        bytes_add_char(&text, (char)(*c == '-' ? '+' : *c == '_' ? '/' : *c));
    while (text.len % 4)
        bytes_add_char(&text, '=');
    assert_true(base64_read(bytes_slice(&text), &raw));
    assert_int_equal(raw.len, len);
    memcpy(out, raw.at, len);
}

#define RECEIVER                                                                                   \
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"

/* RFC 8291 5 and appendix A. */
static void the_example_comes_out(void **state)
{
    struct push_device device;
    unsigned char scalar[PUSH_SCALAR_LEN], salt[PUSH_SALT_LEN];
    scoped_value(bytes) sealed = {0};
    scoped_value(bytes) text = {0};
    struct err err;

    (void)state;
    octets(RECEIVER, device.point, sizeof device.point);
    octets("BTBZMqHH6r4Tts7J_aSIgg", device.auth, sizeof device.auth);
    octets("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", scalar, sizeof scalar);
    octets("DGv6ra1nlYgDCS1FRnbzlw", salt, sizeof salt);
    assert_true(push_seal_with(&device, scalar, salt,
                               SLICE("When I grow up, I want to be a watermelon"), &sealed, &err));
    base64url_add(&text, bytes_slice(&sealed));
    assert_string_equal(text.at,
                        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg"
                        "Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVB"
                        "St2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN");
}

static void no_two_are_sealed_alike(void **state)
{
    struct push_device device;
    scoped_value(bytes) one = {0};
    scoped_value(bytes) two = {0};
    struct err err;

    (void)state;
    octets(RECEIVER, device.point, sizeof device.point);
    memset(device.auth, 7, sizeof device.auth);
    assert_true(push_seal(&device, SLICE("same"), &one, &err));
    assert_true(push_seal(&device, SLICE("same"), &two, &err));
    assert_int_equal(one.len, two.len);
    assert_memory_not_equal(one.at, two.at, 16);
}

static void a_point_lies_on_the_curve(void **state)
{
    struct push_device device;
    scoped_value(bytes) out = {0};
    struct err err;

    (void)state;
    octets(RECEIVER, device.point, sizeof device.point);
    assert_true(push_point_is_good(device.point));
    device.point[40] ^= 1;
    assert_false(push_point_is_good(device.point));
    assert_false(push_seal(&device, SLICE("x"), &out, &err));
    memset(device.point, 0, sizeof device.point);
    assert_false(push_point_is_good(device.point));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_comes_out),
        cmocka_unit_test(no_two_are_sealed_alike),
        cmocka_unit_test(a_point_lies_on_the_curve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
