/* Which parts of a mail are its text, its pictures, and what cannot be posted (behaviour.md P2, P10, P11). */
#include "mail_work.h"

#include "scope.h"

enum { TREE_LEVELS = 20 };

static bool holds(struct mail_part *part, const char *subtype, int levels)
{
    if (mail_part_is(part, "text", subtype))
        return true;
    for (size_t i = 0; levels > 0 && i < mail_part_count(part); i++)
        if (holds(mail_part_child(part, i), subtype, levels - 1))
            return true;
    return false;
}

static bool is_reply_to_invitation(const struct mail_part *part)
{
    return slice_is_nocase(slice_of(mail_part_parameter(part, "method")), "REPLY");
}

static bool is_dropped(const struct mail_part *part)
{
    return mail_part_is(part, "application", "pgp-keys") ||
           mail_part_is(part, "application", "pgp-signature") ||
           mail_part_is(part, "application", "pkcs7-signature") ||
           mail_part_is(part, "application", "x-pkcs7-signature");
}

static bool is_chat_robot(const struct mail_part *part)
{
    struct slice name = slice_of(mail_part_file_name(part));

    return mail_part_is(part, "application", "vnd.google-earth.kml+xml") ||
           mail_part_is(part, "application", "webxdc+zip") || slice_ends_nocase(name, ".xdc") ||
           mail_part_is(part, "message", "delivery-status") ||
           mail_part_is(part, "message", "disposition-notification");
}

static void take_calendar(struct mail_part *part, struct mail_parts *out)
{
    if (is_reply_to_invitation(part))
        out->automatic = true;
    else if (!out->unfit)
        out->unfit = part;
}

static void take_mail(struct mail_part *part, struct mail_parts *out)
{
    out->several_mails = out->attached_mail != NULL;
    out->attached_mail = part;
}

/* Words with a file name are a file's, however the program shows them. */
static bool is_text(const struct mail_part *part)
{
    return (mail_part_is(part, "text", "plain") || mail_part_is(part, "text", "html")) &&
           !mail_part_is_attachment(part) && !mail_part_file_name(part);
}

static void take_leaf(struct mail_part *part, struct mail_parts *out)
{
    if (mail_part_is(part, "application", "pkcs7-mime") ||
        mail_part_is(part, "application", "x-pkcs7-mime"))
        out->encrypted = true;
    else if (mail_part_is(part, "message", "rfc822") || mail_part_is(part, "message", "global"))
        take_mail(part, out);
    else if (is_chat_robot(part))
        out->automatic = true;
    else if (mail_part_is(part, "text", "calendar"))
        take_calendar(part, out);
    else if (is_text(part) && out->text_count < COUNT_OF(out->texts))
        out->texts[out->text_count++] = part;
    else if (mail_part_is(part, "image", "*") && out->picture_count < COUNT_OF(out->pictures))
        out->pictures[out->picture_count++] = part;
    else if (!is_dropped(part) && !out->unfit)
        out->unfit = part;
}

/* HTML, because plain parts are often broken at 72 columns; in chats plain, because HTML is invented. */
static struct mail_part *best_of(struct mail_part *alternatives, bool chat)
{
    struct mail_part *best = NULL;

    for (size_t i = 0; i < mail_part_count(alternatives); i++) {
        struct mail_part *child = mail_part_child(alternatives, i);
        if (holds(child, chat ? "plain" : "html", TREE_LEVELS))
            return child;
        if (!best && (holds(child, "plain", TREE_LEVELS) || holds(child, "html", TREE_LEVELS)))
            best = child;
    }
    return best;
}

static void walk(struct mail_part *part, bool chat, int levels, struct mail_parts *out);

static void walk_alternatives(struct mail_part *part, bool chat, int levels, struct mail_parts *out)
{
    struct mail_part *best = best_of(part, chat);

    for (size_t i = 0; i < mail_part_count(part); i++) {
        struct mail_part *child = mail_part_child(part, i);
        if (child == best || mail_part_is(child, "text", "calendar"))
            walk(child, chat, levels - 1, out);
    }
}

static void walk(struct mail_part *part, bool chat, int levels, struct mail_parts *out)
{
    if (!part || levels == 0)
        return;
    if (!mail_part_is(part, "multipart", "*")) {
        take_leaf(part, out);
        return;
    }
    if (mail_part_is(part, "multipart", "encrypted")) {
        out->encrypted = true;
        return;
    }
    if (mail_part_is(part, "multipart", "report")) {
        out->automatic = true;
        return;
    }
    if (mail_part_is(part, "multipart", "alternative")) {
        walk_alternatives(part, chat, levels, out);
        return;
    }
    for (size_t i = 0; i < mail_part_count(part); i++)
        walk(mail_part_child(part, i), chat, levels - 1, out);
}

void mail_parts_find(struct mail_part *root, bool chat, struct mail_parts *out)
{
    *out = (struct mail_parts){0};
    walk(root, chat, TREE_LEVELS, out);
}
