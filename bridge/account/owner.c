/* Owners who sign in on the web: the link, the word of their browser, and the word in their forms. */
#include "bridge_owner.h"

#include "bridge_people.h"
#include "bridge_private.h"
#include "list_work.h"
#include "memory.h"
#include "own_letter.h"

#include <stdio.h>

#define PURPOSE_FORM_WORD "form word"
#define PURPOSE_DEVICE_WORD "device word"

enum {
    LINKS_AN_HOUR = 3, /* of one account */
    LINKS_A_DAY = 10,
    NETWORK_HOUR_MAX = 20,
    SERVER_HOUR_MAX = 200,
    BROWSERS_MOST = 20, /* signed in at a time; the oldest gives way */
};

void owner_request_clear(struct owner_request *request)
{
    free(request->address);
    free(request->network);
    if (request->letter)
        letter_clear(request->letter);
    free(request->letter);
    *request = (struct owner_request){0};
}

/* ---- the mail ---- */
static bool write_link(struct bridge *bridge, const struct account *account,
                       struct owner_request *request, struct err *err)
{
    scoped_text char *page = list_page(account->domain, "sign-in", request->word);
    scoped_text char *text = must_print(
        "Open this page and press its button to sign in:\n\n%s\n\nIt is good for %d minutes, and "
        "once. If you did not ask for it, do nothing: nobody can sign in without this mail.\n",
        page, OWNER_LINK_MINUTES);

    const struct own_letter own = {
        .name = "Sign in", .subject = "Your link to sign in", .text = slice_of(text)};
    request->letter = must_new(struct letter);
    return own_letter_write(bridge, account, &own, request->letter, err);
}

bool bridge_owner_ask(struct bridge *bridge, struct store_view *view, struct owner_request *request,
                      struct err *err)
{
    scoped_value(account) account = {0};
    struct slice local, domain;

    if (request->letter) { /* of a first run */
        letter_clear(request->letter);
        free(steal(&request->letter));
    }
    request->account_id = 0;
    request->network_counts = list_network_key(bridge, request->network, request->network_key);
    if (!address_split(slice_trim(slice_of(request->address)), &local, &domain))
        return true;
    enum found found = store_account_named(view, local, domain, &account, err);
    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found != FAILED;
    request->account_id = account.id;
    token_new(request->word);
    return write_link(bridge, &account, request, err);
}

/* ---- limits ---- */
static const unsigned char everybody[32];

static void account_key(int64_t account_id, unsigned char out[32])
{
    memset(out, 0, 32);
    memcpy(out, &account_id, sizeof account_id);
}

static bool within_limits(struct store_tx *tx, const struct owner_request *request, int64_t now_ms,
                          bool *out, struct err *err)
{
    unsigned char account[32];
    const struct {
        enum asked_for what;
        const unsigned char *key;
        int64_t span_ms, most;
    } limits[] = {
        {ASKED_SIGN_IN_ACCOUNT, account,              HOUR_MS, LINKS_AN_HOUR   },
        {ASKED_SIGN_IN_ACCOUNT, account,              DAY_MS,  LINKS_A_DAY     },
        {ASKED_SIGN_IN_NETWORK, request->network_key, HOUR_MS, NETWORK_HOUR_MAX},
        {ASKED_SIGN_IN_SERVER,  everybody,            HOUR_MS, SERVER_HOUR_MAX },
    };
    int64_t count;

    account_key(request->account_id, account);
    *out = true;
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        if (!store_asked_count(store_tx_view(tx), limits[i].what, limits[i].key,
                               now_ms - limits[i].span_ms + 1, &count, err))
            return false;
        *out = *out && count < limits[i].most;
    }
    return true;
}

static bool count(struct store_tx *tx, const struct owner_request *request, int64_t now_ms,
                  struct err *err)
{
    unsigned char account[32];

    account_key(request->account_id, account);
    return store_count_asked(tx, ASKED_SIGN_IN_ACCOUNT, account, now_ms, err) &&
           store_count_asked(tx, ASKED_SIGN_IN_SERVER, everybody, now_ms, err) &&
           (!request->network_counts ||
            store_count_asked(tx, ASKED_SIGN_IN_NETWORK, request->network_key, now_ms, err));
}

/* ---- passes ---- */
static bool add_pass(struct bridge *bridge, struct store_tx *tx, enum pass_kind kind,
                     int64_t account_id, const char *word, int64_t lasts_ms, int most,
                     struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    struct pass pass = {
        .account_id = account_id, .kind = kind, .made_ms = now_ms, .expires_ms = now_ms + lasts_ms};

    sha256(slice_of(word), pass.digest);
    return store_add_pass(tx, &pass, most, err);
}

bool bridge_owner_ask_record(struct bridge *bridge, struct store_tx *tx,
                             struct owner_request *request, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    bool within;

    if (!request->account_id)
        return true;
    if (!within_limits(tx, request, now_ms, &within, err))
        return false;
    return !within ||
           (add_pass(bridge, tx, PASS_LINK, request->account_id, request->word,
                     OWNER_LINK_MINUTES * MINUTE_MS, LINKS_AN_HOUR, err) &&
            own_letter_file(tx, request->letter, NULL, err) && count(tx, request, now_ms, err));
}

