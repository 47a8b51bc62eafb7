/* What an owner's program encrypted to an address of ours. */
#include "visitors.h"

#include "faces.h"
#include "own_key.h"

static struct town town;
static struct pgp_pair hers, stolen;

static int open_town(void **state)
{
    struct err err;

    (void)state;
    visitors_open(&town);
    return pgp_pair_make("eve@example.org", &hers, &err) &&
                   pgp_pair_make("eve@example.org", &stolen, &err)
               ? 0
               : -1;
}

static int close_town(void **state)
{
    (void)state;
    pgp_pair_clear(&hers);
    pgp_pair_clear(&stolen);
    town_close(&town);
    return 0;
}

struct secret_mail {
    const char *name;
    const char *to, *sealed_to; /* NULL: the same */
    const char *inner_from;     /* NULL: eve */
    const struct pgp_pair *signer, *told;
    const char *reply; /* how it begins */
};

static size_t serial;
static const char *more_fields = "";
static const char *emoji; /* all that is said, if it is not NULL */

/* As Delta Chat writes it: all that is meant stands inside. */
static void write_inner(const struct secret_mail *mail, struct bytes *out)
{
    if (mail->told)
        pgp_pair_autocrypt(mail->told, "eve@example.org", out);
    bytes_print(out,
                "From: <%s>\r\nTo: <%s>\r\nSubject: Message from Eve\r\nDate: Sun, 22 Nov 2026 "
                "09:00:00 +0000\r\nMessage-ID: <%zu@example.org>\r\nChat-Version: 1.0\r\n"
                "%sContent-Type: text/plain; protected-headers=\"v1\"\r\n\r\n",
                mail->inner_from ? mail->inner_from : "eve@example.org", mail->to, serial,
                more_fields);
    if (emoji)
        bytes_add_text(out, emoji);
    else
        bytes_print(out, "The tide is in, %zu.\r\n", serial);
    serial++;
}

static char *submit(const struct secret_mail *mail)
{
    scoped_value(pgp_pair) to = {0};
    scoped_value(bytes) inner = {0}, text = {0};
    struct memory_sink sink;
    struct err err;

    assert_true(own_key_get(town.bridge, mail->sealed_to ? mail->sealed_to : mail->to, &to, &err));
    write_inner(mail, &inner);
    const struct slice certificate = pgp_pair_certificate(&to);
    const struct pgp_orders orders = {
        .form = PGP_SEALED,
        .certificates = &certificate,
        .count = 1,
        .outer = SLICE("From: <eve@example.org>\r\nTo: \"hidden-recipients\": ;\r\nSubject: "
                       "[...]\r\nChat-Version: 1.0\r\n"),
        .signer = mail->signer};
    memory_sink_init(&sink);
    scoped(source) plain = source_of_slice(bytes_slice(&inner));
    scoped(pgp_sealed) sealed = pgp_seal(town.pgp, &orders, plain, &sink.sink, &err);
    assert_non_null(sealed);
    for (size_t i = 0; i < sink.bytes.len; i++) /* the town writes CRLF itself */
        if (sink.bytes.at[i] != '\r')
            bytes_add_char(&text, sink.bytes.at[i]);
    bytes_clear(&sink.bytes);
    const struct town_mail sent = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "eve@example.org",
                                   .mail_from = "eve@example.org",
                                   .recipients = mail->to,
                                   .text = bytes_slice(&text)};
    return town_send(&town, &sent);
}

static void check(const struct secret_mail *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        scoped_text char *reply = submit(&rows[i]);
        if (!slice_starts(slice_of(reply), slice_of(rows[i].reply)))
            fail_msg("%s: %s", rows[i].name, reply);
    }
}

