/*
 * The server's side of encryption by the judge: gives the mail in pieces and takes what GnuPG makes of it meanwhile, so
 * that a mail of any size costs two buffers.
 */
#include "clock.h"
#include "memory.h"
#include "pgp_private.h"

enum { PIECE = 16 * 1024 };

static const char said[] = "Mail cannot be encrypted at the moment; try again later";

struct exchange {
    struct judge *judge;
    struct sink *into;
    int64_t deadline_ms; /* of the next step: who works may take its time */
    struct judge_answer answer;
    bool answered;
};

static void step_on(struct exchange *exchange)
{
    exchange->deadline_ms = monotonic_ms() + exchange->judge->deadline_ms;
}

static bool failed_at(enum wire_step step, struct err *err)
{
    static const char *const causes[] = {
        [WIRE_DONE] = "",
        [WIRE_LATE] = "the judge was too slow and has been ended",
        [WIRE_CLOSED] = "the judge died",
        [WIRE_BROKEN] = "the judge talked nonsense and has been ended",
    };

    return err_because(err, ERR_TEMPORARY, said, "%s", causes[step]);
}

/* One frame of the judge's. */
static bool take_one(struct exchange *exchange, struct err *err)
{
    struct frame frame;
    enum wire_step step = wire_next(&exchange->judge->wire, exchange->deadline_ms, &frame);

    if (step != WIRE_DONE)
        return failed_at(step, err);
    step_on(exchange);
    if (frame.kind == FRAME_DATA)
        return sink_write(exchange->into, frame.payload, err);
    exchange->answered = frame.kind == FRAME_ANSWER &&
                         judge_answer_read(frame.payload, FRAME_ENCRYPT, &exchange->answer);
    return exchange->answered || failed_at(WIRE_BROKEN, err);
}

static bool give(struct exchange *exchange, enum frame_kind kind, struct slice payload,
                 struct err *err)
{
    scoped_value(bytes) out = {0};

    frame_add(&out, kind, payload);
    enum wire_step step =
        wire_send_taking(&exchange->judge->wire, bytes_slice(&out), exchange->deadline_ms);
    if (step != WIRE_DONE)
        return failed_at(step, err);
    step_on(exchange);
    while (!exchange->answered && wire_has_frame(&exchange->judge->wire))
        if (!take_one(exchange, err))
            return false;
    return true;
}

static bool give_text(struct exchange *exchange, struct source *what, struct err *err)
{
    char piece[PIECE];
    size_t len = 1;

    for (int64_t offset = 0; len > 0; offset += (int64_t)len) {
        if (!source_read(what, offset, piece, sizeof piece, &len, err))
            return false;
        if (len > 0 && !give(exchange, FRAME_DATA, (struct slice){piece, len}, err))
            return false;
    }
    return true;
}

static bool run(struct exchange *exchange, const struct judge_request *request, struct source *what,
                struct err *err)
{
    bool ok = judge_start(exchange->judge, err) && give(exchange, FRAME_ENCRYPT, SLICE(""), err);

    for (size_t i = 0; i < request->certificate_count && ok; i++)
        ok = give(exchange, FRAME_CERTIFICATE, bytes_slice(&request->certificates[i]), err);
    ok = ok && give(exchange, FRAME_GO, SLICE(""), err) && give_text(exchange, what, err) &&
         give(exchange, FRAME_END, SLICE(""), err);
    while (ok && !exchange->answered)
        ok = take_one(exchange, err);
    return ok;
}

bool judge_encrypt(struct judge *judge, const struct judge_request *request, struct source *what,
                   struct sink *into, struct err *err)
{
    struct exchange exchange = {.judge = judge, .into = into};

    pthread_mutex_lock(&judge->lock);
    step_on(&exchange);
    bool ok = run(&exchange, request, what, err);
    if (!ok)
        judge_end(judge);
    pthread_mutex_unlock(&judge->lock);
    if (!ok || exchange.answer.ok)
        return ok;
    *err = exchange.answer.err;
    return err->kind == ERR_TEMPORARY
               ? err_because(err, ERR_TEMPORARY, said, "%s", exchange.answer.err.cause)
               : false;
}
