/*
 * What Delta Chat does with a message that was sent: edit it, take it back, react to it (behaviour.md 6; core's Chat-Edit,
 * Chat-Delete, RFC 9078).  In its chats with Fediverse people and posts it must not become a message of its own.
 *
 * It names the message by the Message-ID that it gave it, which we keep of direct messages alone; a post is changed by the
 * words in its copy.
 */
#include "command_mail.h"

#include "memory.h"

enum { REACTION_MAX_BYTES = 1000 };

static bool goes_to_bridge(const struct mail_work *work)
{
    for (size_t i = 0; i < work->count; i++) {
        const struct address *address = &work->recipients[i].address;
        if (address->kind == ADDRESS_PUBLISH ||
            (address->kind == ADDRESS_PERSON && !work_is_local_mailbox(work, address)))
            return true;
    }
    return false;
}

static bool is_reaction_part(const struct mail_part *part)
{
    const char *disposition = mail_part_field(part, "Content-Disposition");

    return disposition && slice_starts_nocase(slice_trim(slice_of(disposition)), "reaction");
}

static struct mail_part *find_reaction(const struct mail_work *work)
{
    struct mail_part *root = said_root(work);

    if (!root || is_reaction_part(root))
        return root;
    for (size_t i = 0; i < mail_part_count(root); i++)
        if (is_reaction_part(mail_part_child(root, i)))
            return mail_part_child(root, i);
    return NULL;
}

/* Whatever it shows is a like; nothing takes it back. */
static bool react_in_chat(struct mail_work *work, struct mail_part *reaction, struct err *err)
{
    scoped_value(mail_ids) ids = {0};
    scoped_value(message) target = {0};
    scoped_value(bytes) shown = {0};
    enum found found = ABSENT;

    mail_ids(said_header(work), "In-Reply-To", &ids);
    if (ids.count == 1)
        found = store_message_by_message_id(work->view, slice_of(ids.at[0]), &target, err);
    if (found == FAILED || !mail_part_text(reaction, REACTION_MAX_BYTES, &shown, err))
        return false;
    if (found == ABSENT)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: what you reacted to is not a post that is known here.");
    if (slice_empty(slice_trim(bytes_slice(&shown))))
        return unreact_mail(work, target.ref, &target, 1U << REACTION_LIKE, err);
    return react_mail(work, target.ref, &target, REACTION_LIKE, err);
}

/* The one message that the field names; ABSENT also for one that is not the author's. */
static enum found find_named(struct mail_work *work, struct slice name, struct message *out,
                             struct err *err)
{
    name = slice_trim(name);
    if (slice_starts(name, SLICE("<")) && slice_ends(name, SLICE(">")))
        name = slice_first(slice_from(name, 1), name.len - 2);
    if (slice_empty(name) || slice_find(name, ' ') != SIZE_MAX)
        return ABSENT;
    enum found found = store_message_by_message_id(work->view, name, out, err);
    if (found == FOUND &&
        (out->account_id != work->author.account.id || out->visibility == VISIBILITY_MAIL))
        return ABSENT;
    return found;
}

static bool change_named(struct mail_work *work, const char *name, bool edits, struct err *err)
{
    scoped_value(message) target = {0};

    switch (find_named(work, slice_of(name), &target, err)) {
    case FAILED: return false;
    case FOUND: return edits ? edit_post(work, &target, err) : delete_post(work, &target);
    case ABSENT: break;
    }
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not done: a direct message can be %s here, one at a time. Of a post, its "
                       "copy says how.",
                       edits ? "changed" : "deleted");
}

bool chat_deed(struct mail_work *work, bool *out_done, struct err *err)
{
    struct mail *header = said_header(work);
    const char *edited = header ? mail_field(header, "Chat-Edit", 0) : NULL,
               *deleted = header ? mail_field(header, "Chat-Delete", 0) : NULL;

    struct mail_part *reaction = find_reaction(work);

    *out_done =
        work->author.proof == PROOF_GOOD && goes_to_bridge(work) && (edited || deleted || reaction);
    if (!*out_done)
        return true;
    if (edited || deleted)
        return change_named(work, edited ? edited : deleted, edited != NULL, err);
    return react_in_chat(work, reaction, err);
}
