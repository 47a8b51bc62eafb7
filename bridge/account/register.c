#include "bridge_register.h"

#include "account_work.h"
#include "commit.h"
#include "digest.h"
#include "id.h"
#include "list_work.h"
#include "memory.h"
#include "store_claim.h"

#define PURPOSE_INVITATION "invitation"

enum {
    INVENTED_NAME_LEN = 9, /* as Delta Chat's own */
    INVENTED_PASSWORD_LEN = 9,
    SERVER_TIMES = 20, /* as many as one network may, all together */
};

static const unsigned char everybody[32];

const char *register_words(enum register_answer answer)
{
    switch (answer) {
    case REGISTER_DONE: return "You may have an account here.";
    case REGISTER_CLOSED:
        return "This server takes nobody new. Ask the person who runs it for an account.";
    case REGISTER_UNINVITED:
        return "This server takes only people who were invited. Ask for a code or a link.";
    case REGISTER_SPENT:
        return "This invitation was used up, or has expired, or was not copied whole. Ask for a "
               "new one.";
    case REGISTER_TOO_MANY:
        return "Too many accounts were made from your network lately. Try again in an hour.";
    case REGISTER_FEE:
        return "An account here is for a fee: ask for an address by a mail to claim@ at this "
               "domain, signed with your OpenPGP key. Who was invited has a link and pays nothing.";
    case REGISTER_CLAIMED: return "Somebody else has asked for this name. Choose another one.";
    }
    return "";
}

void newcomer_clear(struct newcomer *it)
{
    bytes_wipe(&it->password);
    explicit_bzero(&it->credential, sizeof it->credential);
    free(it->domain);
    free(it->word);
    free(it->network);
    free(it->user);
    account_clear(&it->account);
    *it = (struct newcomer){0};
}

/* ---- who may ---- */

static void digest_of(struct slice word, unsigned char out[TOKEN_DIGEST_LEN])
{
    sha256(word, out);
}

static enum found find_invitation(struct store_view *view, const char *word, struct invitation *out,
                                  struct err *err)
{
    unsigned char digest[TOKEN_DIGEST_LEN];

    digest_of(slice_of(word), digest);
    return store_invitation(view, digest, out, err);
}

bool register_let_in(struct bridge *bridge, struct store_view *view, const char *word,
                     struct invitation *out_invitation, enum register_answer *out, struct err *err)
{
    enum registration policy = bridge->config->registration;
    enum found found = ABSENT;

    *out = REGISTER_CLOSED;
    if (policy == REGISTRATION_CLOSED)
        return true;
    if (word)
        found = find_invitation(view, word, out_invitation, err);
    if (found == ABSENT)
        *out = word                          ? REGISTER_SPENT
               : policy == REGISTRATION_OPEN ? REGISTER_DONE
               : policy == REGISTRATION_FEE  ? REGISTER_FEE
                                             : REGISTER_UNINVITED;
    else
        *out = REGISTER_DONE;
    return found != FAILED;
}

bool bridge_register_look(struct bridge *bridge, struct store_view *view, const char *word,
                          enum register_answer *out, struct err *err)
{
    scoped_value(invitation) invitation = {0};

    return register_let_in(bridge, view, word, &invitation, out, err);
}

/* Who was invited is not counted: a class that scans one code sits in one network. */
static bool within_limits(struct bridge *bridge, struct store_view *view, const struct newcomer *it,
                          bool *out, struct err *err)
{
    int64_t since_ms = clock_now(bridge->clock) - HOUR_MS + 1;
    int64_t most = bridge->config->registration_rate, at_all = 0, of_network = 0;

    if (!store_asked_count(view, ASKED_ACCOUNT_SERVER, everybody, since_ms, &at_all, err) ||
        !store_asked_count(view, ASKED_ACCOUNT_NETWORK, it->network_key, since_ms, &of_network,
                           err))
        return false;
    *out = it->invitation_id ||
           (at_all < most * SERVER_TIMES && (!it->network_counts || of_network < most));
    return true;
}

static bool count(struct bridge *bridge, struct store_tx *tx, const struct newcomer *it,
                  struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);

    return it->invitation_id ||
           (store_count_asked(tx, ASKED_ACCOUNT_SERVER, everybody, now_ms, err) &&
            store_count_asked(tx, ASKED_ACCOUNT_NETWORK, it->network_key, now_ms, err));
}

