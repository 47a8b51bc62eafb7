/* A mail built: every line 7-bit and short, nothing injected, and read back as it was meant. */
#include "test.h"

#include "compose.h"
#include "mail.h"
#include "memory.h"
#include "text.h"

struct built {
    struct bytes text;
    struct source *source;
    struct mail *mail;
};

static void check_lines(struct slice text)
{
    while (text.at && text.len > 0) {
        size_t end = slice_find_text(text, SLICE("\r\n"));

        assert_true(end != SIZE_MAX);
        assert_true(end < 998);
        for (size_t i = 0; i < end; i++)
            assert_true(text.at[i] == '\t' || (text.at[i] >= ' ' && text.at[i] < 0x7F));
        text = slice_from(text, end + 2);
    }
}

static struct built build(struct compose *c)
{
    struct memory_sink sink;
    struct built built = {0};
    struct err err;

    memory_sink_init(&sink);
    assert_true(compose_write(c, &sink.sink, &err));
    built.text = sink.bytes;
    check_lines(bytes_slice(&built.text));
    built.source = source_of_slice(bytes_slice(&built.text));
    assert_true(mail_parse(built.source, &built.mail, &err));
    return built;
}

static void clear_built(struct built *built)
{
    mail_free(built->mail);
    source_free(built->source);
    bytes_clear(&built->text);
}

#define BUILT __attribute__((cleanup(clear_built))) struct built

static void subjects_come_back(void **state)
{
    static const struct {
        const char *name, *text, *expected;
    } rows[] = {
        {"ASCII",                           "Good morning",                           "Good morning"     },
        {"empty",                           "",                                       ""                 },
        {"umlauts",                         "Grüße aus Köln",                      "Grüße aus Köln"},
        {"other planes",                    "🙂 Ω 漢字",                         "🙂 Ω 漢字"   },
        {"what looks encoded",              "=?utf-8?Q?x?=",                          "=?utf-8?Q?x?="    },
        {"an injected field",               "a\r\nBcc: eve@evil.example\r\n\r\nbody",
         "a Bcc: eve@evil.example  body"                                                                 },
        {"controls and NUL's neighbours",
         "a\x1b\x7f"
         "b",                                                                         "a  b"             },
        {"a separator of lines in Unicode",
         "a\xE2\x80\xA8"
         "b",                                                                         "a b"              },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped(compose) c = compose_new();

        compose_field(c, "Subject", rows[i].text);
        compose_text(c, SLICE("x"), NULL);
        BUILT built = build(c);
        scoped_value(bytes) got = {0}, wanted = {0};
        for (const char *at = mail_field(built.mail, "Subject", 0); *at; at++)
            if (*at != ' ')
                bytes_add_char(&got, *at);
        for (const char *at = rows[i].expected; *at; at++)
            if (*at != ' ')
                bytes_add_char(&wanted, *at);
        if (!slice_eq(bytes_slice(&got), bytes_slice(&wanted)))
            fail_msg("%s: %s", rows[i].name, mail_field(built.mail, "Subject", 0));
        assert_int_equal(mail_field_count(built.mail, "Bcc"), 0);
    }
}

static void long_fields_are_folded_and_come_back(void **state)
{
    scoped_value(bytes) words = {0}, umlauts = {0}, solid = {0};

    (void)state;
    for (int i = 0; i < 300; i++) {
        bytes_print(&words, i ? " word%d" : "word%d", i);
        bytes_add_text(&umlauts, "äöü€");
        bytes_add_text(&solid, "abcdefghij");
    }
    const char *const texts[] = {words.at, umlauts.at, solid.at};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        scoped(compose) c = compose_new();

        compose_field(c, "Subject", texts[i]);
        compose_text(c, SLICE("x"), NULL);
        BUILT built = build(c);
        assert_text(mail_field(built.mail, "Subject", 0), texts[i]);
    }
}

