/* The room's wiring. */
#include "imap_work.h"

_Static_assert(sizeof(struct uid_range) == sizeof(struct number_range), "ranges are of one shape");

struct uid_ranges ranges_of(const struct number_set *set)
{
    return (struct uid_ranges){(const struct uid_range *)(const void *)set->at, set->count, 0};
}

static bool login_busy(void *ctx)
{
    struct imap *it = ctx;

    return it->parts.is_login_busy && it->parts.is_login_busy(it->parts.ctx);
}

struct imap *imap_new(const struct imap_parts *parts)
{
    struct imap *it = must_new(struct imap);

    it->parts = *parts;
    it->duties = (struct imap_duties){
        .ctx = it,
        .hostname = parts->config->hostname,
        .message_max = parts->config->message_max,
        .owners = tally_new(),
        .roll = parts->roll,
        .logins = parts->logins,
        .is_login_busy = login_busy,
        .login = duty_login,
        .challenge = duty_challenge,
        .prove = duty_prove,
        .list = duty_list,
        .status = duty_status,
        .change_mailbox = duty_change_mailbox,
        .quota = duty_quota,
        .notes = duty_notes,
        .note = duty_note,
        .open = duty_open,
        .changes = duty_changes,
        .rows = duty_rows,
        .piece = duty_piece,
        .search = duty_search,
        .flags = duty_flags,
        .expunge = duty_expunge,
        .copy = duty_copy,
        .take_out = duty_take_out,
        .body_new = duty_body_new,
        .body_add = duty_body_add,
        .body_flush = duty_body_flush,
        .body_free = duty_body_free,
        .append = duty_append,
    };
    return it;
}

void imap_free(struct imap *it)
{
    if (it)
        tally_free(it->duties.owners);
    free(it);
}

void *imap_session_new(void *imap, const struct peer *peer)
{
    struct imap *it = imap;

    return imap_wire_session_new(&it->duties, peer);
}