/* ---- making one ---- */

static void invent(struct newcomer *it)
{
    unsigned char random[8];
    char name[INVENTED_NAME_LEN + 1], password[TOKEN_LEN + 1];

    random_bytes(random, sizeof random);
    id_text((struct slice){(const char *)random, sizeof random}, INVENTED_NAME_LEN, name);
    free(it->user);
    it->user = must_dup(name);
    if (it->password.len > 0)
        return;
    token_new(password);
    bytes_add_text(&it->password, password);
}

/* By signed mail: nobody's yet, and kept for who asked. */
static bool is_claimed(struct store_view *view, const struct newcomer *it, bool *out,
                       struct err *err)
{
    scoped_value(name_claim) claim = {0};
    enum found found =
        it->user ? store_claim_named(view, slice_of(it->user), slice_of(it->domain), &claim, err)
                 : ABSENT;

    *out = found == FOUND;
    return found != FAILED;
}

static bool look_for(struct bridge *bridge, struct newcomer *it, int64_t *out_life_ms,
                     struct err *err)
{
    scoped_value(invitation) invitation = {0};
    scoped(store_view) view = store_look(bridge->store, err);
    bool within = true, claimed;

    if (!view || !register_let_in(bridge, view, it->word, &invitation, &it->answer, err) ||
        !is_claimed(view, it, &claimed, err))
        return false;
    if (claimed && !it->invented && it->answer == REGISTER_DONE)
        it->answer = REGISTER_CLAIMED;
    it->invitation_id = invitation.id;
    *out_life_ms = invitation.account_life_ms;
    it->network_counts = list_network_key(bridge, it->network, it->network_key);
    if (it->answer == REGISTER_DONE && !within_limits(bridge, view, it, &within, err))
        return false;
    if (!within)
        it->answer = REGISTER_TOO_MANY;
    return true;
}

bool bridge_register_prepare(struct bridge *bridge, struct newcomer *it, struct err *err)
{
    int64_t life_ms = 0;

    account_clear(&it->account); /* of a first run */
    if (!look_for(bridge, it, &life_ms, err))
        return false;
    if (it->answer != REGISTER_DONE)
        return true;
    if (!it->user || it->invented) {
        it->invented = true;
        invent(it);
    }
    if (!account_fill_new(bridge, slice_of(it->user), slice_of(it->domain), &it->account, err))
        return false;
    it->account.self_made = true;
    it->account.chat = CHAT_YES;
    it->account.ends_ms = life_ms ? it->account.created_ms + life_ms : 0;
    credential_make(bytes_slice(&it->password), &it->credential);
    return true;
}

bool bridge_register_record(struct bridge *bridge, struct store_tx *tx, struct newcomer *it,
                            int64_t *out_account_id, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    scoped_value(account) there = {0};
    bool within = false, claimed;
    enum found found =
        store_account_named(view, slice_of(it->user), slice_of(it->domain), &there, err);

    if (found == FAILED || !is_claimed(view, it, &claimed, err) ||
        !within_limits(bridge, view, it, &within, err))
        return false;
    if (found == FOUND || claimed || !within)
        return err_set(err, ERR_CONFLICT, "Somebody else was faster");
    if (it->invitation_id && !store_use_invitation(tx, it->invitation_id, err))
        return false;
    return store_add_account(tx, &it->account, out_account_id, err) &&
           store_set_credential(tx, *out_account_id, &it->credential, err) &&
           count(bridge, tx, it, err);
}

bool register_by_login_fits(const struct bridge *bridge, struct slice user, struct slice password)
{
    if (bridge->config->registration != REGISTRATION_OPEN || user.len != INVENTED_NAME_LEN ||
        password.len < INVENTED_PASSWORD_LEN || account_name_trouble(bridge->config, user))
        return false;
    for (size_t i = 0; i < user.len; i++)
        if (!(user.at[i] >= 'a' && user.at[i] <= 'z') && !(user.at[i] >= '0' && user.at[i] <= '9'))
            return false;
    return true;
}

/* ---- invitations ---- */

