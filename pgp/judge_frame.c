#include "judge_frame.h"

#include <assert.h>
#include <ctype.h>

enum { FINGERPRINT_LEN = PGP_FINGERPRINT_SIZE - 1 };

/* --- numbers and texts -------------------------------------------------------------------------- */

static void put_number(struct bytes *out, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--)
        bytes_add_char(out, (char)(unsigned char)((uint64_t)value >> (8 * i)));
}

static bool get_number(struct slice *rest, size_t width, int64_t *out)
{
    uint64_t value = 0;

    if (rest->len < width)
        return false;
    for (size_t i = 0; i < width; i++)
        value = value << 8 | (unsigned char)rest->at[i];
    *rest = slice_from(*rest, width);
    *out = (int64_t)value;
    return true;
}

static void put_text(struct bytes *out, const char *text)
{
    struct slice s = slice_of(text);

    put_number(out, (int64_t)s.len, 2);
    bytes_add(out, s);
}

/* Fits into `size` with its NUL, holds none itself. */
static bool get_text(struct slice *rest, char *into, size_t size)
{
    int64_t len = 0;

    if (!get_number(rest, 2, &len) || (size_t)len > rest->len || (size_t)len >= size)
        return false;
    if (slice_find(slice_first(*rest, (size_t)len), '\0') != SIZE_MAX)
        return false;
    if (len)
        memcpy(into, rest->at, (size_t)len);
    into[len] = '\0';
    *rest = slice_from(*rest, (size_t)len);
    return true;
}

static bool get_flag(struct slice *rest, bool *out)
{
    int64_t value = 0;

    if (!get_number(rest, 1, &value) || value > 1)
        return false;
    *out = value == 1;
    return true;
}

/* --- frames ------------------------------------------------------------------------------------- */

static bool known(int kind)
{
    return kind && strchr("KVUXCSNGDEA", kind) != NULL;
}

enum frame_step frame_read(struct slice in, struct frame *out, size_t *out_used)
{
    struct slice rest = slice_from(in, 1);
    int64_t len = 0;

    if (slice_empty(in))
        return FRAME_PART;
    if (!known((unsigned char)in.at[0]))
        return FRAME_BROKEN;
    if (!get_number(&rest, FRAME_HEAD - 1, &len))
        return FRAME_PART;
    if (len > FRAME_MOST)
        return FRAME_BROKEN;
    if (rest.len < (size_t)len)
        return FRAME_PART;
    *out = (struct frame){(enum frame_kind)in.at[0], slice_first(rest, (size_t)len)};
    *out_used = FRAME_HEAD + (size_t)len;
    return FRAME_WHOLE;
}

void frame_add(struct bytes *out, enum frame_kind kind, struct slice payload)
{
    assert(payload.len <= FRAME_MOST);
    bytes_add_char(out, (char)kind);
    put_number(out, (int64_t)payload.len, FRAME_HEAD - 1);
    bytes_add(out, payload);
}

/* --- requests ----------------------------------------------------------------------------------- */

static enum request_step take_first(struct judge_request *request, const struct frame *frame)
{
    if (frame->kind != FRAME_READ_KEY && frame->kind != FRAME_VERIFY &&
        frame->kind != FRAME_VOUCHED && frame->kind != FRAME_ENCRYPT)
        return REQUEST_BROKEN;
    request->kind = frame->kind;
    return slice_empty(frame->payload) ? REQUEST_MORE : REQUEST_BROKEN;
}

static enum request_step take_certificate(struct judge_request *request, struct slice payload)
{
    if (request->certificate_count == CERTIFICATES_MOST)
        return REQUEST_BROKEN;
    bytes_add(&request->certificates[request->certificate_count++], payload);
    return request->kind == FRAME_READ_KEY ? REQUEST_READY : REQUEST_MORE;
}

enum request_step judge_request_take(struct judge_request *request, const struct frame *frame)
{
    if (!request->kind)
        return take_first(request, frame);
    if (frame->kind == FRAME_CERTIFICATE)
        return take_certificate(request, frame->payload);
    if (frame->kind == FRAME_GO && request->kind == FRAME_ENCRYPT)
        return slice_empty(frame->payload) ? REQUEST_READY : REQUEST_BROKEN;
    enum frame_kind last = request->kind == FRAME_VOUCHED ? FRAME_ADDRESS : FRAME_SIGNATURE;
    if (frame->kind != last || (request->kind != FRAME_VERIFY && request->kind != FRAME_VOUCHED))
        return REQUEST_BROKEN;
    bytes_add(&request->signature, frame->payload);
    return REQUEST_READY;
}

