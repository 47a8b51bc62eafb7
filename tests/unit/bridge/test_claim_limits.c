/* How many claims there may be, and how often somebody may try (docs/claims.md, "Limits"). */
#include "bridge_register.h"
#include "claimant.h"
#include "commit.h"
#include "store_write.h"

static void a_network_and_a_domain_are_limited_and_an_address_most(void **state)
{
    static const char *const most =
        "550 5.7.1 Not done: too many claims came from your address or network. Try again "
        "tomorrow.";

    (void)state;
    town.config.registration_rate = 4;
    for (int i = 0; i < 3; i++) {
        scoped_text char *line = must_print("claim una%d@example.org", i);
        assert_said(0, line, "250 2.0.0 Taken");
    }
    assert_said(0, "claim una3@example.org", most);
    scoped_text char *other =
        say_from("ada@mail.example", "192.0.2.99", 0, "claim ada@example.org");
    assert_text(other, "250 2.0.0 Taken");
    scoped_text char *network =
        say_from("ida@mail.example", "192.0.2.3", 0, "claim ida@example.org");
    assert_text(network, most);
    town_wait(&town, HOUR_MS);
    scoped_text char *later = say_from("ida@mail.example", "192.0.2.3", 0, "claim ida@example.org");
    assert_text(later, "250 2.0.0 Taken");
    assert_said(0, "claim una3@example.org", most);
    town_wait(&town, DAY_MS);
    assert_said(0, "claim una3@example.org", "250 2.0.0 Taken");
}

/* ---- how many there may be ---- */
struct others {
    int count;
    const char *domain; /* of each; NULL: one of its own */
    int64_t invitation_id;
};

static bool record_others(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct others *others = ctx;
    int64_t now_ms = clock_now(bridge->clock), id;
    static int serial;

    for (int i = 0; i < others->count; i++) {
        const int n = ++serial;
        scoped_text char *name = must_print("other%d", n), *address = NULL;
        address = others->domain ? must_print("o%d@%s", n, others->domain)
                                 : must_print("o@d%d.example", n);
        struct name_claim other = {.name = name,
                                   .domain = (char[]){"example.org"},
                                   .address = address,
                                   .invitation_id = others->invitation_id,
                                   .made_ms = now_ms,
                                   .expires_ms = now_ms + WEEK_MS,
                                   .free_ms = now_ms + 30 * (int64_t)DAY_MS};
        memcpy(other.digest, &n, sizeof n);
        bytes_add_text(&other.certificate, "a key");
        bool good = store_add_claim(tx, &other, &id, err);
        bytes_clear(&other.certificate);
        if (!good)
            return false;
    }
    return true;
}

static void others_wait(int count, const char *domain)
{
    struct others others = {.count = count, .domain = domain};
    struct err err;

    assert_true(bridge_commit(town.bridge, record_others, &others, &err));
}

static void what_waits_fills_the_desk_and_what_lapsed_does_not(void **state)
{
    (void)state;
    claim("una");
    others_wait(999, NULL);
    town_wait(&town, SECOND_MS);
    claim("una"); /* in its own place */
    assert_said(0, "claim ida@example.org",
                "450 4.7.1 Too many claims wait here to be confirmed. Your server tries again by "
                "itself.");
    town_wait(&town, WEEK_MS);
    town_chores(&town, NULL);
    assert_said(0, "claim ida@example.org", "250 2.0.0 Taken");
}

static void from_one_domain_fifty_wait(void **state)
{
    (void)state;
    claim("una");
    others_wait(48, "mail.example");
    claim("ada");
    town_wait(&town, SECOND_MS);
    claim("una");
    town_wait(&town, DAY_MS);
    assert_said(0, "claim ida@example.org",
                "550 5.7.1 Not done: too many claims came from your address or network. Try again "
                "tomorrow.");
    scoped_text char *other =
        say_from("ida@more.mail.example", "198.51.100.7", 0, "claim ida@example.org");
    assert_text(other, "250 2.0.0 Taken");
}

static void by_one_invitation_fifty_wait(void **state)
{
    const struct new_invitation wish = {.name = "crowd"};
    char invite[INVITATION_WORD_LEN + 1];
    scoped_value(invitation) made = {0};
    struct err err;

    (void)state;
    assert_true(bridge_invitation_add(town.bridge, &wish, &err));
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_invitation_named(view, SLICE("crowd"), &made, &err), FOUND);
    store_view_free(steal(&view));
    bridge_invitation_word(town.bridge, &made, invite);
    struct others others = {.count = 49, .invitation_id = made.id};
    assert_true(bridge_commit(town.bridge, record_others, &others, &err));
    scoped_text char *fiftieth = must_print("claim una@example.org\ninvite %s", invite);
    assert_said(0, fiftieth, "250 2.0.0 Taken");
    scoped_text char *more = must_print("claim ida@example.org\ninvite %s", invite);
    assert_said(0, more,
                "550 5.7.1 Not done: too many claims came from your address or network. Try again "
                "tomorrow.");
    assert_said(0, "claim ida@example.org", "250 2.0.0 Taken");
}

