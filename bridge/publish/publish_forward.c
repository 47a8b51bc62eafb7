/*
 * A forward of one public post (behaviour.md P8, docs/reactions.md): which one, and whether what stands above it is the
 * author's own.
 *
 * Strict, since a mistake would make a private word public: the subject says that it is a forward, whatever names a mail
 * names the same open post, and the other mail begins at a mark that says whose it is, or is attached.  For words above it a
 * field of the header, which the forwarding program wrote, must name the post.  A REF names; it authorises nothing.
 */
#include "mail_work.h"

#include "activity_work.h"
#include "config.h"
#include "memory.h"

struct naming {
    struct mail_work *work;
    struct parent *post; /* the one that is named so far */
    bool strange;        /* something else is named as well, or something that may not be */
    bool by_header;      /* a field of the header names it */
    char ref[65];        /* the last that was looked up */
};

/* ---- what is named ---- */
static bool name_it(struct naming *naming, enum found found, struct message *message)
{
    struct parent *post = naming->post;
    bool fits = found == FOUND && message->state == MESSAGE_SENT &&
                visibility_is_open(message->visibility) &&
                (!post->found || post->message.id == message->id);

    naming->strange |= !fits;
    if (!fits || post->found)
        return found != FAILED;
    post->found = true;
    post->kind = PARENT_OPEN;
    post->message = *message;
    *message = (struct message){0};
    return true;
}

static bool name_ids(struct naming *naming, const struct mail_ids *ids, size_t first,
                     struct err *err)
{
    for (size_t i = first; !naming->strange && i < ids->count; i++) {
        scoped_value(message) message = {0};
        enum found found =
            store_message_by_message_id(naming->work->view, slice_of(ids->at[i]), &message, err);
        if (!name_it(naming, found, &message))
            return false;
    }
    return true;
}

/* Of References only the last: what stands before it is the thread.  What was not signed may spoil it, and proves
 * nothing. */
static bool name_field(struct naming *naming, struct mail *header, const char *field, bool last,
                       struct err *err)
{
    scoped_value(mail_ids) ids = {0};

    mail_ids(header, field, &ids);
    naming->strange |= mail_names_more(header, field, &ids);
    naming->by_header |= ids.count > 0 && header == said_header(naming->work);
    return name_ids(naming, &ids, last && ids.count > 0 ? ids.count - 1 : 0, err);
}

/* Programs answer, so to speak, what they forward; the subject tells it from an answer. */
static bool name_header(struct naming *naming, struct mail *header, struct err *err)
{
    return name_field(naming, header, "X-Forwarded-Message-Id", false, err) &&
           name_field(naming, header, "In-Reply-To", false, err) &&
           name_field(naming, header, "References", true, err);
}

static bool name_attached(struct naming *naming, struct mail_part *part, struct err *err)
{
    scoped(mail) attached = NULL;

    if (!mail_of_part(part, &attached, err)) {
        naming->strange = true;
        return err->kind == ERR_MALFORMED || err->kind == ERR_TOO_LARGE;
    }
    scoped_value(mail_ids) ids = {0};
    mail_ids(attached, "Message-ID", &ids);
    naming->strange |= ids.count != 1 || mail_field_count(attached, "Message-ID") != 1;
    return name_ids(naming, &ids, 0, err);
}

/* ---- REFs, in the links that stand below a post ---- */
static bool is_local_sign(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '%';
}

static bool is_domain_sign(char c)
{
    return (is_local_sign(c) && c != '+' && c != '%') || c == '.';
}

enum {
    LOCAL_MAX = 70, /* "%2B" is one octet */
    DOMAIN_MAX = 255,
};

/* "mailto:REF%2Blike@example.org", around the '@' at `at`. */
static void read_link(const struct config *config, struct slice text, size_t at,
                      struct address *out)
{
    size_t first = at, end = at + 1;
    scoped_value(bytes) address = {0};

    while (first > 0 && at - first < LOCAL_MAX && is_local_sign(text.at[first - 1]))
        first--;
    while (end < text.len && end - at < DOMAIN_MAX && is_domain_sign(text.at[end]))
        end++;
    for (size_t i = first; i < end; i++) {
        bool plus = slice_starts_nocase(slice_from(text, i), "%2b");
        bytes_add(&address, plus ? SLICE("+") : slice_first(slice_from(text, i), 1));
        i += plus ? 2 : 0;
    }
    while (address.len > 0 && address.at[address.len - 1] == '.')
        bytes_cut(&address, address.len - 1);
    address_read(config, bytes_slice(&address), out);
}

static bool name_ref(struct naming *naming, const struct address *link, struct err *err)
{
    scoped_value(message) message = {0};
    bool names = link->kind == ADDRESS_COMMAND || link->kind == ADDRESS_PUBLISH;

    if (!names || !*link->ref || strcmp(link->ref, naming->ref) == 0)
        return true;
    memcpy(naming->ref, link->ref, sizeof naming->ref);
    enum found found = store_message_by_ref(naming->work->view, slice_of(link->ref), &message, err);
    return name_it(naming, found, &message);
}

