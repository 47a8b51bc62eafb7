#include "said.h"

#include "clock.h"
#include "json_write.h"

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

static void keep(struct said *said, const struct outgoing *outgoing, int64_t now_ms,
                 struct slice body)
{
    said->message_id = outgoing->post.message_id;
    said->version = outgoing->version;
    said->kind = outgoing->kind;
    said->until_ms = now_ms + KEPT_MS;
    bytes_clear(&said->body);
    bytes_add(&said->body, body);
}

void said_write(struct said *said, const struct outgoing *outgoing, bool manual, int64_t now_ms,
                struct bytes *out)
{
    bool post = outgoing->kind == OUTGOING_CREATE || outgoing->kind == OUTGOING_UPDATE;

    if (!post) {
        json_outgoing(outgoing, manual, out);
        return;
    }
    pthread_mutex_lock(&said->lock);
    bool known = is_same(said, outgoing, now_ms);
    if (known)
        bytes_add(out, bytes_slice(&said->body));
    pthread_mutex_unlock(&said->lock);
    if (known)
        return;
    size_t before = out->len;
    json_outgoing(outgoing, manual, out);
    if (out->len - before > KEPT_MOST)
        return;
    pthread_mutex_lock(&said->lock);
    keep(said, outgoing, now_ms, slice_from(bytes_slice(out), before));
    pthread_mutex_unlock(&said->lock);
}
