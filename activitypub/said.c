#include "said.h"

#include "clock.h"

enum { KEPT_MS = 5 * SECOND_MS, KEPT_MOST = 256 * 1024 };

void said_init(struct said *said)
{
    *said = (struct said){0};
    pthread_mutex_init(&said->lock, NULL);
}

void said_clear(struct said *said)
{
    bytes_clear(&said->body);
    pthread_mutex_destroy(&said->lock);
}

static bool is_same(const struct said *said, const struct outgoing *outgoing, int64_t now_ms)
{
    return said->until_ms > now_ms && said->kind == outgoing->kind &&
           said->message_id == outgoing->post.message_id && said->version == outgoing->version;
}

bool said_known(struct said *said, const struct outgoing *outgoing, int64_t now_ms,
                struct bytes *out, unsigned char out_digest[SHA256_LEN])
{
    pthread_mutex_lock(&said->lock);
    bool known = is_same(said, outgoing, now_ms);
    if (known) {
        bytes_add(out, bytes_slice(&said->body));
        memcpy(out_digest, said->digest, SHA256_LEN);
    }
    pthread_mutex_unlock(&said->lock);
    return known;
}

void said_keep(struct said *said, const struct outgoing *outgoing, int64_t now_ms,
               struct slice body, const unsigned char digest[SHA256_LEN])
{
    bool post = outgoing->kind == OUTGOING_CREATE || outgoing->kind == OUTGOING_UPDATE;

    if (!post || body.len > KEPT_MOST)
        return;
    pthread_mutex_lock(&said->lock);
    said->message_id = outgoing->post.message_id;
    said->version = outgoing->version;
    said->kind = outgoing->kind;
    said->until_ms = now_ms + KEPT_MS;
    bytes_clear(&said->body);
    bytes_add(&said->body, body);
    memcpy(said->digest, digest, SHA256_LEN);
    pthread_mutex_unlock(&said->lock);
}