static void the_first_key_is_learnt_and_no_other_signs(void **state)
{
    const char *post = "public@example.org", *bob = "bob=social.example@example.org";
    const struct secret_mail rows[] = {
        {"nobody signed it",                    post,                    NULL,                NULL,                NULL,    &hers,
         "550 5.7.1 Nothing was sent: this mail is encrypted, but not signed"                                                                   },
        {"it tells another key than signed it", post,                    NULL,                NULL,                &hers,   &stolen, "550 5.7.1"},
        {"it tells none",                       post,                    NULL,                NULL,                &hers,   NULL,    "550 5.7.1"},
        {"the first key is learnt",             post,                    NULL,                NULL,                &hers,   &hers,   "250"      },
        {"it need not tell it again",           bob,                     NULL,                NULL,                &hers,   NULL,    "250"      },
        {"another key signs nothing",           bob,                     NULL,                NULL,                &stolen, &stolen, "550 5.7.1"},
        {"somebody else is the author inside",  bob,                     NULL,                "alice@example.org", &hers,   &hers,
         "550 5.6.0 Nothing was sent: what is encrypted"                                                                                        },
        {"it is not for whom it goes to",       post,                    "claim@example.org", NULL,                &hers,   &hers,
         "550 5.7.1 Nothing was sent: a public address must stand in To or Cc"                                                                  },
        {"to followers",                        "followers@example.org", NULL,                NULL,                &hers,   &hers,   "250"      },
    };

    (void)state;
    check(rows, COUNT_OF(rows));
}

/* Edits, deletions and reactions of chat programs never become messages of their own. */
static void what_is_done_to_a_message_is_no_message(void **state)
{
    static const char bob[] = "bob=social.example@example.org",
                      carol[] = "carol=mail.example+mail@example.org";
    static const struct {
        const char *to, *fields, *reply;
    } rows[] = {
        {bob,                  "",                                       "250"                                                },
        {bob,                  "Chat-Edit: <0@example.org>\r\n",         "250"                                                },
        {bob,                  "Chat-Edit: <no@where>\r\n",              "550 5.7.1 Not done: a direct message can be changed"},
        {"public@example.org", "Chat-Edit: <no@where>\r\n",
         "550 5.7.1 Not done: a direct message can be changed"                                                                },
        {bob,                  "Chat-Delete: <0@example.org> <c@d>\r\n",
         "550 5.7.1 Not done: a direct message can be deleted"                                                                },
        {bob,                  "Content-Disposition: reaction\r\n",
         "550 5.7.1 Not done: what you reacted to is not"                                                                     },
        {carol,                "Content-Disposition: reaction\r\n",      "250"                                                },
        {bob,                  "Chat-Delete: <0@example.org>\r\n",       "250"                                                },
    };

    (void)state;
    serial = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct secret_mail mail = {rows[i].fields, rows[i].to, NULL,         NULL,
                                         &hers,          &hers,      rows[i].reply};
        more_fields = rows[i].fields;
        check(&mail, 1);
    }
    more_fields = "";
}

static int64_t likes_of(const char *post)
{
    scoped_value(message) message = {0};
    struct err err = {0};
    int64_t likes, boosts;
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(town_message(&town, post, &message));
    assert_true(store_reactions(view, message.id, &likes, &boosts, &err));
    return likes;
}

static void a_reaction_in_a_chat_is_a_like(void **state)
{
    static const char post[] = "https://social.example/posts/bob-public@example.org",
                      hidden[] = "https://social.example/posts/bob-followers@example.org";
    static const struct {
        const char *name, *to, *emoji, *reply;
        int64_t likes;
    } rows[] = {
        {"made",       post,   "\xF0\x9F\x91\x8D\r\n",              "250",                1},
        {"changed",    post,   "\xE2\x9D\xA4 \xF0\x9F\x91\x8D\r\n", "250",                1},
        {"taken back", post,   "\r\n",                              "250",                0},
        {"not seen",   hidden, "\xF0\x9F\x91\x8D\r\n",              "550 5.7.1 Not done", 0},
    };
    static const char bob[] = "bob=social.example@example.org";

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(message) message = {0};
        assert_true(town_message(&town, rows[i].to, &message));
        scoped_text char *fields = must_print(
            "In-Reply-To: <%s>\r\nContent-Disposition: reaction\r\n", message.message_id);
        const struct secret_mail mail = {rows[i].name, bob,   NULL,         NULL,
                                         &hers,        &hers, rows[i].reply};
        more_fields = fields;
        emoji = rows[i].emoji;
        check(&mail, 1);
        more_fields = "";
        emoji = NULL;
        if (likes_of(rows[i].to) != rows[i].likes)
            fail_msg("%s: %lld likes", rows[i].name, (long long)likes_of(rows[i].to));
    }
    scoped_text char *queue = town_queue(&town);
    assert_string_equal(
        queue, "reaction to https://social.example/users/bob/inbox wanted 2 delivered 0\n");
}

