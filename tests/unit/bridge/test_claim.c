/* Claims in time: what is asked, confirmed, and over (docs/claims.md). */
#include "bridge_claim.h"
#include "bridge_people.h"
#include "bridge_register.h"
#include "id.h"
#include "one_town.h"
#include "town_private.h"

#include <stdio.h>

#define UNA "una@mail.example"
#define WEEK_MS (7 * (int64_t)DAY_MS)

static char word[TOKEN_LEN + 1]; /* of the newest question */
static const char *signer;       /* whose key signs, and is brought */

/* ---- her key, and what she sends ---- */
static void gpg(const char *rest)
{
    scoped_text char *command =
        must_print("GNUPGHOME=%s/gnupg gpg --batch --quiet --no-tty --yes --pinentry-mode loopback "
                   "--passphrase '' %s 2>>%s/gpg.log",
                   town.path, rest, town.path);

    town_run(command);
}

/* NAME@example.org, with a part that encrypts; the certificate in NAME.asc. */
static void make_key(const char *name)
{
    scoped_text char *make = must_print("--faked-system-time 20260201T000000 --quick-generate-key "
                                        "'%s <%s@example.org>' ed25519 sign never",
                                        name, name);
    scoped_text char *add = must_print(
        "--faked-system-time 20260201T000100 --quick-add-key $(GNUPGHOME=%s/gnupg gpg "
        "--with-colons --list-keys %s@example.org | awk -F: '$1 == \"fpr\" {print $10; exit}') "
        "cv25519 encr never",
        town.path, name);
    scoped_text char *show =
        must_print("--export --armor --output %s/%s.asc %s@example.org", town.path, name, name);

    gpg(make);
    gpg(add);
    gpg(show);
}

static int open_claims(void **state)
{
    open_town(state);
    town.config.registration = REGISTRATION_OPEN;
    town.config.registration_rate = 10;
    signer = "una";
    make_key("una");
    make_key("eda");
    return 0;
}

static char *key_part(const char *who)
{
    struct bytes out = {0};
    scoped_text char *path = must_print("%s/%s.asc", town.path, who);
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    out.len += fread(bytes_reserve(&out, 65536), 1, 65536, file);
    fclose(file);
    return bytes_take(&out);
}

static struct evidence origin_of(const char *client)
{
    struct evidence evidence = {
        .class = EVIDENCE_S1, .spf = AUTH_PASS, .spf_aligned = true, .dmarc = AUTH_NONE};

    snprintf(evidence.client, sizeof evidence.client, "%s", client);
    snprintf(evidence.author_domain, sizeof evidence.author_domain, "mail.example");
    return evidence;
}

/* Signed `age_ms` ago by the signer's key, which it brings, from `from`. */
static char *say_from(const char *from, const char *client, int64_t age_ms, const char *text)
{
    static int serial;
    scoped_text char *key = key_part(signer);
    scoped_text char *part = must_print("Content-Type: multipart/mixed; boundary=\"m\"\n\n"
                                        "--m\nContent-Type: text/plain\n\n%s\n"
                                        "--m\nContent-Type: application/pgp-keys\n\n%s\n--m--\n",
                                        text, key);
    scoped_text char *outside = must_print(
        "From: %s\nTo: claim@example.org\nSubject: x\nMessage-ID: <%d@there>\n", from, ++serial);
    scoped_text char *mail = town_signed(&town, signer, age_ms, outside, part);
    const struct evidence evidence = origin_of(client);
    const struct town_mail sent = {.door = MAIL_DOOR_MX,
                                   .mail_from = from,
                                   .recipients = "claim@example.org",
                                   .text = slice_of(mail),
                                   .evidence = &evidence};

    return town_send(&town, &sent);
}

static char *say(int64_t age_ms, const char *text)
{
    return say_from(UNA, "192.0.2.7", age_ms, text);
}

static void assert_said(int64_t age_ms, const char *text, const char *answer)
{
    scoped_text char *reply = say(age_ms, text);

    assert_text(reply, answer);
}

/* The mail on its way to her, opened by her key. */
static char *opened(void)
{
    scoped_text char *mail = town_newest_sending(&town);
    scoped_text char *in = must_print("%s/in.asc", town.path);
    scoped_text char *command =
        must_print("--skip-verify --output %s/out --decrypt %s", town.path, in);
    struct bytes out = {0};
    FILE *file = fopen(in, "we");
    const char *armor = strstr(mail, "-----BEGIN PGP MESSAGE-----");

    assert_non_null(armor);
    assert_non_null(file);
    assert_true(fputs(armor, file) >= 0);
    fclose(file);
    gpg(command);
    scoped_text char *path = must_print("%s/out", town.path);
    file = fopen(path, "re");
    assert_non_null(file);
    out.len += fread(bytes_reserve(&out, 65536), 1, 65535, file);
    fclose(file);
    return bytes_take(&out);
}

static void read_word(void)
{
    scoped_text char *question = opened();
    const char *line = strstr(question, "    confirm ");

    assert_non_null(line);
    snprintf(word, sizeof word, "%s", line + strlen("    confirm "));
}

static void claim(const char *name)
{
    scoped_text char *line = must_print("claim %s@example.org", name);

    assert_said(0, line, "250 2.0.0 Taken");
    read_word();
}

