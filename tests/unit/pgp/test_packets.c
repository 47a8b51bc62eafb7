#include "crc24.h"
#include "packets.h"
#include "test.h"

static struct slice binary(const char *text, size_t len)
{
    return (struct slice){text, len};
}
#define B(literal) binary(literal, sizeof(literal) - 1)

static void packets_are_cut(void **state)
{
    static char long_packet[5 + 300];
    const struct {
        const char *name;
        struct slice in;
        enum packet_step step;
        int tag;
        size_t len;
    } rows[] = {
        {"new format, one octet",
         B("\xc2\x03"
           "abcX"),
         PACKET_NEXT,                                                          2,  3  },
        {"new format, two octets",      {long_packet, 3 + 300}, PACKET_NEXT,   6,  300},
        {"new format, five octets",
         B("\xcd\xff\x00\x00\x00\x02"
           "ab"),
         PACKET_NEXT,                                                          13, 2  },
        {"old format, one octet",
         B("\x88\x02"
           "ab"),
         PACKET_NEXT,                                                          2,  2  },
        {"old format, two octets",
         B("\x99\x00\x02"
           "ab"),
         PACKET_NEXT,                                                          6,  2  },
        {"old format, four octets",
         B("\x9a\x00\x00\x00\x02"
           "ab"),
         PACKET_NEXT,                                                          6,  2  },
        {"an empty packet",             B("\xc2\x00"),          PACKET_NEXT,   2,  0  },
        {"nothing",                     B(""),                  PACKET_END,    0,  0  },
        {"old format without a length",
         B("\x8b"
           "ab"),
         PACKET_BROKEN,                                                        0,  0  },
        {"a partial length",
         B("\xc2\xe1"
           "ab"),
         PACKET_BROKEN,                                                        0,  0  },
        {"a length past the end",
         B("\xc2\x03"
           "ab"),
         PACKET_BROKEN,                                                        0,  0  },
        {"a huge length",
         B("\xcd\xff\xff\xff\xff\xff"
           "ab"),
         PACKET_BROKEN,                                                        0,  0  },
        {"a length cut off",            B("\xcd\xff\x00"),      PACKET_BROKEN, 0,  0  },
        {"no length",                   B("\xc2"),              PACKET_BROKEN, 0,  0  },
        {"no packet",                   B("hello"),             PACKET_BROKEN, 0,  0  },
    };

    (void)state;
    memcpy(long_packet, "\xc6\xc0\x6c", 3); /* 300 = 192 + 108 */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct packet packet = {0};
        struct slice rest = rows[i].in;
        enum packet_step step = packet_cut(&rest, &packet);
        if (step != rows[i].step || packet.tag != rows[i].tag || packet.body.len != rows[i].len)
            fail_msg("%s: step %d tag %d length %zu", rows[i].name, (int)step, packet.tag,
                     packet.body.len);
    }
}

static void armor_comes_off(void **state)
{
    static const struct {
        const char *name, *in;
        const char *out; /* NULL: refused */
    } rows[] = {
        {"plain",                                       "-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n",
         "hello"                                                                                                                           },
        {"CRLF, headers, checksum and words around it",
         "Look:\r\n-----BEGIN PGP SIGNATURE-----\r\nVersion: X\r\n\r\naGVs\r\nbG8=\r\n=XXXX\r\n"
         "-----END PGP SIGNATURE-----\r\nSee?\r\n",                                                                                 "hello"},
        {"no end",                                      "-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n",                              NULL   },
        {"no blank line",                               "-----BEGIN PGP SIGNATURE-----\naGVsbG8=\n-----END PGP SIGNATURE-----\n",
         NULL                                                                                                                              },
        {"two blocks",
         "-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n"
         "-----BEGIN PGP SIGNATURE-----\n\naGVsbG8=\n-----END PGP SIGNATURE-----\n",                                                NULL   },
        {"not base64",                                  "-----BEGIN PGP SIGNATURE-----\n\nh*llo\n-----END PGP SIGNATURE-----\n",
         NULL                                                                                                                              },
        {"no armor",                                    "hello",                                                                    NULL   },
        {"nothing",                                     "",                                                                         NULL   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) out = {0};
        bool good = openpgp_binary(slice_of(rows[i].in), &out);
        if (good != (rows[i].out != NULL) || (good && !slice_is(bytes_slice(&out), rows[i].out)))
            fail_msg("%s", rows[i].name);
    }
}

static void parts_of_a_certificate_are_bounded(void **state)
{
    scoped_value(bytes) many = {0};
    struct err err;

    (void)state;
    assert_true(certificate_is_fit(B("\xc6\x01x\xcd\x01y\xc2\x01z"), &err));
    assert_false(certificate_is_fit(B(""), &err));
    assert_false(certificate_is_fit(B("\xcd\x01y\xc6\x01x"), &err));
    assert_false(certificate_is_fit(B("\xc6\x01x\xc6\x01x"), &err));
    assert_false(certificate_is_fit(B("\xc6\x01x\xcb\x01x"), &err)); /* literal data */
    assert_false(certificate_is_fit(B("\xc5\x01x"), &err));
    assert_non_null(strstr(err.said, "secret"));
    bytes_add(&many, B("\xc6\x01x"));
    for (int i = 0; i < 399; i++)
        bytes_add(&many, B("\xc2\x01z"));
    assert_true(certificate_is_fit(bytes_slice(&many), &err));
    bytes_add(&many, B("\xc2\x01z"));
    assert_false(certificate_is_fit(bytes_slice(&many), &err));
    assert_int_equal(err.kind, ERR_MALFORMED);
}

static void signatures_are_counted(void **state)
{
    (void)state;
    assert_int_equal(signatures_count(B("\xc2\x01z")), 1);
    assert_int_equal(signatures_count(B("\xc2\x01z\x88\x01z")), 2);
    assert_int_equal(signatures_count(B("\xc2\x01z\xcb\x01z")), 0);
    assert_int_equal(signatures_count(B("\xc2\x01z\xc2")), 0);
    assert_int_equal(signatures_count(B("")), 0);
}

/* As RFC 9580 6.1.1 writes it down. */
static uint32_t by_the_book(struct slice s)
{
    uint32_t sum = 0xB704CE;

    for (size_t i = 0; i < s.len; i++) {
        sum ^= (uint32_t)(unsigned char)s.at[i] << 16;
        for (int bit = 0; bit < 8; bit++) {
            sum <<= 1;
            if (sum & 0x1000000)
                sum ^= 0x1864CFB;
        }
    }
    return sum;
}

static void the_checksum_is_that_of_the_rfc(void **state)
{
    (void)state;
    struct crc24 crc24;
    char text[64];

    crc24_init(&crc24);
    assert_int_equal(crc24_value(crc24_count(&crc24, CRC24_START, SLICE("123456789"))), 0x21CF02);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 41);
    for (size_t len = 0; len <= sizeof text; len++) {
        struct slice all = {text, len};
        uint32_t sum = crc24_count(&crc24, CRC24_START, slice_first(all, len / 3));
        sum = crc24_count(&crc24, sum, slice_from(all, len / 3));
        assert_int_equal(crc24_value(sum), by_the_book(all));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_are_cut),
        cmocka_unit_test(the_checksum_is_that_of_the_rfc),
        cmocka_unit_test(armor_comes_off),
        cmocka_unit_test(parts_of_a_certificate_are_bounded),
        cmocka_unit_test(signatures_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
