/* Devices that are told of contact requests by Web Push (RFC 8030, 8291, 8292). */
#include "push.h"

#include "bridge_contact.h"
#include "bridge_private.h"
#include "bridge_push.h"
#include "json.h"
#include "memory.h"
#include "push_read.h"
#include "store_contact.h"
#include "text.h"

enum {
    TOKEN_HOURS = 12, /* RFC 8292 2: at most 24 */
    TTL_S = 24 * 60 * 60,
    TRIES_MOST = 20, /* with the pauses below: two days */
    PAUSE_MS = 5 * SECOND_MS,
    PAUSE_MOST_MS = 4 * HOUR_MS,
};
#define TOPIC_NAME                                                                                 \
    "nestbox-contact" /* a newer one takes the place of one that was not fetched yet */

void bridge_push_key(struct bridge *bridge, struct bytes *out)
{
    unsigned char point[PUSH_POINT_LEN];

    push_public_key(bridge->vault, point);
    base64url_add(out, (struct slice){(const char *)point, sizeof point});
}

/* ---- registering ---- */
bool bridge_push_add(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                     const char *endpoint, const char *p256dh, const char *auth, struct err *err)
{
    struct push push = {.account_id = account_id};

    if (!bridge->config->push)
        return err_set(err, ERR_REFUSED, "This server pushes nothing");
    if (!push_read(endpoint, p256dh, auth, &push, err))
        return false;
    scoped_text char *copy = must_dup(endpoint);
    push.endpoint = copy;
    return store_contact_newest(store_tx_view(tx), account_id, &push.event, err) &&
           store_put_push(tx, &push, PUSH_DEVICES_MOST, err);
}

bool bridge_push_remove(struct store_tx *tx, int64_t account_id, const char *endpoint,
                        struct err *err)
{
    return endpoint ? store_end_push(tx, account_id, endpoint, err)
                    : err_set(err, ERR_MALFORMED, "Say which endpoint");
}

/* ---- sending ---- */
void push_job_clear(struct push_job *job)
{
    free(job->endpoint);
    bytes_clear(&job->fields);
    bytes_clear(&job->body);
    *job = (struct push_job){0};
}

static void add_base64url(struct bytes *out, struct bytes *text)
{
    base64url_add(out, bytes_slice(text));
}

/* RFC 8292 2: who sends, signed, for this push service alone. */
static void add_authorization(struct bridge *bridge, const struct account *account,
                              const char *endpoint, struct bytes *out)
{
    unsigned char signature[PUSH_SIGNATURE_LEN];
    scoped_value(bytes) claims = {0};
    scoped_value(bytes) token = {0};
    struct json json = json_to(&claims);
    scoped_text char *contact = must_print("mailto:postmaster@%s", account->domain);

    json_open(&json, NULL);
    json_slice(&json, "aud", push_origin(endpoint));
    json_number(&json, "exp", (clock_now(bridge->clock) + TOKEN_HOURS * HOUR_MS) / SECOND_MS);
    json_text(&json, "sub", contact);
    json_end(&json);
    base64url_add(&token, SLICE("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"));
    bytes_add_char(&token, '.');
    add_base64url(&token, &claims);
    push_sign(bridge->vault, bytes_slice(&token), signature);
    bytes_print(out, "Authorization: vapid t=%s.", token.at);
    base64url_add(out, (struct slice){(const char *)signature, sizeof signature});
    bytes_add_text(out, ", k=");
    bridge_push_key(bridge, out);
    bytes_add_text(out, "\r\n");
}

static void add_fields(struct bridge *bridge, const struct account *account, struct push_job *job)
{
    add_authorization(bridge, account, job->endpoint, &job->fields);
    bytes_print(&job->fields,
                "TTL: %d\r\nUrgency: high\r\nTopic: " TOPIC_NAME "\r\n"
                "Content-Type: application/octet-stream\r\nContent-Encoding: aes128gcm\r\n",
                TTL_S);
}

