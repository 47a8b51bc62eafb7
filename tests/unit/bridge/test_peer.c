/* When somebody's key is of use, and whose word it is learnt from (docs/encrypt-outgoing.md). */
#include "one_town.h"
#include "peer.h"

static void test_of_use(void **state)
{
    static const struct {
        const char *name;
        enum peer_source source;
        bool has;
        int64_t told_days, seen_days, until_days; /* until 0: for ever */
        bool serves;
    } rows[] = {
        {"told with every mail",                    PEER_TOLD,      true,  90, 90, 0,   true },
        {"told a month before the last mail",       PEER_TOLD,      true,  60, 90, 0,   true },
        {"for 35 days",                             PEER_TOLD,      true,  55, 90, 0,   true },
        {"not told for longer, and yet they write", PEER_TOLD,      true,  54, 90, 0,   false},
        {"told long ago, and they are silent",      PEER_TOLD,      true,  1,  1,  0,   true },
        {"published",                               PEER_PUBLISHED, true,  90, 90, 0,   true },
        {"of which none was found",                 PEER_PUBLISHED, false, 90, 90, 0,   false},
        {"that ends later",                         PEER_TOLD,      true,  90, 90, 101, true },
        {"that ends now",                           PEER_TOLD,      true,  90, 90, 100, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(peer_key) key = {
            .source = rows[i].source,
            .told_ms = rows[i].told_days * DAY_MS,
            .seen_ms = rows[i].seen_days * DAY_MS,
            .encrypts_until_ms = rows[i].until_days * DAY_MS,
        };
        if (rows[i].has)
            bytes_add_text(&key.certificate, "certificate");
        if (peer_key_serves(&key, 100 * DAY_MS) != rows[i].serves)
            fail_msg("%s", rows[i].name);
    }
}

/* ---- what a mail tells ---- */
#define CAROL "carol@mail.example"

static bool wants_encryption(struct town *it, struct store_tx *tx, struct err *err)
{
    return bridge_encrypt_outgoing(tx, it->alice, SLICE("when_possible"), err);
}

/* A mail of Carol's that her domain signed; whether the signature covers the field is smtp's finding. */
static void carol_tells(const struct pgp_pair *pair, bool covered)
{
    static int serial;
    struct evidence evidence = {.author_domain = "mail.example",
                                .dmarc = AUTH_PASS,
                                .dkim_aligned = true,
                                .key_signed = covered};
    scoped_value(bytes) field = {0};
    scoped_value(bytes) text = {0};

    pgp_pair_autocrypt(pair, CAROL, &field);
    bytes_print(&text, "From: " CAROL "\nTo: alice@example.org\nMessage-ID: <%d@mail.example>\n",
                ++serial);
    for (size_t i = 0; i < field.len; i++) /* the town writes CRLF itself */
        if (field.at[i] != '\r')
            bytes_add_char(&text, field.at[i]);
    bytes_add_text(&text, "\nHello\n");
    const struct town_mail mail = {.door = MAIL_DOOR_MX,
                                   .mail_from = CAROL,
                                   .recipients = "alice@example.org",
                                   .text = bytes_slice(&text),
                                   .evidence = &evidence};
    scoped_text char *reply = town_send(&town, &mail);
    assert_true(strncmp(reply, "250", 3) == 0);
}

static bool is_known(const struct pgp_pair *pair)
{
    struct err err;
    scoped_value(peer_key) key = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_peer_key(view, town.alice, SLICE(CAROL), PEER_TOLD, &key, &err) == FOUND &&
           strcmp(key.fingerprint, pair->fingerprint) == 0;
}

/* Whoever has a signed mail of Carol's can put a field before it and send it once more. */
static void test_a_field_outside_of_the_signature_tells_nothing(void **state)
{
    scoped_value(pgp_pair) hers = {0};
    scoped_value(pgp_pair) slipped_in = {0};
    struct err err;

    (void)state;
    assert_true(pgp_pair_make(CAROL, &hers, &err) && pgp_pair_make(CAROL, &slipped_in, &err));
    town_write(&town, wants_encryption);
    carol_tells(&slipped_in, false);
    assert_false(is_known(&slipped_in));
    carol_tells(&hers, true);
    assert_true(is_known(&hers));
    carol_tells(&slipped_in, false);
    assert_true(is_known(&hers));
}

/* Else whose domain stops signing the field would be written to in clear after a while. */
static void test_a_field_outside_of_the_signature_confirms_the_key_that_is_known(void **state)
{
    scoped_value(pgp_pair) hers = {0};
    struct err err;

    (void)state;
    assert_true(pgp_pair_make(CAROL, &hers, &err));
    town_write(&town, wants_encryption);
    carol_tells(&hers, true);
    town.clock.now_ms += 60 * DAY_MS;
    carol_tells(&hers, false);

    scoped_value(peer_key) key = {0};
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(
        peer_key_of(view, town.alice, SLICE(CAROL), clock_now(&town.clock.clock), &key, &err),
        FOUND);
    assert_int_equal(key.told_ms, clock_now(&town.clock.clock));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_use),
        cmocka_unit_test_setup_teardown(test_a_field_outside_of_the_signature_tells_nothing,
                                        open_town, close_town),
        cmocka_unit_test_setup_teardown(
            test_a_field_outside_of_the_signature_confirms_the_key_that_is_known, open_town,
            close_town),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
