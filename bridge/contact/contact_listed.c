/*
 * Mailing lists (behaviour.md 8): who writes to a list that the owner wrote to, to subscribe or to say something, is not
 * asked about.
 *
 * A mail names its list in List-Post, List-Help or List-Subscribe (RFC 2369).  That it came through it the envelope proves:
 * SPF passes for the list's own domain, and the sender is the list's address with a word behind, as list servers write it.
 * So nobody gets in by writing the names of a list into a mail.
 */
#include "contact.h"

#include "bridge_private.h"

/* What list servers put behind a list's name, in its commands and its senders. */
static const char *const list_words[] = {"request", "join",    "subscribe", "help",
                                         "owner",   "bounces", "bounce",    "return",
                                         "errors",  "admin",   "confirm",   "unsubscribe"};

/* "birds" of birds-request and of birds+bounces-carol=mail.example. */
static struct slice list_name(struct slice local)
{
    for (size_t i = 0; i < local.len; i++) {
        if (i == 0 || (local.at[i] != '-' && local.at[i] != '+'))
            continue;
        struct slice rest = slice_from(local, i + 1);
        for (size_t w = 0; w < COUNT_OF(list_words); w++) {
            size_t len = strlen(list_words[w]);
            bool ends =
                rest.len == len ||
                (rest.len > len && !((rest.at[len] | 0x20) >= 'a' && (rest.at[len] | 0x20) <= 'z'));
            if (slice_starts_nocase(rest, list_words[w]) && ends)
                return slice_first(local, i);
        }
    }
    return slice_starts_nocase(local, "owner-") ? slice_from(local, strlen("owner-")) : local;
}

bool contact_list_speaks(struct slice sender, struct slice address)
{
    struct slice local, domain, list, list_domain;

    if (!address_split(sender, &local, &domain) || !address_split(address, &list, &list_domain) ||
        !slice_eq_nocase(domain, list_domain))
        return false;
    struct slice name = list_name(local);
    return name.len < local.len && slice_eq_nocase(name, list_name(list));
}

bool contact_list_next(struct slice *field, struct slice *out)
{
    while (field->at && field->len > 0) {
        struct slice item = slice_cut(field, '>');
        size_t begin = slice_find(item, '<');
        if (begin == SIZE_MAX)
            continue;
        item = slice_trim(slice_from(item, begin + 1));
        if (!slice_starts_nocase(item, "mailto:"))
            continue;
        item = slice_from(item, strlen("mailto:"));
        *out = slice_first(item, slice_find(item, '?'));
        return true;
    }
    return false;
}