static bool keep_name(void *ctx, const struct contact *contact, const struct person *person)
{
    char **name = ctx;

    *name = bridge_contact_name(contact, person);
    return false;
}

/* Who asked last and how many wait: enough to show, and the device looks for the rest itself. */
static bool write_plain(struct store_view *view, const struct push *push, struct push_job *job,
                        struct bytes *out, struct err *err)
{
    scoped_text char *who = NULL;
    int64_t counts[CONTACT_STATES];
    struct json json = json_to(out);

    if (!store_contact_newest(view, push->account_id, &job->event, err) ||
        !store_contact_counts(view, push->account_id, counts, err) ||
        !store_contacts_in(view, push->account_id, CONTACT_ASKED, NULL, 1, keep_name, &who, err))
        return false;
    json_open(&json, NULL);
    json_text(&json, "event", "asked");
    json_number(&json, "last", job->event);
    json_text(&json, "person", who);
    json_number(&json, "waiting", counts[CONTACT_ASKED]);
    json_end(&json);
    return true;
}

static bool seal(struct bridge *bridge, struct store_view *view, const struct push *push,
                 const struct account *account, struct push_job *out, struct err *err)
{
    scoped_value(bytes) plain = {0};
    struct push_device device;

    memcpy(device.point, push->point, sizeof device.point);
    memcpy(device.auth, push->auth, sizeof device.auth);
    if (!write_plain(view, push, out, &plain, err) ||
        !push_seal(&device, bytes_slice(&plain), &out->body, err))
        return false;
    add_fields(bridge, account, out);
    return true;
}

enum found bridge_push_next(struct bridge *bridge, struct store_view *view,
                            const struct pushes *but, struct push_job *out, int64_t *out_next_ms,
                            struct err *err)
{
    scoped_value(push) push = {0};
    scoped_value(account) account = {0};

    *out_next_ms = 0;
    push_job_clear(out); /* of a first run */
    if (!bridge->config->push)
        return ABSENT;
    enum found found =
        store_push_next(view, clock_now(bridge->clock), but, &push, out_next_ms, err);
    if (found != FOUND)
        return found;
    out->id = push.id;
    out->account_id = push.account_id;
    out->tries = push.tries;
    out->told = push.event;
    out->endpoint = must_dup(push.endpoint);
    out->damaged = push.damaged || !push_point_is_good(push.point);
    if (out->damaged)
        return FOUND;
    return store_account(view, push.account_id, &account, err) == FOUND &&
                   seal(bridge, view, &push, &account, out, err)
               ? FOUND
               : FAILED;
}

static int64_t pause_ms(int64_t tries, int64_t retry_after_s)
{
    int64_t pause = PAUSE_MS;

    for (int64_t i = 0; i < tries && pause < PAUSE_MOST_MS; i++)
        pause *= 2;
    if (retry_after_s >= PAUSE_MOST_MS / SECOND_MS)
        return PAUSE_MOST_MS; /* no service rests for days */
    if (pause < retry_after_s * SECOND_MS)
        pause = retry_after_s * SECOND_MS;
    return pause < PAUSE_MOST_MS ? pause : PAUSE_MOST_MS;
}

bool bridge_push_ended(struct bridge *bridge, struct store_tx *tx, const struct push_job *job,
                       enum push_end end, int64_t retry_after_s, struct err *err)
{
    struct push push = {.id = job->id, .event = job->event};

    if (end == PUSH_GONE || (end == PUSH_AGAIN && job->tries + 1 >= TRIES_MOST))
        return store_end_push(tx, job->account_id, job->endpoint, err);
    if (end == PUSH_AGAIN) {
        push.event = job->told;
        push.tries = job->tries + 1;
        push.due_ms = clock_now(bridge->clock) + pause_ms(job->tries, retry_after_s);
    }
    return store_push_fares(tx, &push, err);
}