/* Found by its digest, so that no comparison tells how much of a guess was right. */
static enum found find_pass(struct store_view *view, enum pass_kind kind, struct slice word,
                            struct owner_pass *out, struct err *err)
{
    unsigned char digest[SHA256_LEN];
    struct pass pass;
    scoped_value(account) account = {0};

    if (word.len != TOKEN_LEN)
        return ABSENT;
    sha256(word, digest);
    enum found found = store_pass(view, kind, digest, &pass, err);
    if (found == FOUND)
        found = store_account(view, pass.account_id, &account, err);
    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found == FAILED ? FAILED : ABSENT;
    *out = (struct owner_pass){pass.id, pass.account_id};
    return FOUND;
}

enum found bridge_owner_link(struct store_view *view, struct slice word, struct owner_pass *out,
                             struct err *err)
{
    return find_pass(view, PASS_LINK, word, out, err);
}

enum found bridge_owner_session(struct store_view *view, struct slice word, struct owner_pass *out,
                                struct err *err)
{
    return find_pass(view, PASS_BROWSER, word, out, err);
}

bool bridge_owner_enter(struct bridge *bridge, struct store_tx *tx, const struct owner_pass *link,
                        const char *session_word, struct err *err)
{
    if (!store_end_pass(tx, link->pass_id, err))
        return err->kind == ERR_ABSENT && err_set(err, ERR_CONFLICT, "This link was used");
    return add_pass(bridge, tx, PASS_BROWSER, link->account_id, session_word,
                    OWNER_SESSION_DAYS * DAY_MS, BROWSERS_MOST, err);
}

bool bridge_owner_leave(struct store_tx *tx, const struct owner_pass *session, struct err *err)
{
    return store_end_pass(tx, session->pass_id, err) || err->kind == ERR_ABSENT;
}

/* ---- forms ---- */
void bridge_owner_form_word(struct bridge *bridge, struct slice session_word,
                            char out[TOKEN_LEN + 1])
{
    unsigned char mac[VAULT_MAC_LEN];

    vault_mac(bridge->vault, PURPOSE_FORM_WORD, session_word, mac);
    id_text((struct slice){(const char *)mac, sizeof mac}, TOKEN_LEN, out);
}

/* In a time that does not tell how much of it was right. */
static bool same_word(struct slice word, const char right[TOKEN_LEN + 1])
{
    unsigned char differs = 0;

    if (word.len != TOKEN_LEN)
        return false;
    for (size_t i = 0; i < TOKEN_LEN; i++)
        differs |= (unsigned char)(word.at[i] ^ right[i]);
    return differs == 0;
}

bool bridge_owner_form_word_is(struct bridge *bridge, struct slice session_word, struct slice word)
{
    char right[TOKEN_LEN + 1];

    bridge_owner_form_word(bridge, session_word, right);
    return same_word(word, right);
}

/* ---- devices ---- */
/* Of the account and the salt of its password, which is another one with each password. */
enum found bridge_owner_device_word(struct bridge *bridge, struct store_view *view,
                                    int64_t account_id, char out[DEVICE_WORD_MAX + 1],
                                    struct err *err)
{
    unsigned char mac[VAULT_MAC_LEN];
    char proof[TOKEN_LEN + 1];
    struct credential credential;
    scoped_value(bytes) data = {0};
    enum found found = store_credential(view, account_id, &credential, err);

    if (found != FOUND)
        return found;
    bytes_print(&data, "%lld ", (long long)account_id);
    bytes_add(&data, (struct slice){(const char *)credential.salt, sizeof credential.salt});
    explicit_bzero(&credential, sizeof credential);
    vault_mac(bridge->vault, PURPOSE_DEVICE_WORD, bytes_slice(&data), mac);
    id_text((struct slice){(const char *)mac, sizeof mac}, TOKEN_LEN, proof);
    snprintf(out, DEVICE_WORD_MAX + 1, "%lld-%s", (long long)account_id, proof);
    return FOUND;
}

enum found bridge_owner_device(struct bridge *bridge, struct store_view *view, struct slice word,
                               int64_t *out_account_id, struct err *err)
{
    char right[DEVICE_WORD_MAX + 1];
    struct slice proof = word, number = slice_cut(&proof, '-');
    scoped_value(account) account = {0};
    int64_t account_id;

    if (!proof.at || !slice_to_number(number, INT64_MAX, &account_id))
        return ABSENT;
    enum found found = bridge_owner_device_word(bridge, view, account_id, right, err);
    if (found != FOUND || !same_word(proof, strchr(right, '-') + 1))
        return found == FAILED ? FAILED : ABSENT;
    found = store_account(view, account_id, &account, err);
    if (found == FOUND && account.state != ACCOUNT_ACTIVE)
        found = ABSENT;
    *out_account_id = account_id;
    return found;
}
