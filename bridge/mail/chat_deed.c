/*
 * What Delta Chat does with a message that was sent: edit it, take it back, react to it (behaviour.md 6; core's Chat-Edit,
 * Chat-Delete, RFC 9078).  In its chats with Fediverse people and posts it must not become a message of its own.
 *
 * It names the message by the Message-ID that it gave it, which we keep of direct messages alone; a post is changed by the
 * words in its copy.
 */
#include "command_mail.h"

#include "memory.h"

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

static bool is_reaction(const struct mail_work *work)
{
    struct mail_part *root = said_root(work);

    if (!root)
        return false;
    for (size_t i = 0; i < mail_part_count(root); i++)
        if (is_reaction_part(mail_part_child(root, i)))
            return true;
    return is_reaction_part(root);
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

    *out_done = work->author.proof == PROOF_GOOD && goes_to_bridge(work) &&
                (edited || deleted || is_reaction(work));
    if (!*out_done)
        return true;
    if (edited || deleted)
        return change_named(work, edited ? edited : deleted, edited != NULL, err);
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not done: a reaction made in a chat cannot be sent on yet.");
}
