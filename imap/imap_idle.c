/*
 * IDLE (RFC 2177): nothing is asked, and what changes is told at once.
 *
 * A nudge says "look"; the errand that looks is the same as behind any command.  While it is out the client's DONE
 * waits in the driver.
 */
#include "imap_private.h"
#include "memory.h"

enum next imap_on_idle(struct imap_session *s)
{
    bytes_add_text(s->turn->out, "+ Waiting\r\n");
    s->mode = MODE_IDLE;
    return s->selected.dirty ? idle_changed(s) : NEXT_READ;
}

static enum next waits_on(struct imap_session *s)
{
    return s->selected.dirty ? idle_changed(s) : NEXT_READ; /* it changed while it was told */
}

static enum next looked(struct imap_session *s, struct errand *back)
{
    if (!errand_failed(back))
        return tell_changes(s, back, true, waits_on);
    s->selected.gone = mailbox_is_gone(s, back);
    errand_free(back);
    s->selected.dirty = true; /* looked for once more, by the timer */
    return NEXT_READ;
}

enum next idle_changed(struct imap_session *s)
{
    s->selected.dirty = false;
    if (!s->selected.id)
        return NEXT_READ;
    return await_errand(s, s->duties->changes(s->duties->ctx, s->selected.id, s->selected.modseq),
                        looked);
}

enum next idle_line(struct imap_session *s, struct slice line)
{
    s->mode = MODE_COMMAND;
    if (!slice_is_nocase(line, "DONE"))
        return bad(s, "IDLE ends with DONE");
    return finish(s, "", "You waited");
}
