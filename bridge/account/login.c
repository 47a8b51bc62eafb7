/* Who logs in: a name, and what proves it, the same for every door. */
#include "bridge_login.h"
#include "bridge_private.h"
#include "bridge_register.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

void login_question_init(struct login_question *question, struct slice name, struct slice secret,
                         struct slice auth_message)
{
    *question = (struct login_question){.name = must_copy(name)};
    bytes_add(&question->secret, secret);
    bytes_add(&question->auth_message, auth_message);
}

void login_question_clear(struct login_question *question)
{
    bytes_wipe(&question->secret);
    bytes_clear(&question->auth_message);
    if (question->newcomer)
        newcomer_clear(question->newcomer);
    free(question->newcomer);
    free(question->network);
    free(question->name);
    question->network = question->name = NULL;
    question->newcomer = NULL;
}

struct owner {          /* of keys */
    int64_t account_id; /* 0: a decoy's */
    bool asleep;
    bool nobody;     /* nobody ever had that name */
    int64_t used_ms; /* when it was last logged in to */
    char address[321];
};

/* The keys of that name, or a decoy's. */
static bool find_keys(struct bridge *bridge, struct slice name, struct scram_keys *out,
                      struct owner *owner, struct err *err)
{
    struct slice domain = name;
    struct slice user = slice_cut(&domain, '@');
    struct credential credential;
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view)
        return false;
    *owner = (struct owner){0};
    scram_keys_decoy(bridge->vault, name, out);
    enum found found = domain.at ? store_account_named(view, user, domain, &account, err) : ABSENT;
    owner->nobody = found == ABSENT;
    if (found != FOUND || account.state == ACCOUNT_REMOVED)
        return found != FAILED;
    found = store_credential(view, account.id, &credential, err);
    if (found != FOUND)
        return found != FAILED;
    owner->account_id = account.id;
    owner->asleep = account.state == ACCOUNT_ASLEEP;
    owner->used_ms = account.used_ms;
    snprintf(owner->address, sizeof owner->address, "%s@%s", account.name, account.domain);
    memcpy(out->salt, credential.salt, sizeof out->salt);
    memcpy(out->stored_key, credential.stored_key, sizeof out->stored_key);
    memcpy(out->server_key, credential.server_key, sizeof out->server_key);
    out->iterations = credential.iterations;
    return true;
}

/* The first log-in of a name: makes the account, if that is how accounts are made here. */
static bool welcome(struct bridge *bridge, struct login_question *question,
                    struct login_answer *out, struct err *err)
{
    struct slice domain = slice_of(question->name);
    struct slice user = slice_cut(&domain, '@');
    struct newcomer *newcomer = question->newcomer;
    scoped_text char *host = NULL;

    if (!host_canonical(domain, &host, err))
        return false;
    if (!newcomer) {
        newcomer = question->newcomer = must_new(struct newcomer);
        newcomer->user = must_copy(user);
        newcomer->domain = steal(&host);
        newcomer->network = must_dup(question->network ? question->network : "");
        bytes_add(&newcomer->password, bytes_slice(&question->secret));
    }
    if (!bridge_register_prepare(bridge, newcomer, err))
        return false;
    if (newcomer->answer == REGISTER_TOO_MANY)
        return err_set(err, ERR_TEMPORARY, "%s", register_words(newcomer->answer));
    out->to_record = out->is_newcomer = newcomer->answer == REGISTER_DONE;
    return true;
}

static bool is_newcomer(const struct bridge *bridge, const struct login_question *question,
                        const struct owner *owner)
{
    struct slice domain = slice_of(question->name);
    struct slice user = slice_cut(&domain, '@');

    return owner->nobody && domain.at && question->auth_message.len == 0 &&
           config_hosts(bridge->config, domain) &&
           register_by_login_fits(bridge, user, bytes_slice(&question->secret));
}

bool bridge_login(struct bridge *bridge, struct login_question *question, struct login_answer *out,
                  struct err *err)
{
    struct slice secret = bytes_slice(&question->secret);
    struct scram_keys keys;
    struct owner owner;

    *out = (struct login_answer){0};
    if (!find_keys(bridge, slice_of(question->name), &keys, &owner, err))
        return false;
    if (is_newcomer(bridge, question, &owner))
        return welcome(bridge, question, out, err);
    bool right = question->auth_message.len == 0
                     ? scram_password_is(&keys, secret)
                     : scram_proof_is(&keys, bytes_slice(&question->auth_message), secret,
                                      out->server_signature);
    out->account_id = right && !owner.asleep ? owner.account_id : 0;
    out->closed = right && owner.asleep;
    out->to_record = out->account_id && owner.used_ms < clock_now(bridge->clock) - DAY_MS;
    snprintf(out->address, sizeof out->address, "%s", owner.address);
    return true;
}

bool bridge_login_record(struct bridge *bridge, struct store_tx *tx,
                         struct login_question *question, struct login_answer *answer,
                         struct err *err)
{
    const struct newcomer *newcomer = question->newcomer;

    if (!answer->is_newcomer)
        return store_account_used(tx, answer->account_id, err);
    if (!bridge_register_record(bridge, tx, question->newcomer, &answer->account_id, err) ||
        !store_account_used(tx, answer->account_id, err))
        return false;
    snprintf(answer->address, sizeof answer->address, "%s@%s", newcomer->user, newcomer->domain);
    return true;
}

bool bridge_login_challenge(struct bridge *bridge, struct slice name,
                            unsigned char out_salt[SCRAM_SALT_LEN], int *out_iterations,
                            struct err *err)
{
    struct scram_keys keys;
    struct owner owner;

    if (!find_keys(bridge, name, &keys, &owner, err))
        return false;
    memcpy(out_salt, keys.salt, SCRAM_SALT_LEN);
    *out_iterations = keys.iterations;
    return true;
}