#define ANOTHER_KEY "claim una@example.org key 0123456789ABCDEF0123456789ABCDEF01234567"

static void who_is_refused_has_tried_as_well(void **state)
{
    static const char *const later =
        "450 4.7.1 Too many mails came to claim@example.org lately. Your server tries again by "
        "itself.";

    (void)state;
    claim("una");
    scoped_text char *yes = must_print("confirm %s example.org", claim_word);
    for (int i = 0; i < 19; i++)
        assert_said(0, ANOTHER_KEY,
                    "550 5.7.1 Not done: the mail brings another key than the line names.");
    assert_said(0, "claim public@example.org",
                "550 5.7.1 Not done: public cannot be an account: this name has a meaning here "
                "already."); /* which costs nothing */
    assert_said(0, ANOTHER_KEY, later);
    assert_said(0, yes, later);
    scoped_text char *network = say_from("ada@else.example", "192.0.2.9", 0, ANOTHER_KEY);
    assert_text(network, later);
    scoped_text char *domain = say_from("ada@mail.example", "198.51.100.9", 0, ANOTHER_KEY);
    assert_text(domain, later);
    scoped_text char *nobody =
        say_from("ada@else.example", "198.51.100.9", 0, "claim ada@example.org");
    assert_text(nobody, "250 2.0.0 Taken");
    town_wait(&town, 3 * MINUTE_MS);
    assert_said(0, yes, "250 2.0.0 Taken");
}

static void a_key_has_sixteen_kibibytes(void **state)
{
    (void)state;
    scoped_text char *more = must_print("printf '%%016384d' 0 >> %s/una.asc", town.path);
    town_run(more);
    assert_said(
        0, "claim una@example.org",
        "550 5.7.1 Not done: the key is longer than 16 KiB. Attach it without pictures, and "
        "without the signatures of others.");
}

static void asked_for_once_more_it_is_free_at_the_same_day(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        claim("una");
        town_wait(&town, 6 * (int64_t)DAY_MS - (i == 4));
    }
    assert_int_equal(page_there(), FOUND); /* the last millisecond of thirty days */
    claim_signer = "eda";
    assert_said(0, "claim una@example.org",
                "550 5.7.1 Not done: somebody else has asked for una@example.org. Choose another "
                "name.");
    town_wait(&town, 1);
    assert_int_equal(page_there(), ABSENT);
    assert_said(0, "claim una@example.org", "250 2.0.0 Taken");
}

/* ---- what is over ---- */
struct lapsing {
    int64_t most;
    bool more;
};

static bool record_lapse(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct lapsing *lapsing = ctx;

    (void)bridge;
    return store_lapse_claims(tx, lapsing->most, &lapsing->more, err);
}

static void assert_lapses(int64_t most, bool more, int64_t left)
{
    struct lapsing lapsing = {.most = most};
    struct err err;
    int64_t waiting;

    assert_true(bridge_commit(town.bridge, record_lapse, &lapsing, &err));
    assert_int_equal(lapsing.more, more);
    scoped(store_view) view = store_look(town.store, &err);
    assert_true(store_claim_count(view, &waiting, &err));
    assert_int_equal(waiting, left);
}

static enum found name_kept(const char *name)
{
    struct err err;
    scoped_value(name_claim) claim = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_claim_named(view, slice_of(name), SLICE("example.org"), &claim, &err);
}

static void fifty_lapse_at_a_time_and_the_oldest_make_room(void **state)
{
    (void)state;
    claim("una");
    town_wait(&town, 1);
    others_wait(119, NULL);
    town_wait(&town, WEEK_MS);
    assert_lapses(1000, true, 70);
    assert_lapses(1000, true, 20);
    assert_lapses(1000, false, 0);
    assert_int_equal(name_kept("una"), FOUND);
    assert_lapses(119, false, 0);
    assert_int_equal(name_kept("una"), ABSENT);
    assert_lapses(60, true, 0);
    assert_lapses(60, false, 0);
}

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        IN_CLAIMS(a_network_and_a_domain_are_limited_and_an_address_most),
        IN_CLAIMS(what_waits_fills_the_desk_and_what_lapsed_does_not),
        IN_CLAIMS(from_one_domain_fifty_wait),
        IN_CLAIMS(by_one_invitation_fifty_wait),
        IN_CLAIMS(who_is_refused_has_tried_as_well),
        IN_CLAIMS(a_key_has_sixteen_kibibytes),
        IN_CLAIMS(asked_for_once_more_it_is_free_at_the_same_day),
        IN_CLAIMS(fifty_lapse_at_a_time_and_the_oldest_make_room),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
