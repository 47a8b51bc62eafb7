#include "claimant.h"

#include <stdio.h>

struct town town;
char claim_word[TOKEN_LEN + 1];
const char *claim_signer;

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

int open_claims(void **state)
{
    (void)state;
    visitors_open(&town);
    town.config.registration = REGISTRATION_OPEN;
    town.config.registration_rate = 10;
    claim_signer = "una";
    make_key("una");
    make_key("eda");
    return 0;
}

int close_claims(void **state)
{
    (void)state;
    town_close(&town);
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

static struct evidence origin_of(const char *from, const char *client)
{
    struct evidence evidence = {
        .class = EVIDENCE_S1, .spf = AUTH_PASS, .spf_aligned = true, .dmarc = AUTH_NONE};

    snprintf(evidence.client, sizeof evidence.client, "%s", client);
    snprintf(evidence.author_domain, sizeof evidence.author_domain, "%s", strchr(from, '@') + 1);
    return evidence;
}

/* Signed `age_ms` ago by the claim_signer's key, which it brings, from `from`. */
char *say_from(const char *from, const char *client, int64_t age_ms, const char *text)
{
    static int serial;
    scoped_text char *key = key_part(claim_signer);
    scoped_text char *part = must_print("Content-Type: multipart/mixed; boundary=\"m\"\n\n"
                                        "--m\nContent-Type: text/plain\n\n%s\n"
                                        "--m\nContent-Type: application/pgp-keys\n\n%s\n--m--\n",
                                        text, key);
    scoped_text char *outside = must_print(
        "From: %s\nTo: claim@example.org\nSubject: x\nMessage-ID: <%d@there>\n", from, ++serial);
    scoped_text char *mail = town_signed(&town, claim_signer, age_ms, outside, part);
    const struct evidence evidence = origin_of(from, client);
    const struct town_mail sent = {.door = MAIL_DOOR_MX,
                                   .mail_from = from,
                                   .recipients = "claim@example.org",
                                   .text = slice_of(mail),
                                   .evidence = &evidence};

    return town_send(&town, &sent);
}

char *say(int64_t age_ms, const char *text)
{
    return say_from(UNA, "192.0.2.7", age_ms, text);
}

void assert_said(int64_t age_ms, const char *text, const char *answer)
{
    scoped_text char *reply = say(age_ms, text);

    assert_text(reply, answer);
}

/* The mail on its way to her, opened by her key. */
char *opened_letter(void)
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

void read_word(void)
{
    scoped_text char *question = opened_letter();
    const char *line = strstr(question, "    confirm ");

    assert_non_null(line);
    snprintf(claim_word, sizeof claim_word, "%s", line + strlen("    confirm "));
}

void claim(const char *name)
{
    scoped_text char *line = must_print("claim %s@example.org", name);

    assert_said(0, line, "250 2.0.0 Taken");
    read_word();
}

char *confirm(int64_t age_ms)
{
    scoped_text char *line = must_print("confirm %s example.org", claim_word);

    return say(age_ms, line);
}

enum found page_there(void)
{
    struct err err;
    scoped_value(claim_page) page = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return bridge_claim_page(town.bridge, view, slice_of(claim_word), &page, &err);
}

enum found account_there(const char *name)
{
    struct err err;
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(town.store, &err);

    return store_account_named(view, slice_of(name), SLICE("example.org"), &account, &err);
}
