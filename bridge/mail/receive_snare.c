/*
 * What somebody's header could make of the answer to it.
 *
 * Reply goes where Reply-To says: if that were a word of ours, the answer would be published, or delete a post.
 * And an answer is told from a new mail by the name of what it answers, so every mail kept here has one of its own.
 */
#include "mail_work.h"

#include "memory.h"
#include "text.h"

enum { LINK_MAX = 400 };

static bool is_snare(const struct mail_work *work, struct slice text)
{
    struct address address;

    address_read(work->bridge->config, text, &address);
    if (address.kind == ADDRESS_SUBSCRIBE || address.kind == ADDRESS_UNSUBSCRIBE)
        return *address.host || strchr(address.user, '=');
    return address.kind == ADDRESS_PUBLISH || address.kind == ADDRESS_COMMAND;
}

static char *snare_among_addresses(struct mail_work *work, const char *field)
{
    scoped_value(mail_addresses) all = {0};

    mail_addresses(work->mail, field, &all);
    for (size_t i = 0; i < all.count; i++)
        if (is_snare(work, slice_of(all.at[i].address)))
            return must_dup(all.at[i].address);
    return NULL;
}

static struct slice up_to(struct slice text, const char *ends)
{
    size_t len = 0;

    text = slice_first(text, LINK_MAX); /* whatever stands in a long row costs little */
    while (len < text.len && !strchr(ends, text.at[len]))
        len++;
    return slice_first(text, len);
}

/* mailto:REF%2Bdelete@example.org among the links of a list (RFC 2369): some programs write there unasked. */
static char *snare_among_links(struct mail_work *work, const char *field)
{
    const char *value;

    for (size_t i = 0; (value = mail_field(work->mail, field, i)) != NULL; i++) {
        struct slice rest = slice_of(value);
        for (;;) {
            scoped_value(bytes) address = {0};
            size_t colon = slice_find(rest, ':');
            if (colon == SIZE_MAX)
                break;
            bool mailto = slice_ends_nocase(slice_first(rest, colon), "mailto");
            rest = slice_from(rest, colon + 1);
            if (mailto && percent_read(slice_trim(up_to(rest, ">?,:")), &address) &&
                is_snare(work, bytes_slice(&address)))
                return bytes_take(&address);
        }
    }
    return NULL;
}

bool mail_is_snare(struct mail_work *work)
{
    static const char *const answers[] = {"Reply-To", "Mail-Reply-To", "Mail-Followup-To"};
    static const char *const links[] = {"List-Post", "List-Unsubscribe", "List-Subscribe",
                                        "List-Help", "List-Owner",       "List-Archive"};
    scoped_text char *found = NULL;

    for (size_t i = 0; !found && i < COUNT_OF(answers); i++)
        found = snare_among_addresses(work, answers[i]);
    for (size_t i = 0; !found && i < COUNT_OF(links); i++)
        found = snare_among_links(work, links[i]);
    return found &&
           work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not taken: answers to this mail would go to %s, which is no mailbox. "
                       "Take it out of Reply-To.",
                       found);
}

bool mail_needs_name(struct mail_work *work, bool *out, struct err *err)
{
    scoped_value(mail_ids) ids = {0};
    scoped_value(message) namesake = {0};

    mail_ids(work->mail, "Message-ID", &ids);
    *out = ids.count != 1;
    if (*out)
        return true;
    enum found found = store_message_by_message_id(work->view, slice_of(ids.at[0]), &namesake, err);
    *out = found == FOUND && namesake.visibility != VISIBILITY_MAIL;
    return found != FAILED;
}
