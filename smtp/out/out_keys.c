#include "out_keys.h"

#include "fetch.h"
#include "log.h"
#include "memory.h"

#include <string.h>

enum {
    KEY_MAX = 64 * 1024,
    FETCH_MS = 10 * SECOND_MS,
    HOPS_MAX = 3,
    ASKED_MAX = 256, /* more than a mail has recipients: then we turn in a circle */
};

void key_search_clear(struct key_search *it)
{
    free(it->wanted.address);
    free(it->wanted.domain);
    it->wanted.address = it->wanted.domain = NULL;
}

static struct errand *look(struct key_search *it)
{
    it->step = KEYS_LOOK;
    return it->duties->cipher(it->duties->ctx, it->delivery_id);
}

struct errand *key_search_begin(struct key_search *it, const struct out_duties *duties,
                                int64_t delivery_id)
{
    key_search_clear(it);
    *it = (struct key_search){.duties = duties, .delivery_id = delivery_id};
    return look(it);
}

/* ---- the directory ---- */
static struct errand *fetch_from(struct key_search *it, const char *url)
{
    struct fetch *fetch = fetch_new(url);

    fetch->max_bytes = KEY_MAX;
    fetch->total_ms = FETCH_MS;
    it->step = KEYS_FETCH;
    return &fetch->errand;
}

static struct errand *ask(struct key_search *it, enum directory_way way)
{
    const char *at = strrchr(it->wanted.address, '@');
    struct slice local = {it->wanted.address, at ? (size_t)(at - it->wanted.address) : 0};
    scoped_text char *url = key_directory_url(way, local, it->wanted.domain);

    it->way = way;
    it->hops = 0;
    return fetch_from(it, url);
}

static bool is_redirection(const struct fetch *fetch)
{
    int status = fetch->status;

    return fetch->outcome == FETCH_ANSWERED && fetch->location &&
           (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

enum key_answer key_answer_read(const struct fetch *fetch)
{
    if (fetch->outcome == FETCH_NO_HOST || fetch->outcome == FETCH_TOO_LARGE)
        return KEY_NOWHERE;
    if (fetch->outcome != FETCH_ANSWERED || fetch->status == 429 || fetch->status >= 500)
        return KEY_SILENT;
    return fetch->status == 200 && fetch->answer.len > 0 ? KEY_FOUND : KEY_NOWHERE;
}

static struct errand *fetched(struct key_search *it, struct errand *back)
{
    struct fetch *fetch = container_of(back, struct fetch, errand);
    struct errand *next = NULL;

    if (fetch->outcome == FETCH_NO_HOST && it->way == DIRECTORY_ADVANCED && it->hops == 0)
        next = ask(it, DIRECTORY_DIRECT);
    else if (is_redirection(fetch) && it->hops < HOPS_MAX) {
        it->hops++;
        next = fetch_from(it, fetch->location);
    } else {
        enum key_answer answer = key_answer_read(fetch);
        log_info("domain=%s its key directory %s", it->wanted.domain,
                 answer == KEY_FOUND     ? "has a key"
                 : answer == KEY_NOWHERE ? "has no key"
                                         : "cannot be asked");
        it->step = KEYS_KEEP;
        next = it->duties->found(it->duties->ctx, &it->wanted, answer, &fetch->answer);
    }
    errand_free(back);
    return next;
}

/* ---- together ---- */
static struct errand *fail(struct key_search *it, struct errand *back)
{
    log_error("keys for a mail could not be looked for: %s (%s)", back->err.said, back->err.cause);
    errand_free(back);
    it->failed = true;
    return NULL;
}

static struct errand *looked(struct key_search *it, struct errand *back)
{
    struct out_cipher *cipher = container_of(back, struct out_cipher, errand);
    bool settled = cipher->settled;

    key_search_clear(it);
    it->wanted.account_id = cipher->account_id;
    it->wanted.address = steal(&cipher->address);
    it->wanted.domain = steal(&cipher->domain);
    errand_free(back);
    it->failed = !settled && ++it->asked > ASKED_MAX;
    return settled || it->failed ? NULL : ask(it, DIRECTORY_ADVANCED);
}

struct errand *key_search_go_on(struct key_search *it, struct errand *back)
{
    if (it->step == KEYS_FETCH)
        return fetched(it, back);
    if (!back->ok)
        return fail(it, back);
    if (it->step == KEYS_LOOK)
        return looked(it, back);
    errand_free(back);
    return look(it);
}
