#include "challenges.h"

#include "memory.h"

#include <pthread.h>

struct challenge {
    char *token, *proof;
};
struct challenges {
    pthread_mutex_t lock; /* held for some comparisons of text, no longer */
    struct challenge at[CHALLENGES_MAX];
    size_t count;
};

struct challenges *challenges_new(void)
{
    struct challenges *challenges = must_new(struct challenges);

    pthread_mutex_init(&challenges->lock, NULL);
    return challenges;
}

static void clear(struct challenges *challenges)
{
    for (size_t i = 0; i < challenges->count; i++) {
        free(challenges->at[i].token);
        free(challenges->at[i].proof);
    }
    challenges->count = 0;
}

void challenges_free(struct challenges *challenges)
{
    if (!challenges)
        return;
    clear(challenges);
    pthread_mutex_destroy(&challenges->lock);
    free(challenges);
}

bool challenges_open(struct challenges *challenges, const char *token, const char *proof)
{
    pthread_mutex_lock(&challenges->lock);
    bool room = challenges->count < CHALLENGES_MAX;
    if (room)
        challenges->at[challenges->count++] = (struct challenge){must_dup(token), must_dup(proof)};
    pthread_mutex_unlock(&challenges->lock);
    return room;
}

void challenges_close_all(struct challenges *challenges)
{
    pthread_mutex_lock(&challenges->lock);
    clear(challenges);
    pthread_mutex_unlock(&challenges->lock);
}

static bool find(struct challenges *challenges, struct slice token, struct bytes *out)
{
    bool found = false;

    pthread_mutex_lock(&challenges->lock);
    for (size_t i = 0; i < challenges->count && !found; i++) {
        found = slice_is(token, challenges->at[i].token);
        if (found)
            bytes_add_text(out, challenges->at[i].proof);
    }
    pthread_mutex_unlock(&challenges->lock);
    return found;
}

bool challenges_answer(struct challenges *challenges, const struct http_request *request,
                       struct http_response *response)
{
    const struct slice start = SLICE("/.well-known/acme-challenge/");
    scoped_value(bytes) proof = {0};

    if (!challenges || !http_is_get_or_head(request) || !slice_starts(request->path, start) ||
        !find(challenges, slice_from(request->path, start.len), &proof))
        return false;
    http_answer(response, 200, "application/octet-stream", bytes_slice(&proof));
    return true;
}
