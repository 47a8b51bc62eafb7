/* The room's wiring. */
#include "imap_work.h"

_Static_assert(sizeof(struct uid_range) == sizeof(struct number_range), "ranges are of one shape");

struct uid_ranges ranges_of(const struct number_set *set)
{
    return (struct uid_ranges){(const struct uid_range *)(const void *)set->at, set->count};
}

void number_set_copy(const struct number_set *from, struct number_set *out)
{
    *out = (struct number_set){0};
    for (size_t i = 0; i < from->count; i++)
        number_set_add(out, from->at[i].first, from->at[i].last);
}

struct imap *imap_new(const struct imap_parts *parts)
{
    struct imap *it = must_new(struct imap);

    it->parts = *parts;
    it->duties = (struct imap_duties){
        .ctx = it,
        .hostname = parts->config->hostname,
        .message_max = parts->config->message_max,
        .login = work_login,
        .challenge = work_challenge,
        .prove = work_prove,
        .list = work_list,
        .status = work_status,
        .change_mailbox = work_change_mailbox,
        .quota = work_quota,
        .open = work_open,
        .changes = work_changes,
        .rows = work_rows,
        .piece = work_piece,
        .search = work_search,
        .flags = work_flags,
        .expunge = work_expunge,
        .copy = work_copy,
        .body_new = work_body_new,
        .body_add = work_body_add,
        .body_flush = work_body_flush,
        .body_free = work_body_free,
        .append = work_append,
    };
    return it;
}

void imap_free(struct imap *it)
{
    free(it);
}

void *imap_session_new(void *imap, const struct peer *peer)
{
    struct imap *it = imap;

    return imap_wire_session_new(&it->duties, peer);
}
