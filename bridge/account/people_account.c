/* Accounts: made, changed, put to sleep, woken. */
#include "account_work.h"
#include "bridge_peer.h"
#include "bridge_people.h"
#include "commit.h"
#include "contact_work.h"
#include "memory.h"
#include "text.h"

#include <string.h>

void credential_make(struct slice password, struct credential *out)
{
    struct scram_keys keys;

    scram_keys_make(password, &keys);
    memcpy(out->salt, keys.salt, sizeof out->salt);
    memcpy(out->stored_key, keys.stored_key, sizeof out->stored_key);
    memcpy(out->server_key, keys.server_key, sizeof out->server_key);
    out->iterations = keys.iterations;
}

/* ---- domains ---- */

static bool record_domain(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge;
    return store_add_domain(tx, ctx, err);
}

static bool make_domain(struct bridge *bridge, const char *name, struct err *err)
{
    scoped_value(domain) domain = {.name = must_dup(name)};

    return vault_key_new(bridge->vault, VAULT_RSA_SHA256, &domain.actor_key,
                         &domain.actor_public_pem, err) &&
           bridge_commit(bridge, record_domain, &domain, err);
}

static enum found domain_known(struct bridge *bridge, const char *name, struct err *err)
{
    scoped_value(domain) domain = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    return view ? store_domain(view, slice_of(name), &domain, err) : FAILED;
}

static bool record_new_relay(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge, (void)ctx;
    return store_mail_host_well(tx, MAIL_HOST_OF_ALL, err);
}

/* A start may come with another smarthost, or none: what was known of the last one says nothing any more. */
static bool forget_relay(struct bridge *bridge, struct err *err)
{
    struct mail_host host;
    scoped(store_view) view = store_look(bridge->store, err);
    enum found found = view ? store_mail_host(view, MAIL_HOST_OF_ALL, &host, err) : FAILED;

    return found == ABSENT ||
           (found == FOUND && bridge_commit(bridge, record_new_relay, NULL, err));
}

static bool record_wrapped(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    (void)bridge, (void)ctx;
    return store_wrap_credentials(tx, err);
}

bool bridge_make_ready(struct bridge *bridge, struct err *err)
{
    if (!bridge_commit(bridge, record_wrapped, NULL, err))
        return false;
    for (size_t i = 0; i < bridge->config->domain_count; i++) {
        const char *name = bridge->config->domains[i];
        enum found known = domain_known(bridge, name, err);
        if (known == FAILED || (known == ABSENT && !make_domain(bridge, name, err)) ||
            !dkim_make_ready(bridge, slice_of(name), err))
            return false;
    }
    return forget_relay(bridge, err) && bridge_contact_make_ready(bridge, err) &&
           tell_follow_door(bridge, err);
}

/* ---- finding ---- */

bool bridge_account_find(struct bridge *bridge, struct store_view *view, struct slice address,
                         struct account *out, struct err *err)
{
    enum found found = account_at(view, address, out, err);

    (void)bridge;
    if (found == FOUND && out->state == ACCOUNT_REMOVED) {
        account_clear(out);
        found = ABSENT;
    }
    return found == FOUND ||
           (found == ABSENT &&
            err_set(err, ERR_ABSENT, "There is no account %.*s; see nestbox account list",
                    SLICE_ARGS(address)));
}

/* Looks up and lets go of the view: what follows commits. */
static bool find_account(struct bridge *bridge, struct slice address, struct account *out,
                         struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && bridge_account_find(bridge, view, address, out, err);
}

/* ---- adding ---- */

struct addition {
    struct account account; /* id set: one that sleeps */
    struct credential credential;
    bool with_password;
};

static bool record_addition(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct addition *addition = ctx;
    int64_t id = addition->account.id;
    bool recorded = id ? store_update_account(tx, &addition->account, err)
                       : store_add_account(tx, &addition->account, &id, err);

    if (recorded && bridge->config->contact == DOOR_ASK)
        recorded = contact_make_mailboxes(tx, id, err);
    return recorded &&
           (!addition->with_password || store_set_credential(tx, id, &addition->credential, err));
}

static bool check_name(struct bridge *bridge, struct slice local, struct slice domain,
                       struct err *err)
{
    if (!config_hosts(bridge->config, domain))
        return err_set(err, ERR_REFUSED, "%.*s is not a domain of this server (setting domain)",
                       SLICE_ARGS(domain));
    const char *trouble = account_name_trouble(bridge->config, local);
    return !trouble ||
           err_set(err, ERR_REFUSED, "%.*s cannot be an account: %s", SLICE_ARGS(local), trouble);
}

