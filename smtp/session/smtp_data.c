/* DATA: the body into the spool, piece by piece, and the one answer for all recipients. */
#include "log.h"
#include "memory.h"
#include "smtp_private.h"

enum { PIECE = 16 * 1024 };

void body_begin(struct smtp_session *s, bool chunked)
{
    s->body = s->duties->body_new(s->duties->ctx, s->door);
    framing_init(&s->framing, chunked);
    text_begins(s);
}

enum next on_data(struct smtp_session *s, struct slice args)
{
    if (args.len > 0)
        return reply_bad(s, 501, "5.5.4", "DATA takes no argument");
    if (s->state != RECIPIENTS)
        return reply_bad(s, 554, "5.5.1", "No recipient was accepted");
    body_begin(s, false);
    enter(s, BODY);
    return reply(s, 354, "", "Send the mail; it ends with a dot alone on a line");
}

static const char *protocol_of(const struct smtp_session *s)
{
    if (!s->extended)
        return s->secured ? "ESMTPS" : "SMTP";
    if (s->account_id)
        return s->terms.utf8 ? "UTF8SMTPSA" : "ESMTPSA";
    if (s->terms.utf8)
        return s->secured ? "UTF8SMTPS" : "UTF8SMTP";
    return s->secured ? "ESMTPS" : "ESMTP";
}

static enum next mail_ended(struct smtp_session *s, enum next next)
{
    transaction_clear(s);
    enter(s, GREETED);
    return next;
}

static enum next mail_taken(struct smtp_session *s, struct smtp_errand *errand)
{
    enum next next = reply_errand(s, errand);

    log_info("s=%s smtp %s code=%d bytes=%lld rcpt=%zu tls=%d", s->id,
             s->door == SMTP_DOOR_MX ? "mail" : "submission", s->said_code, (long long)s->body_size,
             s->recipient_count, s->secured);
    if (errand->errand.ok && s->said_code == 250)
        patience_renewed(s);
    return mail_ended(s, next);
}

static enum next hand_over(struct smtp_session *s)
{
    const struct smtp_mail mail = {
        .door = s->door,
        .account_id = s->account_id,
        .mail_from = slice_of(s->mail_from),
        .terms = &s->terms,
        .recipients = s->recipients,
        .recipient_terms = s->recipient_terms,
        .recipient_count = s->recipient_count,
        .body = steal(&s->body),
        .peer = &s->peer,
        .ehlo = s->ehlo,
        .session = s->id,
        .protocol = protocol_of(s),
        .secured = s->secured,
    };

    return send_errand(s, s->duties->take(s->duties->ctx, &mail), mail_taken);
}

bool body_is_refused(const struct smtp_session *s)
{
    return s->broken || s->too_large || s->framing.smuggling || s->framing.nul;
}

void body_drop(struct smtp_session *s)
{
    if (s->body)
        s->duties->body_free(s->body);
    s->body = NULL;
}

/* What two servers could read as two mails: what comes behind it is not read at all. */
static enum next refuse_smuggling(struct smtp_session *s)
{
    log_info("s=%s smtp hung up on %s: a false line end in a mail", s->id, s->peer.text);
    reply(s, 550, "5.6.0",
          "A line in this mail does not end with CR LF. Mend it and send it again");
    return NEXT_HANG_UP;
}

enum next body_end(struct smtp_session *s)
{
    if (s->framing.smuggling)
        return refuse_smuggling(s);
    if (s->broken)
        return mail_ended(s, reply_failed(s, &s->broken_err));
    if (s->too_large)
        return mail_ended(s, reply_too_large(s));
    if (s->framing.nul)
        return mail_ended(s, reply(s, 550, "5.6.0",
                                   "This mail has a NUL byte in it. Encode it and send it again"));
    return hand_over(s);
}

static bool has_ended(const struct smtp_session *s)
{
    return s->framing.chunked ? s->chunk_left == 0 : s->framing.state == FRAMING_END;
}

static enum next text_ended(struct smtp_session *s)
{
    return s->framing.chunked ? chunk_ended(s) : body_end(s);
}

static enum next piece_written(struct smtp_session *s, struct smtp_errand *errand)
{
    pace_rested(&s->pace, session_now(s) - s->flush_began_ms);
    if (!errand->errand.ok) { /* the rest is read and dropped; the answer comes at its end */
        s->broken = true;
        s->broken_err = errand->errand.err;
        body_drop(s);
    }
    return has_ended(s) ? text_ended(s) : NEXT_READ;
}

enum next body_flush(struct smtp_session *s)
{
    s->flush_began_ms = session_now(s);
    return send_errand(s, s->duties->body_flush(s->body), piece_written);
}

bool body_add_framed(struct smtp_session *s, struct slice text)
{
    s->body_size += (int64_t)text.len;
    s->too_large = s->too_large || s->body_size > s->duties->message_max;
    if (!body_is_refused(s))
        return s->duties->body_add(s->body, text);
    body_drop(s);
    return false;
}

static bool take_piece(struct smtp_session *s)
{
    scoped_value(bytes) text = {0};
    struct turn *turn = s->turn;
    struct slice piece = slice_first(slice_from(turn->in, turn->used), PIECE);

    if (s->framing.chunked)
        piece = slice_first(piece, (size_t)s->chunk_left);
    size_t taken = framing_feed(&s->framing, piece, &text);
    turn->used += taken;
    text_came(s, (int64_t)taken);
    s->chunk_left -= s->framing.chunked ? (int64_t)taken : 0;
    return body_add_framed(s, bytes_slice(&text));
}

enum next body_read(struct smtp_session *s)
{
    struct turn *turn = s->turn;

    while (turn->used < turn->in.len && !has_ended(s))
        if (take_piece(s))
            return body_flush(s);
    if (has_ended(s))
        return text_ended(s);
    return text_is_too_slow(s) ? patience_is_over(s) : NEXT_READ;
}
