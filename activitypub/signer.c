#include "signer.h"

#include "actor_read.h"
#include "memory.h"
#include "text.h"
#include "vault.h"

enum { ASK_AGAIN_MS = 5 * MINUTE_MS, ASK_SILENT_AGAIN_MS = 30 * SECOND_MS };

void signer_clear(struct signer *signer)
{
    signature_clear(&signer->signature);
    document_clear(&signer->document);
    actor_facts_clear(&signer->actor);
    free(signer->actor_id);
    *signer = (struct signer){0};
}

static bool verifies(struct activitypub_work *work, const struct signature *signature,
                     const char *pem)
{
    struct slice key = slice_of(pem);
    struct slice value = bytes_slice(&signature->value);

    if (vault_verify_again(work->vault, key, bytes_slice(&signature->base), value))
        return true;
    return signature->base_without_query.len > 0 &&
           vault_verify_again(work->vault, key, bytes_slice(&signature->base_without_query), value);
}

static enum signer_step bad(struct activitypub_work *work, const struct signer *signer,
                            const char *why, struct err *err)
{
    key_memory_put(&work->keys, slice_of(signer->signature.key_id), KEY_UNFIT, work_timer(work),
                   ASK_AGAIN_MS);
    err_set(err, ERR_REFUSED, "%s", why);
    return SIGNER_BAD;
}

static enum signer_step silent(struct err *err)
{
    err_set(err, ERR_TEMPORARY, "The signature's key could not be fetched just now");
    return SIGNER_SILENT;
}

static bool same_origin(const char *a, const char *b)
{
    return url_same_origin(slice_of(a), slice_of(b));
}

/* The store's key: FOUND and fitting, or else what to do. */
static enum found look(struct activitypub_work *work, struct signer *signer, bool *out_fits,
                       struct err *err)
{
    scoped(store_view) view = store_look(work->store, err);
    scoped_value(person_key) key = {0};
    scoped_value(person) person = {0};

    if (!view)
        return FAILED;
    enum found found = store_person_key(view, slice_of(signer->signature.key_id), &key, err);
    if (found != FOUND)
        return found;
    found = store_person(view, key.person_id, &person, err);
    if (found != FOUND || !person.actor_id || !key.public_pem)
        return found == FAILED ? FAILED : ABSENT;
    *out_fits = verifies(work, &signer->signature, key.public_pem);
    if (*out_fits)
        signer->actor_id = steal(&person.actor_id);
    return FOUND;
}

static enum signer_step aim_at_key(struct activitypub_work *work, struct signer *signer,
                                   struct err *err)
{
    const char *key_id = signer->signature.key_id;
    struct url url;

    if (!url_read(slice_of(key_id), &url) || !url.https)
        return bad(work, signer, "The signature's keyId is not an https address", err);
    if (work_is_ours(work, key_id))
        return bad(work, signer, "The signature's key is said to be ours", err);
    switch (key_memory_look(&work->keys, slice_of(key_id), work_timer(work))) {
    case KEY_UNFIT:
        err_set(err, ERR_REFUSED,
                "The signature does not fit its key, or the key could not be had");
        return SIGNER_BAD;
    case KEY_SILENT: return silent(err);
    case KEY_NO_TROUBLE: break;
    }
    scoped_text char *place =
        must_copy(slice_first(slice_of(key_id), slice_find(slice_of(key_id), '#')));
    document_aim(&signer->document, DOCUMENT_ACTIVITY, place);
    signer->stage = SIGNER_FETCHES_KEY;
    return SIGNER_WANTS;
}

/* The actor with the key, if the document at hand is it; or its owner's address is aimed at. */
static enum signer_step read_document(struct activitypub_work *work, struct signer *signer,
                                      struct err *err)
{
    const char *key_id = signer->signature.key_id;
    struct slice text = bytes_slice(&signer->document.text);

    if (actor_read(text, signer->document.url, key_id, &signer->actor, err)) {
        actor_keep_handle(work, &signer->actor);
        signer->fresh = true;
        if (!verifies(work, &signer->signature, signer->actor.public_pem))
            return bad(work, signer, "The signature does not fit its key", err);
        signer->actor_id = must_dup(signer->actor.id);
        return SIGNER_KNOWN;
    }
    scoped_text char *owner =
        signer->stage == SIGNER_FETCHES_KEY ? key_owner_read(text, key_id) : NULL;
    if (!owner || !same_origin(owner, key_id))
        return bad(work, signer, "The signature's key could not be read", err);
    document_aim(&signer->document, DOCUMENT_ACTIVITY, owner);
    signer->stage = SIGNER_FETCHES_OWNER;
    return SIGNER_WANTS;
}

static enum signer_step fetch_step(struct activitypub_work *work, struct ask *ask,
                                   struct signer *signer, const char *domain, struct err *err)
{
    switch (document_step(work, ask, &signer->document, domain, err)) {
    case STEP_WANTS: return SIGNER_WANTS;
    case STEP_GONE:
        key_memory_put(&work->keys, slice_of(signer->signature.key_id), KEY_UNFIT, work_timer(work),
                       ASK_AGAIN_MS);
        err_set(err, ERR_REFUSED, "The signature's key is gone");
        return SIGNER_GONE;
    case STEP_ABSENT: return bad(work, signer, "The signature's key could not be fetched", err);
    case STEP_SILENT:
        key_memory_put(&work->keys, slice_of(signer->signature.key_id), KEY_SILENT,
                       work_timer(work), ASK_SILENT_AGAIN_MS);
        return silent(err);
    case STEP_HERE: break;
    }
    enum signer_step step = read_document(work, signer, err);
    if (step == SIGNER_WANTS)
        return fetch_step(work, ask, signer, domain, err);
    return step;
}

enum signer_step signer_step(struct activitypub_work *work, struct ask *ask, struct signer *signer,
                             const char *domain, struct err *err)
{
    bool fits = false;

    if (signer->stage != SIGNER_LOOKS)
        return fetch_step(work, ask, signer, domain, err);
    enum found found = look(work, signer, &fits, err);
    if (found == FAILED)
        return SIGNER_SILENT;
    if (found == FOUND && fits)
        return SIGNER_KNOWN;
    enum signer_step step = aim_at_key(work, signer, err);
    return step == SIGNER_WANTS ? fetch_step(work, ask, signer, domain, err) : step;
}

void actor_keep_handle(struct activitypub_work *work, struct actor_facts *actor)
{
    struct err ignored;
    scoped(store_view) view = store_look(work->store, &ignored);
    scoped_value(person) person = {0};

    if (!view || store_person_by_actor(view, slice_of(actor->id), &person, &ignored) != FOUND)
        return;
    if (!person.user || !person.host || strcmp(person.host, actor->host) == 0)
        return;
    free(actor->user);
    free(actor->host);
    actor->user = steal(&person.user);
    actor->host = steal(&person.host);
}