static char *lower(struct slice text)
{
    char *copy = must_copy(text);

    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

bool account_fill_new(struct bridge *bridge, struct slice local, struct slice domain,
                      struct account *account, struct err *err)
{
    account->name = must_copy(local);
    account->domain = must_copy(domain);
    account->created_ms = clock_now(bridge->clock);
    return vault_key_new(bridge->vault, VAULT_RSA_SHA256, &account->actor_key,
                         &account->actor_public_pem, err);
}

/* Nobody: a new one.  Asleep: woken.  Anything else: the address is taken. */
static bool begin_addition(struct bridge *bridge, struct slice address, struct account *account,
                           struct err *err)
{
    struct slice local;
    struct slice domain;
    enum found found = FAILED;

    if (!address_split(address, &local, &domain))
        return err_set(err, ERR_MALFORMED, "%.*s is no mail address", SLICE_ARGS(address));
    if (!check_name(bridge, local, domain, err))
        return false;
    scoped(store_view) view = store_look(bridge->store, err);
    if (view)
        found = account_at(view, address, account, err);
    if (found == ABSENT)
        return account_fill_new(bridge, local, domain, account, err);
    if (found == FOUND && account->state != ACCOUNT_ASLEEP)
        return err_set(
            err, ERR_REFUSED,
            account->state == ACCOUNT_ACTIVE
                ? "%.*s is there already"
                : "%.*s belonged to somebody before; an address is never given to anybody else",
            SLICE_ARGS(address));
    return found == FOUND;
}

static void replace(char **text, const char *with)
{
    if (!with)
        return;
    free(*text);
    *text = with[0] ? must_dup(with) : NULL;
}

static bool check_maildir(const char *maildir, struct err *err)
{
    return !maildir || maildir[0] == '\0' || maildir[0] == '/' ||
           err_set(err, ERR_MALFORMED, "The Maildir needs its whole path, from / on");
}

bool bridge_account_add(struct bridge *bridge, const struct new_account *account, struct err *err)
{
    struct addition addition = {0};
    scoped_text char *address = lower(account->address); /* before the @ case never counts */
    bool done = check_maildir(account->maildir, err) &&
                begin_addition(bridge, slice_of(address), &addition.account, err);

    if (done) {
        addition.account.state = ACCOUNT_ACTIVE;
        addition.account.asleep_since_ms = addition.account.ends_ms = 0;
        addition.account.self_made = false;
        addition.with_password = account->password.len > 0;
        replace(&addition.account.display_name, account->display_name);
        replace(&addition.account.maildir, account->maildir);
        if (addition.with_password)
            credential_make(account->password, &addition.credential);
        done = bridge_commit(bridge, record_addition, &addition, err);
    }
    explicit_bzero(&addition.credential, sizeof addition.credential);
    account_clear(&addition.account);
    return done;
}

/* ---- changing ---- */

bool account_log_out(struct store_tx *tx, int64_t account_id, struct err *err)
{
    store_note(tx, TOPIC_LOGIN, account_id);
    return store_end_passes(tx, account_id, err) && store_end_push(tx, account_id, NULL, err);
}

/* Whatever changes one thing of an account looks it up in the transaction: the rest may have changed since. */
static bool find_again(struct store_tx *tx, int64_t id, struct account *out, struct err *err)
{
    enum found found = store_account(store_tx_view(tx), id, out, err);

    return found == FOUND ||
           (found == ABSENT && err_set(err, ERR_ABSENT, "There is no such account any more"));
}

static bool record_sleep(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const int64_t *id = ctx;
    scoped_value(account) account = {0};

    if (!find_again(tx, *id, &account, err))
        return false;
    account.state = ACCOUNT_ASLEEP;
    account.asleep_since_ms = clock_now(bridge->clock);
    return store_update_account(tx, &account, err) && account_log_out(tx, *id, err);
}

bool bridge_account_remove(struct bridge *bridge, struct slice address, struct err *err)
{
    scoped_value(account) account = {0};

    if (!find_account(bridge, address, &account, err))
        return false;
    if (account.state == ACCOUNT_ASLEEP)
        return err_set(err, ERR_REFUSED, "%.*s is asleep already", SLICE_ARGS(address));
    return bridge_commit(bridge, record_sleep, &account.id, err);
}

static bool set_reply_all(struct account *account, struct slice value, struct err *err)
{
    if (slice_is_nocase(value, "ask"))
        account->reply_all = REPLY_ALL_ASK;
    else if (slice_is_nocase(value, "public"))
        account->reply_all = REPLY_ALL_PUBLIC;
    else if (slice_is_nocase(value, "people"))
        account->reply_all = REPLY_ALL_PEOPLE;
    else
        return err_set(err, ERR_MALFORMED, "reply_all is ask, public or people");
    return true;
}

/* A language tag as far as it matters: letters, digits, hyphens, 2 to 35 of them (BCP 47). */
static bool set_language(struct account *account, struct slice value, struct err *err)
{
    bool fits = value.len == 0 || (value.len >= 2 && value.len <= 35);

    for (size_t i = 0; fits && i < value.len; i++) {
        char c = value.at[i];
        fits =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    }
    if (!fits)
        return err_set(err, ERR_MALFORMED, "language is a tag such as en, de or pt-BR");
    scoped_text char *text = must_copy(value);
    replace(&account->language, text);
    return true;
}

enum { NAME_CHARS = 60, SUMMARY_CHARS = 500 };

static bool set_words(char **words, struct slice value, size_t most, const char *what,
                      struct err *err)
{
    if (!utf8_valid(value) && value.len > 0)
        return err_set(err, ERR_MALFORMED, "%s must be UTF-8", what);
    if (utf8_count(value) > most)
        return err_set(err, ERR_TOO_LARGE, "%s has more than %zu characters", what, most);
    scoped_text char *text = must_copy(value);
    replace(words, text);
    return true;
}

static bool set_chat(struct account *account, struct slice value, struct err *err)
{
    if (slice_is_nocase(value, "yes"))
        account->chat = CHAT_YES;
    else if (slice_is_nocase(value, "no"))
        account->chat = CHAT_NO;
    else
        return err_set(err, ERR_MALFORMED, "chat is yes or no");
    return true;
}

static bool set_encrypt_outgoing(struct account *account, struct slice value, struct err *err)
{
    if (slice_is_nocase(value, "when_possible"))
        account->encrypt_outgoing = ENCRYPT_WHEN_POSSIBLE;
    else if (slice_is_nocase(value, "no"))
        account->encrypt_outgoing = ENCRYPT_NO;
    else
        return err_set(err, ERR_MALFORMED, "encrypt_outgoing is no or when_possible");
    return true;
}

bool bridge_encrypt_outgoing(struct store_tx *tx, int64_t account_id, struct slice value,
                             struct err *err)
{
    scoped_value(account) account = {0};

    return find_again(tx, account_id, &account, err) &&
           set_encrypt_outgoing(&account, value, err) && store_update_account(tx, &account, err);
}

static bool set_maildir(struct account *account, struct slice value, struct err *err)
{
    scoped_text char *text = must_copy(value);

    if (!check_maildir(text, err))
        return false;
    replace(&account->maildir, text);
    return true;
}

static bool set_name(struct account *account, struct slice value, struct err *err)
{
    return set_words(&account->display_name, value, NAME_CHARS, "name", err);
}

static bool set_summary(struct account *account, struct slice value, struct err *err)
{
    return set_words(&account->summary, value, SUMMARY_CHARS, "summary", err);
}

static const struct setting {
    const char *name;
    bool (*set)(struct account *, struct slice value, struct err *);
    bool shown; /* by followers' servers: they get an Update(Person) */
} settings[] = {
    {"name",             set_name,             true },
    {"summary",          set_summary,          true },
    {"language",         set_language,         false},
    {"reply_all",        set_reply_all,        false},
    {"maildir",          set_maildir,          false},
    {"chat",             set_chat,             false},
    {"encrypt_outgoing", set_encrypt_outgoing, false},
};

struct change { /* of one setting */
    int64_t account_id;
    const struct setting *setting;
    struct slice value;
};

static bool record_setting(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct change *change = ctx;
    scoped_value(account) account = {0};

    return find_again(tx, change->account_id, &account, err) &&
           change->setting->set(&account, change->value, err) &&
           store_update_account(tx, &account, err) &&
           (!change->setting->shown || actor_changed(bridge, tx, &account, err));
}

bool bridge_account_set(struct bridge *bridge, struct slice address, struct slice name,
                        struct slice value, struct err *err)
{
    scoped_value(account) account = {0};
    struct change change = {.value = value};

    if (!find_account(bridge, address, &account, err))
        return false;
    change.account_id = account.id;
    for (size_t i = 0; i < COUNT_OF(settings); i++)
        if (slice_is(name, settings[i].name))
            change.setting = &settings[i];
    if (!change.setting)
        return err_set(err, ERR_MALFORMED,
                       "There is name, summary, language, reply_all, maildir, chat, "
                       "encrypt_outgoing and paid, not %.*s",
                       SLICE_ARGS(name));
    return bridge_commit(bridge, record_setting, &change, err);
}

/* ---- password ---- */

static bool record_password(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct addition *addition = ctx;

    (void)bridge;
    return store_set_credential(tx, addition->account.id, &addition->credential, err) &&
           account_log_out(tx, addition->account.id, err);
}

bool bridge_account_password(struct bridge *bridge, struct slice address, struct slice password,
                             struct err *err)
{
    struct addition addition = {0};
    bool done = find_account(bridge, address, &addition.account, err);

    if (done) {
        credential_make(password, &addition.credential);
        done = bridge_commit(bridge, record_password, &addition, err);
        explicit_bzero(&addition.credential, sizeof addition.credential);
    }
    account_clear(&addition.account);
    return done;
}
