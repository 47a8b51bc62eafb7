/*
 * The judge: one request after the other on descriptor 3, until the server closes it or nothing comes.
 *
 * Its group gets SIGTERM when a request takes too long: GnuPG dies of it, we go on to read, find the socket
 * closed and tidy up.
 */
#include "clock.h"
#include "engine.h"
#include "memory.h"
#include "packets.h"
#include "pgp.h"
#include "wire.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { JUDGE_FD = 3, IDLE_MS = 60 * SECOND_MS, REQUEST_MS = 60 * SECOND_MS, LAST_RESORT_S = 120 };

/* The signed octets: what DATA frames bring until END. */
struct arriving_text {
    struct engine_text text;
    struct wire *wire;
    int64_t deadline_ms;
    struct slice rest;
    bool ended, lost;
};

static void bring_more(struct arriving_text *t)
{
    struct frame frame;
    bool come = wire_next(t->wire, t->deadline_ms, &frame) == WIRE_DONE;

    if (come && frame.kind == FRAME_DATA)
        t->rest = frame.payload;
    else if (come && frame.kind == FRAME_END)
        t->ended = true;
    else
        t->lost = true;
}

static ssize_t read_text(struct engine_text *text, void *into, size_t size)
{
    struct arriving_text *t = container_of(text, struct arriving_text, text);

    while (slice_empty(t->rest) && !t->ended && !t->lost)
        bring_more(t);
    if (t->lost)
        return -1;
    struct slice part = slice_first(t->rest, size);
    if (part.len)
        memcpy(into, part.at, part.len);
    t->rest = slice_from(t->rest, part.len);
    return (ssize_t)part.len;
}

/* GnuPG need not have read all; the answer comes after END. */
static bool read_to_end(struct arriving_text *t)
{
    while (!t->ended && !t->lost) {
        t->rest = (struct slice){"", 0};
        bring_more(t);
    }
    return t->ended;
}

static bool read_key(struct engine *engine, const struct judge_request *request,
                     struct judge_answer *answer)
{
    scoped_value(bytes) binary = {0};

    if (!openpgp_binary(bytes_slice(&request->certificates[0]), &binary))
        return err_set(&answer->err, ERR_MALFORMED, "This is not an OpenPGP certificate");
    return certificate_is_fit(bytes_slice(&binary), &answer->err) &&
           engine_read_key(engine, bytes_slice(&binary), &answer->facts, &answer->err);
}

/* Leaves only certificates that may be shown to GnuPG, in binary. */
static void sift_certificates(struct judge_request *request)
{
    size_t kept = 0;

    for (size_t i = 0; i < request->certificate_count; i++) {
        struct err unfit;
        scoped_value(bytes) binary = {0};
        bool fit = openpgp_binary(bytes_slice(&request->certificates[i]), &binary) &&
                   certificate_is_fit(bytes_slice(&binary), &unfit);
        bytes_clear(&request->certificates[i]);
        if (fit) {
            request->certificates[kept++] = binary;
            binary = (struct bytes){0};
        }
    }
    request->certificate_count = kept;
}

static bool verify(struct engine *engine, struct judge_request *request, struct engine_text *text,
                   struct judge_answer *answer)
{
    scoped_value(bytes) signature = {0};

    answer->verdict = (struct pgp_verdict){.judgement = PGP_UNFIT};
    if (!openpgp_binary(bytes_slice(&request->signature), &signature) ||
        signatures_count(bytes_slice(&signature)) != 1)
        return true;
    sift_certificates(request);
    return engine_verify(engine, request->certificates, request->certificate_count,
                         bytes_slice(&signature), text, &answer->verdict, &answer->err);
}

/* One that cannot be shown to GnuPG vouches for nothing; and without the first there is nothing to vouch for. */
static bool vouched(struct engine *engine, struct judge_request *request,
                    struct judge_answer *answer)
{
    scoped_value(bytes) binary = {0};
    scoped_text char *address = must_copy(bytes_slice(&request->signature));

    answer->verdict = (struct pgp_verdict){.judgement = PGP_OTHER_KEY};
    if (request->certificate_count == 0 ||
        !openpgp_binary(bytes_slice(&request->certificates[0]), &binary) ||
        !certificate_is_fit(bytes_slice(&binary), &answer->err))
        return err_set(&answer->err, ERR_MALFORMED, "This is not an OpenPGP certificate");
    sift_certificates(request);
    return engine_vouched(engine, request->certificates, request->certificate_count, address,
                          &answer->verdict, &answer->err);
}