static void addresses_come_back(void **state)
{
    static const struct {
        const char *name, *display, *address, *expected_name, *expected;
    } rows[] = {
        {"bare",                        NULL,                            "a@b.example",                     NULL,                  "a@b.example"                   },
        {"with a handle",               "Bob (@bob@social.example)",     "bob=social.example@example.org",
         "Bob (@bob@social.example)",                                                                                              "bob=social.example@example.org"},
        {"quotes in the name",          "Bob \"the\\cat\"",              "a@b.example",                     "Bob \"the\\cat\"",
         "a@b.example"                                                                                                                                             },
        {"an address as name",          "eve@evil.example, x",           "a@b.example",                     "eve@evil.example, x",
         "a@b.example"                                                                                                                                             },
        {"umlauts",                     "Jörg Müller",                 "a@b.example",                     "Jörg Müller",       "a@b.example"                   },
        {"an injected address",         "Bob\" <eve@evil.example>, \"x", "a@b.example",
         "Bob\" <eve@evil.example>, \"x",                                                                                          "a@b.example"                   },
        {"an injected line",            "Bob\r\nBcc: eve@evil.example",  "a@b.example",
         "Bob Bcc: eve@evil.example",                                                                                              "a@b.example"                   },
        {"an address that ends itself", NULL,                            "a@b.example>, <eve@evil.example", NULL,                  NULL                            },
        {"a host of many letters",      NULL,                            "a@bücher.example",               NULL,                  "a@xn--bcher-kva.example"       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped(compose) c = compose_new();
        scoped_value(mail_addresses) to = {0};

        compose_address(c, "To", rows[i].display, rows[i].address);
        compose_address(c, "To", "Second", "second@b.example");
        compose_text(c, SLICE("x"), NULL);
        BUILT built = build(c);
        mail_addresses(built.mail, "To", &to);
        assert_int_equal(mail_field_count(built.mail, "Bcc"), 0);
        if (!rows[i].expected) {
            assert_true(to.count <= 2);
            continue;
        }
        if (to.count != 2)
            fail_msg("%s: %zu addresses", rows[i].name, to.count);
        assert_text(to.at[0].address, rows[i].expected);
        assert_text(to.at[0].name, rows[i].expected_name ? rows[i].expected_name : "(null)");
        assert_text(to.at[1].address, "second@b.example");
    }
}

static void texts_come_back(void **state)
{
    static const struct {
        const char *name, *text, *expected;
    } rows[] = {
        {"plain",                            "Hello\n\nyou\n",       "Hello\n\nyou\n"      },
        {"a signature mark keeps its blank", "a\n-- \nb\n",          "a\n-- \nb\n"         },
        {"umlauts",                          "Grüße\n",            "Grüße\n"           },
        {"a line of From",                   "From here\n.\n..\n",   "From here\n.\n..\n"  },
        {"no end of line",                   "a",                    "a\n"                 },
        {"CRLF and lone CR",                 "a\r\nb\rc\n",          "a\nb\nc\n"           },
        {"equal signs",                      "a=3D=\n=ü=\n",        "a=3D=\n=ü=\n"       },
        {"what looks like a boundary",       "--=_x\n--=_x--\nü\n", "--=_x\n--=_x--\nü\n"},
        {"nothing",                          "",                     ""                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped(compose) c = compose_new();
        scoped_value(bytes) plain = {0}, html = {0};
        struct err err;

        compose_language(c, "de-CH");
        compose_text(c, slice_of(rows[i].text), "<p>Grüße</p>");
        BUILT built = build(c);
        struct mail_part *root = mail_root(built.mail);
        assert_text(mail_part_type(root), "multipart/alternative");
        assert_int_equal(mail_part_count(root), 2);
        assert_true(mail_part_text(mail_part_child(root, 0), 10000, &plain, &err));
        assert_true(mail_part_text(mail_part_child(root, 1), 10000, &html, &err));
        assert_true(slice_has(bytes_slice(&html), "<html lang=\"de-CH\">"));
        assert_true(slice_has(bytes_slice(&html), "<p>Grüße</p>"));
        if (!slice_is(slice_trim(bytes_slice(&plain)), rows[i].expected) &&
            !slice_eq(slice_trim(bytes_slice(&plain)), slice_trim(slice_of(rows[i].expected))))
            fail_msg("%s: %s", rows[i].name, plain.at);
    }
}

static void long_lines_come_back(void **state)
{
    scoped(compose) c = compose_new();
    scoped_value(bytes) text = {0}, plain = {0};
    struct err err;

    (void)state;
    memset(bytes_reserve(&text, 5000), 'x', 5000);
    text.len = 5000;
    compose_text(c, bytes_slice(&text), NULL);
    BUILT built = build(c);
    assert_true(mail_part_text(mail_root(built.mail), 10000, &plain, &err));
    assert_true(slice_eq(slice_trim(bytes_slice(&plain)), bytes_slice(&text)));
}

static void attachments_come_back(void **state)
{
    scoped(compose) c = compose_new();
    char raw[1000];
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof raw; i++)
        raw[i] = (char)(i * 7);
    compose_text(c, SLICE("Look"), "<p>Look</p>");
    compose_attach(c, "image/png", "Bild äöü\r\nX: y.png", "red boats\r\nin mist ü",
                   (struct slice){raw, sizeof raw});
    compose_attach(c, "image/gif", NULL, NULL, SLICE(""));
    BUILT built = build(c);
    struct mail_part *root = mail_root(built.mail);
    struct mail_part *picture = mail_part_child(root, 1);
    scoped_value(bytes) content = {0};
    assert_text(mail_part_type(root), "multipart/mixed");
    assert_int_equal(mail_part_count(root), 3);
    assert_int_equal(mail_part_count(mail_part_child(root, 0)), 2);
    assert_text(mail_part_type(picture), "image/png");
    assert_true(mail_part_is_attachment(picture));
    assert_text(mail_part_file_name(picture), "Bild äöü X: y.png");
    assert_text(mail_part_field(picture, "Content-Description"), "red boats in mist ü");
    assert_true(mail_part_content(picture, 1000, &content, &err));
    assert_memory_equal(content.at, raw, sizeof raw);
}

static void a_picture_shown_in_the_text_comes_along(void **state)
{
    scoped(compose) c = compose_new();

    (void)state;
    compose_text(c, SLICE("Look"), "<p><img src=\"cid:a.face@example.org\" alt=\"\"></p>");
    compose_inline(c, "image/png", "a.face@example.org", "Bob", SLICE("pixels"));
    BUILT built = build(c);
    struct mail_part *root = mail_root(built.mail);
    struct mail_part *picture = mail_part_child(root, 1);
    assert_text(mail_part_type(root), "multipart/related");
    assert_text(mail_part_type(mail_part_child(root, 0)), "multipart/alternative");
    assert_text(mail_part_type(picture), "image/png");
    assert_text(mail_part_field(picture, "Content-ID"), "<a.face@example.org>");
    assert_text(mail_part_field(picture, "Content-Disposition"), "inline");
    assert_false(mail_part_is_attachment(picture));
}

static void ids_and_dates_come_back(void **state)
{
    scoped(compose) c = compose_new();
    char *ids[40];
    char id[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org";
    char evil[] = "x@y>\r\nBcc: <e@f";
    scoped_value(mail_ids) got = {0}, own = {0};
    char *one[] = {evil};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        ids[i] = id;
    compose_ids(c, "References", ids, COUNT_OF(ids));
    compose_ids(c, "Message-ID", one, 1);
    compose_date(c, INT64_C(1795336200000));
    compose_text(c, SLICE("x"), NULL);
    BUILT built = build(c);
    mail_ids(built.mail, "References", &got);
    mail_ids(built.mail, "Message-ID", &own);
    assert_int_equal(got.count, COUNT_OF(ids));
    assert_text(got.at[39], id);
    assert_int_equal(own.count, 1);
    assert_text(own.at[0], "x@yBcc:e@f");
    assert_int_equal(mail_date_ms(built.mail), INT64_C(1795336200000));
    assert_text(mail_field(built.mail, "MIME-Version", 0), "1.0");
}

static void a_face_comes_back(void **state)
{
    scoped_value(bytes) face = {0};
    scoped_value(bytes) said = {0};
    scoped_value(bytes) back = {0};

    (void)state;
    for (size_t i = 0; i < COMPOSE_FACE_MAX; i++)
        bytes_add_char(&face, (char)(i * 7));
    scoped(compose) c = compose_new();
    compose_address(c, "From", "Bob", "bob@example.org");
    compose_face(c, bytes_slice(&face));
    compose_text(c, SLICE("Hello.\n"), NULL);
    BUILT built = build(c);
    for (const char *at = mail_field(built.mail, "Chat-User-Avatar", 0); *at; at++)
        if (*at != ' ')
            bytes_add_char(&said, *at);
    assert_true(slice_starts(bytes_slice(&said), SLICE("base64:")));
    assert_true(base64_read(slice_from(bytes_slice(&said), strlen("base64:")), &back));
    assert_true(slice_eq(bytes_slice(&face), bytes_slice(&back)));
}

static void a_report_has_its_three_parts(void **state)
{
    scoped(compose) c = compose_new();
    scoped_value(bytes) status = {0};
    scoped_value(bytes) header = {0};
    struct err err;

    (void)state;
    compose_text(c, SLICE("Words\n"), NULL);
    compose_delivery_report(c, SLICE("Reporting-MTA: dns; a.example\n\nAction: failed\n"),
                            SLICE("Subject: Grüße\r\nFrom: a@b.example\r\n"), false);
    BUILT built = build(c);
    struct mail_part *root = mail_root(built.mail);
    assert_text(mail_part_type(root), "multipart/report");
    assert_text(mail_part_parameter(root, "report-type"), "delivery-status");
    assert_int_equal(mail_part_count(root), 3);
    assert_text(mail_part_type(mail_part_child(root, 0)), "text/plain");
    assert_text(mail_part_type(mail_part_child(root, 1)), "message/delivery-status");
    assert_true(mail_part_content(mail_part_child(root, 1), 1000, &status, &err));
    assert_true(slice_is(slice_trim(bytes_slice(&status)),
                         "Reporting-MTA: dns; a.example\r\n\r\nAction: failed"));
    assert_text(mail_part_type(mail_part_child(root, 2)), "text/rfc822-headers");
    assert_true(mail_part_text(mail_part_child(root, 2), 1000, &header, &err));
    assert_true(slice_is(slice_trim(bytes_slice(&header)), "Subject: Grüße\nFrom: a@b.example"));
}

static void a_mail_comes_back_whole(void **state)
{
    scoped(compose) c = compose_new();
    scoped_value(bytes) back = {0};
    struct err err;

    (void)state;
    compose_text(c, SLICE("Words\n"), NULL);
    compose_delivery_report(c, SLICE("Reporting-MTA: dns; a.example\n\nAction: failed\n"),
                            SLICE("Subject: hi\r\n\r\n.as it was\r\n"), true);
    BUILT built = build(c);
    struct mail_part *part = mail_part_child(mail_root(built.mail), 2);
    assert_text(mail_part_type(part), "message/rfc822");
    assert_true(mail_part_content(part, 1000, &back, &err));
    assert_true(slice_is(slice_trim(bytes_slice(&back)), "Subject: hi\r\n\r\n.as it was"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_come_back),
        cmocka_unit_test(long_fields_are_folded_and_come_back),
        cmocka_unit_test(addresses_come_back),
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(long_lines_come_back),
        cmocka_unit_test(attachments_come_back),
        cmocka_unit_test(a_picture_shown_in_the_text_comes_along),
        cmocka_unit_test(ids_and_dates_come_back),
        cmocka_unit_test(a_face_comes_back),
        cmocka_unit_test(a_report_has_its_three_parts),
        cmocka_unit_test(a_mail_comes_back_whole),
    };

    mime_set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