/* Carol reads ordinary mail: nothing of the encryption is left, and she sees who writes to whom. */
static void a_mail_person_gets_ordinary_mail(void **state)
{
    const struct secret_mail rows[] = {
        {"to carol",      "carol=mail.example+mail@example.org",                  NULL, NULL, &hers, &hers, "250"},
        {"beside others", "carol=mail.example+mail@example.org,dan@mail.example",
         "carol=mail.example+mail@example.org",                                         NULL, &hers, &hers,
         "550 5.7.1 Nothing was sent: carol=mail.example+mail@example.org reads ordinary mail"                   },
    };

    (void)state;
    check(rows, COUNT_OF(rows));
    scoped_text char *sent = town_newest_sending(&town);
    assert_non_null(strstr(sent, "To: carol@mail.example\r\n"));
    assert_non_null(strstr(sent, "From: <eve@example.org>\r\n"));
    assert_non_null(strstr(sent, "The tide is in"));
    assert_null(strstr(sent, "Chat-Version"));
    assert_null(strstr(sent, "BEGIN PGP"));
}

/* However short it came: it may be compressed. */
static void what_is_inside_is_no_longer_than_a_mail(void **state)
{
    static const int64_t more[] = {0, -1};
    scoped_value(pgp_pair) own = {0};
    scoped_value(bytes) inner = {0};
    scoped(source) part = NULL;
    scoped(mail) mail = NULL;
    struct memory_sink sink;
    enum mail_claims claims;
    struct err err;

    (void)state;
    assert_true(own_key_get(town.bridge, "claim@example.org", &own, &err));
    for (int i = 0; i < 100; i++)
        bytes_add_text(&inner, "The tide is in.\r\n");
    const struct slice certificate = pgp_pair_certificate(&own);
    const struct pgp_orders orders = {
        .form = PGP_SEALED, .certificates = &certificate, .count = 1, .outer = SLICE("")};
    memory_sink_init(&sink);
    scoped(source) plain = source_of_slice(bytes_slice(&inner));
    scoped(pgp_sealed) sealed = pgp_seal(town.pgp, &orders, plain, &sink.sink, &err);
    assert_non_null(sealed);
    scoped(source) whole = source_of_slice(bytes_slice(&sink.bytes));
    assert_true(mail_parse(whole, &mail, &err) &&
                mail_claims_encryption(mail, &claims, &part, &err));
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        scoped_value(own_opened) opened = {0};
        town.config.message_max = (int64_t)inner.len + more[i];
        bool ok =
            own_key_open(town.bridge, "claim@example.org", &certificate, 0, part, &opened, &err);
        assert_true(more[i] == 0 ? ok : !ok && err.kind == ERR_TOO_LARGE);
    }
    bytes_clear(&sink.bytes);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_key_is_learnt_and_no_other_signs, open_town,
                                        close_town),
        cmocka_unit_test_setup_teardown(a_reaction_in_a_chat_is_a_like, open_town, close_town),
        cmocka_unit_test_setup_teardown(a_mail_person_gets_ordinary_mail, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_is_inside_is_no_longer_than_a_mail, open_town,
                                        close_town),
        cmocka_unit_test_setup_teardown(what_is_done_to_a_message_is_no_message, open_town,
                                        close_town),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