/* What GnuPG wrote, as DATA frames. */
struct leaving_text {
    struct engine_result result;
    struct wire *wire;
    int64_t deadline_ms;
};

static bool write_text(struct engine_result *result, struct slice s)
{
    struct leaving_text *t = container_of(result, struct leaving_text, result);
    scoped_value(bytes) out = {0};

    while (!slice_empty(s)) {
        frame_add(&out, FRAME_DATA, slice_first(s, FRAME_MOST));
        s = slice_from(s, FRAME_MOST);
    }
    return wire_send(t->wire, bytes_slice(&out), t->deadline_ms) == WIRE_DONE;
}

static bool encrypt_text(struct engine *engine, struct judge_request *request,
                         struct arriving_text *text, struct judge_answer *answer)
{
    struct leaving_text out = {{write_text}, text->wire, text->deadline_ms};
    size_t given = request->certificate_count;

    sift_certificates(request);
    if (request->certificate_count < given)
        return err_set(&answer->err, ERR_REFUSED, "This is not an OpenPGP certificate");
    return engine_encrypt(engine, request->certificates, request->certificate_count, &text->text,
                          &out.result, &answer->err);
}

/* False: the server is gone, or not to be understood. */
static bool serve(struct engine *engine, struct judge_request *request, struct wire *wire)
{
    struct judge_answer answer = {0};
    struct arriving_text text = {
        .text = {read_text}, .wire = wire, .deadline_ms = monotonic_ms() + REQUEST_MS};
    scoped_value(bytes) out = {0};

    if (request->kind == FRAME_VERIFY)
        answer.ok = verify(engine, request, &text.text, &answer);
    else if (request->kind == FRAME_VOUCHED)
        answer.ok = vouched(engine, request, &answer);
    else if (request->kind == FRAME_ENCRYPT)
        answer.ok = encrypt_text(engine, request, &text, &answer);
    else
        answer.ok = read_key(engine, request, &answer);
    if (!read_to_end(&text))
        return false;
    judge_answer_add(&out, request->kind, &answer);
    return wire_send(wire, bytes_slice(&out), text.deadline_ms) == WIRE_DONE;
}

static bool serve_next(struct engine *engine, struct wire *wire)
{
    scoped_value(judge_request) request = {0};
    struct frame frame;

    for (;;) {
        if (wire_next(wire, monotonic_ms() + IDLE_MS, &frame) != WIRE_DONE)
            return false;
        switch (judge_request_take(&request, &frame)) {
        case REQUEST_MORE: break;
        case REQUEST_BROKEN: return false;
        case REQUEST_READY: return serve(engine, &request, wire);
        }
    }
}

/* Nobody asks a judge that cannot judge: it says why, once, and leaves. */
static void excuse(struct wire *wire, const struct err *err)
{
    struct judge_answer answer = {.ok = false, .err = *err};
    scoped_value(bytes) out = {0};

    judge_answer_add(&out, FRAME_VERIFY, &answer);
    (void)wire_send(wire, bytes_slice(&out), monotonic_ms() + SECOND_MS);
}

static void on_signal(int signal)
{
    (void)signal; /* handled, so that reads end, and reset for GnuPG by exec */
}

static void settle_in(void)
{
    const struct sigaction handled = {.sa_handler = on_signal};
    const struct rlimit no_core = {0, 0};

    sigaction(SIGTERM, &handled, NULL);
    sigaction(SIGPIPE, &handled, NULL);
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    fcntl(JUDGE_FD, F_SETFD, FD_CLOEXEC);
}

int pgp_judge_main(void)
{
    struct wire wire = {.fd = JUDGE_FD};
    struct err err;

    settle_in();
    scoped(engine) engine = NULL;
    if (!engine_open(&engine, &err)) {
        excuse(&wire, &err);
        return 0; /* in order: the next request may find things mended */
    }
    do
        alarm(LAST_RESORT_S); /* should GnuPG hang when there is no server left to end us */
    while (serve_next(engine, &wire));
    bytes_clear(&wire.in);
    return 0;
}