static bool name_links(struct naming *naming, struct slice text, struct err *err)
{
    for (size_t at = 0; !naming->strange && at < text.len; at++) {
        struct address link;
        if (text.at[at] != '@')
            continue;
        read_link(naming->work->bridge->config, text, at, &link);
        if (!name_ref(naming, &link, err))
            return false;
    }
    return true;
}

/* ---- whose it is ---- */
static bool is_address_of(const struct mail_work *work, const struct person *author,
                          struct slice address)
{
    const struct config *config = work->bridge->config;
    scoped_text char *own =
        must_print("%s@%s", author->user ? author->user : "", author->host ? author->host : "");

    if (author->kind == PERSON_LOCAL && slice_is_nocase(address, own))
        return true;
    for (size_t i = 0; i < config->domain_count; i++) {
        scoped_text char *shown = shown_address(work->bridge, author, config->domains[i]);
        if (slice_is_nocase(address, shown))
            return true;
    }
    return false;
}

/* "[bob=social.example@example.org: Good morning]" of mutt says that it is a forward, if not of what: the header block
 * tells that. */
static bool is_subject_of_mutt(struct mail *header)
{
    struct slice subject = slice_trim(slice_of(mail_field(header, "Subject", 0)));

    if (mail_field_count(header, "Subject") != 1 || !slice_starts(subject, SLICE("[")) ||
        !slice_ends(subject, SLICE("]")))
        return false;
    struct slice address = slice_cut(&subject, ':');
    return subject.at && slice_find(address, '@') != SIZE_MAX &&
           slice_find(address, ' ') == SIZE_MAX;
}

static bool says_it_forwards(const struct mail_work *work)
{
    struct mail *header = said_header(work);

    return header && (mail_begins_as_forward(header) || is_subject_of_mutt(header));
}

/* A mail of Carol's that holds the post, or forwards it, is hers: its header block says so. */
static bool check_author(struct naming *naming, const struct words *words, struct err *err)
{
    scoped_value(person) author = {0};

    if (!naming->post->found || naming->strange)
        return true;
    enum found found =
        store_person(naming->work->view, naming->post->message.author_id, &author, err);
    naming->strange |= found != FOUND || !words->other_from ||
                       !is_address_of(naming->work, &author, slice_of(words->other_from));
    return found != FAILED;
}

/* A REF or an attached mail may be in a mail of Carol's, forwarded by a program whose mark nobody knows: then her words
 * stand above the first mark that is known.  And no words there are words of the post. */
static bool check_words(struct naming *naming, const struct mail_parts *parts,
                        const struct post_text *text, struct err *err)
{
    scoped_value(post_text) again = {0};

    if (!naming->post->found || naming->strange ||
        (post_text_empty(text) && !text->warning && text->alt_count == 0))
        return true;
    if (!post_text_read(naming->work, parts, naming->post, &again, err))
        return false;
    naming->strange |= !naming->by_header || again.words.doubtful;
    return true;
}

/* ---- together ---- */
static bool name_all(struct naming *naming, const struct mail_parts *parts,
                     const struct post_text *text, struct err *err)
{
    struct mail_work *work = naming->work;

    if (!name_header(naming, work->mail, err) ||
        (work->inner && !name_header(naming, work->inner, err)))
        return false;
    if (parts->attached_mail)
        return name_attached(naming, parts->attached_mail, err);
    return name_links(naming, bytes_slice(&text->words.other), err) &&
           check_author(naming, &text->words, err);
}

static bool stands_apart(const struct mail_parts *parts, const struct post_text *text)
{
    if (parts->text_count > 1 || text->words.doubtful || text->encrypted)
        return false;
    return parts->attached_mail ? !parts->several_mails && !text->words.forwarded
                                : text->words.forwarded;
}

bool forward_find(struct mail_work *work, struct parent *out, struct err *err)
{
    struct mail_parts parts;
    scoped_value(post_text) text = {0};
    scoped_value(parent) post = {0};
    struct naming naming = {.work = work, .post = &post};

    if (work->chat || mail_is_redirected(work) || !says_it_forwards(work))
        return true;
    mail_parts_find(said_root(work), work->chat, &parts);
    work->quotes = true; /* the subject is none of the words */
    bool ok = post_text_read(work, &parts, NULL, &text, err);
    if (ok && stands_apart(&parts, &text))
        ok = name_all(&naming, &parts, &text, err) && check_words(&naming, &parts, &text, err);
    work->quotes = ok && post.found && !naming.strange;
    if (!work->quotes)
        return ok;
    *out = post;
    post = (struct parent){0};
    return true;
}

bool note_find_quoted(struct store_view *view, const struct message *message,
                      struct planned_note *note, struct err *err)
{
    scoped_value(quoted) quoted = {0};

    if (!quoted_find(view, message, &quoted, err))
        return false;
    note->quotes = steal(&quoted.page);
    return true;
}
