/*
 * BDAT: a mail in chunks whose length is said before (RFC 3030).
 *
 * A chunk that is refused still comes, so its octets are dropped before the answer: else they would be read as
 * commands, and a mail could hold some.  Behind a refused chunk the mail is forgotten; chunks that were sent ahead are
 * answered 503, each, and do not count as errors.
 */
#include "smtp_private.h"

#include <stdio.h>

enum { DIGITS_MAX = 18 };

static bool read_arguments(struct slice args, int64_t *out_octets, bool *out_last)
{
    struct slice rest = args;
    struct slice octets = slice_cut(&rest, ' ');
    struct slice word = rest.at ? slice_trim(rest) : SLICE("");

    *out_last = slice_is_nocase(word, "LAST");
    return octets.len > 0 && octets.len <= DIGITS_MAX && (word.len == 0 || *out_last) &&
           slice_to_number(octets, INT64_MAX, out_octets);
}

/* What follows could be text or commands: no way to go on. */
static enum next refuse_arguments(struct smtp_session *s)
{
    reply(s, 501, "5.5.4",
          "Write BDAT and a number of octets, and LAST behind that of the last chunk");
    return NEXT_HANG_UP;
}

enum next refuse_bdat(struct smtp_session *s, struct slice args, struct refusal refusal)
{
    if (!read_arguments(args, &s->chunk_left, &s->chunk_last))
        return refuse_arguments(s);
    s->chunk_refused = refusal; /* read_on() calls chunk_drop() */
    text_begins(s);
    return NEXT_READ;
}

enum next chunk_drop(struct smtp_session *s)
{
    struct turn *turn = s->turn;
    size_t here = slice_first(slice_from(turn->in, turn->used), (size_t)s->chunk_left).len;
    struct refusal refusal = s->chunk_refused;

    turn->used += here;
    s->chunk_left -= (int64_t)here;
    text_came(s, (int64_t)here);
    if (s->chunk_left > 0)
        return text_is_too_slow(s) ? patience_is_over(s) : NEXT_READ;
    s->chunk_refused = (struct refusal){0};
    return reply(s, refusal.code, refusal.status, refusal.words);
}

enum next on_bdat(struct smtp_session *s, struct slice args)
{
    if (s->state == SENDER)
        return refuse_bdat(s, args, (struct refusal){554, "5.5.1", "No recipient was accepted"});
    if (!read_arguments(args, &s->chunk_left, &s->chunk_last))
        return refuse_arguments(s);
    if (s->state == RECIPIENTS)
        body_begin(s, true);
    enter(s, CHUNK);
    if (s->chunk_left > s->duties->message_max - s->body_size) {
        s->too_large = true;
        body_drop(s);
    }
    return s->chunk_left > 0 ? NEXT_READ : chunk_ended(s);
}

enum next chunk_ended(struct smtp_session *s)
{
    scoped_value(bytes) rest = {0};
    char words[60];

    if (s->chunk_last && s->framing.state != FRAMING_END) {
        framing_finish(&s->framing, &rest);
        if (body_add_framed(s, bytes_slice(&rest)))
            return body_flush(s);
    }
    if (s->chunk_last || body_is_refused(s))
        return body_end(s);
    if (text_is_too_slow(s))
        return patience_is_over(s);
    enter(s, BETWEEN_CHUNKS);
    snprintf(words, sizeof words, "%lld octets are here", (long long)s->body_size);
    return reply(s, 250, "2.0.0", words);
}
