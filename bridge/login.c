/* Who logs in: the keys a name is checked against, the same for every door. */
#include "bridge_login.h"
#include "bridge_private.h"

#include <stdio.h>

bool bridge_login_keys(struct bridge *bridge, struct slice name, struct login_keys *out,
                       struct err *err)
{
    struct slice domain = name;
    struct slice user = slice_cut(&domain, '@');
    struct credential credential;
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view)
        return false;
    *out = (struct login_keys){0};
    scram_keys_decoy(bridge->vault, name, &out->keys);
    enum found found = domain.at ? store_account_named(view, user, domain, &account, err) : ABSENT;
    if (found != FOUND || account.state == ACCOUNT_REMOVED)
        return found != FAILED;
    found = store_credential(view, account.id, &credential, err);
    if (found != FOUND)
        return found != FAILED;
    out->account_id = account.id;
    out->asleep = account.state == ACCOUNT_ASLEEP;
    snprintf(out->address, sizeof out->address, "%s@%s", account.name, account.domain);
    memcpy(out->keys.salt, credential.salt, sizeof out->keys.salt);
    memcpy(out->keys.stored_key, credential.stored_key, sizeof out->keys.stored_key);
    memcpy(out->keys.server_key, credential.server_key, sizeof out->keys.server_key);
    out->keys.iterations = credential.iterations;
    return true;
}