void judge_request_clear(struct judge_request *request)
{
    for (size_t i = 0; i < request->certificate_count; i++)
        bytes_clear(&request->certificates[i]);
    bytes_clear(&request->signature);
    *request = (struct judge_request){0};
}

/* --- answers ------------------------------------------------------------------------------------ */

static void put_facts(struct bytes *out, const struct pgp_key_facts *facts)
{
    put_text(out, facts->fingerprint);
    put_number(out, facts->created_ms, 8);
    put_number(out, facts->expires_ms, 8);
    put_number(out, facts->revoked, 1);
    put_number(out, facts->expired, 1);
    put_number(out, facts->can_sign, 1);
    put_number(out, facts->can_encrypt, 1);
    put_number(out, facts->encrypts_until_ms, 8);
    put_number(out, (int64_t)facts->uid_count, 1);
    for (size_t i = 0; i < facts->uid_count; i++)
        put_text(out, facts->uids[i]);
}

static void put_verdict(struct bytes *out, const struct pgp_verdict *verdict)
{
    put_number(out, verdict->judgement, 1);
    put_text(out, verdict->fingerprint);
    put_number(out, verdict->signed_at_ms, 8);
}

void judge_answer_add(struct bytes *out, enum frame_kind to, const struct judge_answer *answer)
{
    scoped_value(bytes) payload = {0};

    put_number(&payload, answer->ok, 1);
    if (!answer->ok) {
        put_number(&payload, answer->err.kind, 1);
        put_text(&payload, answer->err.said);
        put_text(&payload, answer->err.cause);
    } else if (to == FRAME_VERIFY || to == FRAME_VOUCHED) {
        put_verdict(&payload, &answer->verdict);
    } else if (to == FRAME_READ_KEY) {
        put_facts(&payload, &answer->facts);
    }
    frame_add(out, FRAME_ANSWER, bytes_slice(&payload));
}

static bool like_fingerprint(const char *text)
{
    return strlen(text) == FINGERPRINT_LEN && strspn(text, "0123456789ABCDEF") == FINGERPRINT_LEN;
}

static bool get_err(struct slice *rest, struct err *out)
{
    struct err err = {0};
    int64_t kind = 0;

    if (!get_number(rest, 1, &kind) || kind < ERR_TEMPORARY || kind > ERR_CONFLICT)
        return false;
    if (!get_text(rest, err.said, sizeof err.said) || !get_text(rest, err.cause, sizeof err.cause))
        return false;
    err_because(out, (enum err_kind)kind, err.said, "%s", err.cause); /* takes control bytes out */
    return true;
}

static bool get_verdict(struct slice *rest, struct pgp_verdict *out)
{
    int64_t judgement = 0;

    if (!get_number(rest, 1, &judgement) || judgement > PGP_UNFIT)
        return false;
    out->judgement = (enum pgp_judgement)judgement;
    return get_text(rest, out->fingerprint, sizeof out->fingerprint) &&
           get_number(rest, 8, &out->signed_at_ms) &&
           (out->judgement != PGP_GOOD || like_fingerprint(out->fingerprint));
}

static bool get_facts(struct slice *rest, struct pgp_key_facts *out)
{
    int64_t count = 0;

    if (!get_text(rest, out->fingerprint, sizeof out->fingerprint) ||
        !like_fingerprint(out->fingerprint) || !get_number(rest, 8, &out->created_ms) ||
        !get_number(rest, 8, &out->expires_ms))
        return false;
    if (!get_flag(rest, &out->revoked) || !get_flag(rest, &out->expired) ||
        !get_flag(rest, &out->can_sign) || !get_flag(rest, &out->can_encrypt) ||
        !get_number(rest, 8, &out->encrypts_until_ms))
        return false;
    if (!get_number(rest, 1, &count) || count > PGP_UIDS_MAX)
        return false;
    out->uid_count = (size_t)count;
    for (size_t i = 0; i < out->uid_count; i++)
        if (!get_text(rest, out->uids[i], sizeof out->uids[i]))
            return false;
    return true;
}

bool judge_answer_read(struct slice payload, enum frame_kind to, struct judge_answer *out)
{
    struct slice rest = payload;
    bool good = false;

    *out = (struct judge_answer){0};
    if (!get_flag(&rest, &out->ok))
        return false;
    if (!out->ok)
        good = get_err(&rest, &out->err);
    else if (to == FRAME_VERIFY || to == FRAME_VOUCHED)
        good = get_verdict(&rest, &out->verdict);
    else
        good = to == FRAME_ENCRYPT || get_facts(&rest, &out->facts);
    return good && slice_empty(rest);
}
