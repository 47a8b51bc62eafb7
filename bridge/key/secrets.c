/*
 * Another server key: what the old one wrapped is wrapped anew, in slices; then the old one is forgotten.
 *
 * Nothing is lost at any moment: the key file holds both keys from before the first row changes until no row needs the
 * old one.  What was wrapped with the old key and is not in the store yet (an errand under way at that moment) is waited
 * for: after OLD_KEY_STAYS_MS chores go through all places once more, and forget the old key then.  A crash leaves a key
 * file with two keys, which chores find at the next start; nobody holds anything then, and they begin at once.
 */
#include "secrets.h"
#include "bridge_people.h"
#include "commit.h"
#include "log.h"
#include "memory.h"

enum { SLICE_MAX = 200, OLD_KEY_STAYS_MS = 10 * MINUTE_MS };

struct slice_of_secrets {
    struct secret at[SLICE_MAX];
    struct bytes anew[SLICE_MAX];
    size_t count, changed, broken;
};

static void slice_of_secrets_free(struct slice_of_secrets *slice)
{
    if (!slice)
        return;
    for (size_t i = 0; i < slice->count; i++) {
        secret_clear(&slice->at[i]);
        bytes_clear(&slice->anew[i]);
    }
    free(slice);
}
SCOPED(slice_of_secrets, slice_of_secrets_free)

static bool keep(void *ctx, const struct secret *secret)
{
    struct slice_of_secrets *slice = ctx;
    struct secret *kept = &slice->at[slice->count++];

    *kept = (struct secret){.place = secret->place, .id = secret->id};
    bytes_add(&kept->kept, bytes_slice(&secret->kept));
    return true;
}

static bool look_for(struct bridge *bridge, const struct secrets_walk *walk,
                     struct slice_of_secrets *slice, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    return view && store_secrets(view, walk->place, walk->after, SLICE_MAX, keep, slice, err);
}

static void rewrap(struct bridge *bridge, struct slice_of_secrets *slice)
{
    for (size_t i = 0; i < slice->count; i++) {
        struct err err;
        if (store_secret_rewrap(bridge->store, &slice->at[i], &slice->anew[i], &err)) {
            slice->changed += slice->anew[i].len > 0;
            continue;
        }
        slice->broken++;
        log_warn("a secret stays under its old key: place %zu, row %lld: %s", slice->at[i].place,
                 (long long)slice->at[i].id, err.cause);
    }
}

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct slice_of_secrets *slice = ctx;

    (void)bridge;
    for (size_t i = 0; i < slice->count; i++)
        if (slice->anew[i].len > 0 &&
            !store_replace_secret(tx, &slice->at[i], bytes_slice(&slice->anew[i]), err))
            return false;
    return true;
}

bool secrets_go_on(struct bridge *bridge, struct secrets_walk *walk, bool *out_more,
                   struct err *err)
{
    scoped(slice_of_secrets) slice = must_new(struct slice_of_secrets);

    *out_more = walk->place < store_secret_places();
    if (!*out_more)
        return true;
    if (!look_for(bridge, walk, slice, err))
        return false;
    rewrap(bridge, slice);
    if (slice->changed > 0 && !bridge_commit(bridge, record, slice, err))
        return false;
    walk->changed += slice->changed;
    walk->broken += slice->broken;
    walk->after = slice->count > 0 ? slice->at[slice->count - 1].id : 0;
    if (slice->count < SLICE_MAX) {
        walk->place++;
        walk->after = 0;
    }
    return true;
}

/* ---- the command ---- */
bool bridge_change_server_key(struct bridge *bridge, bool alone, bool (*tell)(void *, size_t),
                              void *ctx, struct server_key_change *out, struct err *err)
{
    struct secrets_walk walk = {0};
    bool more = true;

    *out = (struct server_key_change){0};
    out->went_on = vault_key_change(bridge->vault) != VAULT_ONE_KEY;
    if (!vault_change_key(bridge->vault, err))
        return false;
    bridge->key_changed_ms = clock_now(bridge->clock);
    while (more && !out->broken_off) {
        if (!secrets_go_on(bridge, &walk, &more, err))
            return false;
        out->broken_off = !tell(ctx, walk.changed) && more;
    }
    out->changed = walk.changed;
    out->broken = walk.broken;
    out->forgotten = alone && walk.broken == 0 && !out->broken_off;
    return !out->forgotten || vault_forget_old_key(bridge->vault, err);
}

/* ---- the chore ---- */
static bool forget(struct bridge *bridge, struct secrets_walk *walk, struct err *err)
{
    size_t broken = walk->broken;

    *walk = (struct secrets_walk){0};
    bridge->key_look_ms = clock_now(bridge->clock) + OLD_KEY_STAYS_MS;
    if (broken > 0) {
        log_warn("%zu secrets cannot be read; the old server key is kept beside the new one",
                 broken);
        return true;
    }
    if (!vault_forget_old_key(bridge->vault, err))
        return false;
    log_info("nothing needs the old server key any more: it is forgotten");
    return true;
}

int64_t secrets_due_ms(const struct bridge *bridge)
{
    int64_t changed_ms = bridge->key_changed_ms + OLD_KEY_STAYS_MS, look_ms = bridge->key_look_ms;

    switch (vault_key_change(bridge->vault)) {
    case VAULT_ONE_KEY: return INT64_MAX;
    case VAULT_CHANGED_BEFORE: return look_ms;
    case VAULT_CHANGED_NOW: return look_ms > changed_ms ? look_ms : changed_ms;
    }
    __builtin_unreachable();
}

bool renew_secrets(struct bridge *bridge, bool *out_more, struct err *err)
{
    *out_more = false;
    if (clock_now(bridge->clock) < secrets_due_ms(bridge))
        return true;
    if (!secrets_go_on(bridge, &bridge->secrets, out_more, err))
        return false;
    return *out_more || forget(bridge, &bridge->secrets, err);
}
