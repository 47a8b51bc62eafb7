/* Replies (RFC 5321 4.2, RFC 2034): the one place where codes and words become bytes. */
#include "log.h"
#include "memory.h"
#include "smtp_private.h"

#include <stdio.h>

enum { MIB_SHIFT = 20 };

enum next reply(struct smtp_session *s, int code, const char *status, const char *words)
{
    s->said_code = code;
    s->answered_ms = session_now(s);
    if (status && status[0])
        bytes_print(s->turn->out, "%d %s %s\r\n", code, status, words);
    else
        bytes_print(s->turn->out, "%d %s\r\n", code, words);
    return NEXT_READ;
}

enum next reply_late(struct smtp_session *s, int64_t wait_ms, int code, const char *status,
                     const char *words)
{
    s->said_code = code;
    free(s->late);
    s->late = must_print("%d %s %s\r\n", code, status, words);
    s->late_at_ms = session_now(s) + wait_ms;
    return NEXT_READ;
}

enum next reply_bad(struct smtp_session *s, int code, const char *status, const char *words)
{
    if (++s->errors <= SOFT_ERRORS)
        return reply(s, code, status, words);
    if (s->errors < HARD_ERRORS)
        return reply_late(s, ERROR_REST_MS, code, status, words);
    log_info("s=%s smtp hung up on %s after %d errors", s->id, s->peer.text, s->errors);
    reply(s, 421, "4.7.0", "Too many errors. Look at what your program sends, then come again");
    return NEXT_HANG_UP;
}

enum next reply_full(struct smtp_session *s)
{
    return reply(s, 452, "4.3.1", "The disk here is full. Please send it again later");
}

/* Errors become SMTP here alone.  No default: the compiler names the kind somebody forgot. */
enum next reply_failed(struct smtp_session *s, const struct err *err)
{
    log_error("s=%s smtp failed: %s (%s)", s->id, err->said, err->cause);
    switch (err->kind) {
    case ERR_TEMPORARY:
    case ERR_CONFLICT:
        return reply(s, 451, "4.3.0", "Something failed here. Please send it again later");
    case ERR_FULL: return reply_full(s);
    case ERR_MALFORMED: return reply(s, 550, "5.6.0", err->said);
    case ERR_ABSENT: return reply(s, 550, "5.1.1", err->said);
    case ERR_REFUSED: return reply(s, 550, "5.7.1", err->said);
    case ERR_TOO_LARGE: return reply(s, 552, "5.3.4", err->said);
    }
    __builtin_unreachable();
}

enum next reply_errand(struct smtp_session *s, const struct smtp_errand *errand)
{
    if (!errand->errand.ok)
        return reply_failed(s, &errand->errand.err);
    return reply(s, errand->code, errand->status, errand->words);
}

enum next reply_too_large(struct smtp_session *s)
{
    char words[100];

    snprintf(words, sizeof words, "This mail has more than %lld MiB, the limit here.",
             (long long)(s->duties->message_max >> MIB_SHIFT));
    return reply(s, 552, "5.3.4", words);
}