void bridge_invitation_word(struct bridge *bridge, const struct invitation *invitation,
                            char out[INVITATION_WORD_LEN + 1])
{
    unsigned char mac[VAULT_MAC_LEN];

    vault_mac(bridge->vault, PURPOSE_INVITATION,
              (struct slice){(const char *)invitation->seed, sizeof invitation->seed}, mac);
    id_text((struct slice){(const char *)mac, sizeof mac}, INVITATION_WORD_LEN, out);
}

static bool record_invitation(struct bridge *bridge, struct store_tx *tx, void *ctx,
                              struct err *err)
{
    (void)bridge;
    return store_add_invitation(tx, ctx, err);
}

static bool is_name(struct slice name)
{
    enum { NAME_MOST = 60 };

    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] <= ' ' || name.at[i] == 0x7f)
            return false;
    return name.len > 0 && name.len <= NAME_MOST;
}

bool bridge_invitation_add(struct bridge *bridge, const struct new_invitation *wish,
                           struct err *err)
{
    char word[INVITATION_WORD_LEN + 1];
    scoped_value(invitation) invitation = {
        .name = must_dup(wish->name),
        .uses_max = wish->uses_max,
        .expires_ms = wish->life_ms ? clock_now(bridge->clock) + wish->life_ms : 0,
        .account_life_ms = wish->account_life_ms,
    };

    if (!is_name(slice_of(wish->name)))
        return err_set(err, ERR_MALFORMED, "A name is one word of at most 60 letters");
    random_bytes(invitation.seed, sizeof invitation.seed);
    bridge_invitation_word(bridge, &invitation, word);
    digest_of(slice_of(word), invitation.digest);
    if (bridge_commit(bridge, record_invitation, &invitation, err))
        return true;
    return err->kind == ERR_CONFLICT
               ? err_set(err, ERR_REFUSED, "There is an invitation %s already", wish->name)
               : false;
}

static bool record_removal(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge;
    return store_remove_invitation(tx, *(const char *const *)ctx, err);
}

bool bridge_invitation_remove(struct bridge *bridge, const char *name, struct err *err)
{
    return bridge_commit(bridge, record_removal, &name, err);
}

char *register_link(const char *domain, const char *word)
{
    return word ? must_print("https://%s/new?t=%s", domain, word)
                : must_print("https://%s/new", domain);
}

/* ---- the end of accounts ---- */

enum { NEVER_USED_DAYS = 7, SLEEP_AT_ONCE = 50 };

struct sleepers {
    int64_t ids[SLEEP_AT_ONCE];
    size_t count;
    int64_t never_before_ms, unused_before_ms;
};

static bool put_to_sleep(struct bridge *bridge, struct store_tx *tx, int64_t id, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = store_account(store_tx_view(tx), id, &account, err);

    if (found != FOUND)
        return found == ABSENT;
    account.state = ACCOUNT_ASLEEP;
    account.asleep_since_ms = clock_now(bridge->clock);
    return store_update_account(tx, &account, err) && account_log_out(tx, id, err);
}

/* Looked for anew: somebody may have logged in meanwhile. */
static bool record_sleep(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct sleepers *sleepers = ctx;

    if (!store_accounts_over(store_tx_view(tx), sleepers->never_before_ms,
                             sleepers->unused_before_ms, sleepers->ids, SLEEP_AT_ONCE,
                             &sleepers->count, err))
        return false;
    for (size_t i = 0; i < sleepers->count; i++)
        if (!put_to_sleep(bridge, tx, sleepers->ids[i], err))
            return false;
    return true;
}

bool sleep_accounts(struct bridge *bridge, bool *out_more, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), unused_ms = bridge->config->unused_account_ms;
    struct sleepers sleepers = {
        .never_before_ms = unused_ms ? now_ms - NEVER_USED_DAYS * DAY_MS : 0,
        .unused_before_ms = unused_ms ? now_ms - unused_ms : 0,
    };

    {
        scoped(store_view) view = store_look(bridge->store, err);
        if (!view || !store_accounts_over(view, sleepers.never_before_ms, sleepers.unused_before_ms,
                                          sleepers.ids, SLEEP_AT_ONCE, &sleepers.count, err))
            return false;
    }
    *out_more |= sleepers.count == SLEEP_AT_ONCE;
    return sleepers.count == 0 || bridge_commit(bridge, record_sleep, &sleepers, err);
}