static char *confirm(int64_t age_ms)
{
    scoped_text char *line = must_print("confirm %s example.org", word);

    return say(age_ms, line);
}

static enum found page_there(void)
{
    struct err err;
    scoped_value(claim_page) page = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return bridge_claim_page(town.bridge, view, slice_of(word), &page, &err);
}

static enum found account_there(const char *name)
{
    struct err err;
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_account_named(view, slice_of(name), SLICE("example.org"), &account, &err);
}

#define NOBODY_WAITS "550 5.7.1 Not done: nobody waits for this word. Claim the address again."
#define NOT_NOW                                                                                    \
    "550 5.7.1 Not done: the signature was not made now. Is your clock right? Sign it again."

/* ---- tests ---- */
static void a_claim_is_fresh_by_ten_minutes(void **state)
{
    (void)state;
    assert_said(11 * MINUTE_MS, "claim una@example.org", NOT_NOW);
    assert_said(-11 * (int64_t)MINUTE_MS, "claim una@example.org", NOT_NOW);
    assert_said(9 * MINUTE_MS, "claim una@example.org", "250 2.0.0 Taken");
    assert_said(-9 * (int64_t)MINUTE_MS, "claim una@example.org", "250 2.0.0 Taken");
}

static void a_confirmation_is_signed_within_the_week_and_counts_once(void **state)
{
    (void)state;
    claim("una");
    scoped_text char *old = confirm(8 * DAY_MS);
    assert_text(old, NOBODY_WAITS);
    assert_int_equal(account_there("una"), ABSENT);
    scoped_text char *good = confirm(6 * DAY_MS);
    assert_text(good, "250 2.0.0 Taken");
    assert_int_equal(account_there("una"), FOUND);
    scoped_text char *letter = opened();
    assert_non_null(strstr(letter, "The address una@example.org is yours."));
    assert_int_equal(page_there(), ABSENT);
    scoped_text char *again = confirm(0);
    assert_text(again, NOBODY_WAITS);
}

static void it_lapses_after_a_week_and_its_name_is_free_after_thirty_days(void **state)
{
    (void)state;
    claim("una");
    town_wait(&town, WEEK_MS - 1);
    town_chores(&town, NULL);
    assert_int_equal(page_there(), FOUND);
    town_wait(&town, 1);
    assert_int_equal(page_there(), ABSENT); /* before any chore */
    town_wait(&town, 10 * MINUTE_MS);
    town_chores(&town, NULL);
    scoped_text char *late = confirm(0);
    assert_text(late, NOBODY_WAITS);
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);
    scoped_value(name_claim) lapsed = {0};
    assert_int_equal(store_claim_named(view, SLICE("una"), SLICE("example.org"), &lapsed, &err),
                     FOUND);
    assert_int_equal(lapsed.state, NAME_CLAIM_LAPSED);
    assert_int_equal(lapsed.certificate.len, 0);
    assert_string_equal(lapsed.address, "");
    store_view_free(steal(&view));
    signer = "eda";
    assert_said(0, "claim una@example.org",
                "550 5.7.1 Not done: somebody else has asked for una@example.org. Choose another "
                "name.");
    town_wait(&town, 23 * (int64_t)DAY_MS - 10 * MINUTE_MS - 1);
    assert_said(0, "claim una@example.org",
                "550 5.7.1 Not done: somebody else has asked for una@example.org. Choose another "
                "name.");
    town_wait(&town, 1);
    assert_said(0, "claim una@example.org", "250 2.0.0 Taken");
}

static void the_same_key_may_have_it_before(void **state)
{
    (void)state;
    claim("una");
    town_wait(&town, WEEK_MS + 1);
    town_chores(&town, NULL);
    claim("una");
    scoped_text char *good = confirm(0);
    assert_text(good, "250 2.0.0 Taken");
}

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

static void a_name_given_away_meanwhile_is_not_given_twice(void **state)
{
    (void)state;
    claim("una");
    const struct new_account given = {.address = SLICE("una@example.org")};
    struct err err;
    assert_true(bridge_account_add(town.bridge, &given, &err));
    assert_int_equal(page_there(), FOUND);
    scoped_text char *late = confirm(0);
    assert_text(late, NOBODY_WAITS);
}

static void a_server_that_closes_makes_none(void **state)
{
    (void)state;
    claim("una");
    town.config.registration = REGISTRATION_CLOSED;
    assert_int_equal(page_there(), ABSENT);
    scoped_text char *late = confirm(0);
    assert_text(late, "550 5.7.1 Not done: the key desk takes mail that is sent through an account "
                      "here. This server takes nobody new.");
}

#define IN_TOWN(test) cmocka_unit_test_setup_teardown(test, open_claims, close_town)

int main(int argc, char **argv)
{
    int code;
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_claim_is_fresh_by_ten_minutes),
        IN_TOWN(a_confirmation_is_signed_within_the_week_and_counts_once),
        IN_TOWN(it_lapses_after_a_week_and_its_name_is_free_after_thirty_days),
        IN_TOWN(the_same_key_may_have_it_before),
        IN_TOWN(a_network_and_a_domain_are_limited_and_an_address_most),
        IN_TOWN(a_name_given_away_meanwhile_is_not_given_twice),
        IN_TOWN(a_server_that_closes_makes_none),
    };

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
