/*
 * The mails we write to an author about what they wrote (behaviour.md 13): plain text first and complete, the
 * news in the subject, every one from an address that can be answered.
 */
#include "mail_work.h"

#include "compose.h"
#include "config.h"
#include "list_work.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

/* Of the old text in an edit link.  Mail programs cut longer links; then it holds none, since half a text that is sent
 * back would be all that is left of the post. */
enum { LINK_TEXT_MAX = 1500 };

/* What the address is called in mails we write (behaviour.md 2). */
static const char *audience_name(enum visibility visibility)
{
    switch (visibility) {
    case VISIBILITY_PUBLIC: return "PUBLIC post";
    case VISIBILITY_UNLISTED: return "PUBLIC, quiet";
    default: return "My followers";
    }
}

static const char *audience_news(enum visibility visibility)
{
    switch (visibility) {
    case VISIBILITY_PUBLIC: return "Public";
    case VISIBILITY_UNLISTED: return "Public, quiet";
    default: return "To my followers";
    }
}

/* "60 seconds", "10 minutes" */
static void undo_words(int64_t ms, char *into, size_t size)
{
    if (ms <= 2 * (int64_t)MINUTE_MS)
        snprintf(into, size, "%lld seconds", (long long)(ms / SECOND_MS));
    else
        snprintf(into, size, "%lld minutes", (long long)(ms / MINUTE_MS));
}

static struct slice first_words(const struct planned_note *note)
{
    struct slice plain = bytes_slice(&note->message.plain);

    if (note->message.warning.len > 0)
        plain = bytes_slice(&note->message.warning);
    else if (note->message.subject.len > 0)
        plain = bytes_slice(&note->message.subject);
    return utf8_first(slice_trim(slice_line(&plain)), 60);
}

/* mailto:REF%2Bundo@D, with '+' and '=' as web handlers need them. */
static void add_command_link(struct bytes *out, const struct account *account, const char *ref,
                             const char *word)
{
    bytes_print(out, "mailto:%s%%2B%s@%s", ref, word, account->domain);
}

/* The post as it would be written: sent again as it is, it changes nothing. */
static void add_edit_link(struct bytes *out, const struct account *account,
                          const struct message *message)
{
    struct slice text = bytes_slice(&message->plain), title = bytes_slice(&message->subject);
    scoped_value(bytes) body = {0};

    add_command_link(out, account, message->ref, "edit");
    if (message->warning.len > 0)
        bytes_print(&body, "CW: %.*s\n\n", SLICE_ARGS(bytes_slice(&message->warning)));
    bool titled = !slice_empty(title) && slice_starts(text, title) &&
                  slice_starts(slice_from(text, title.len), SLICE("\n\n"));
    bytes_add(&body, titled ? slice_from(text, title.len + 2) : text);
    if (body.len == 0 || utf8_count(bytes_slice(&body)) > LINK_TEXT_MAX)
        return;
    if (titled) {
        bytes_add_text(out, "?subject=");
        percent_add(out, title);
    }
    bytes_add_text(out, titled ? "&body=" : "?body=");
    percent_add(out, bytes_slice(&body));
}

/* ---- copy A ---- */
static void add_pictures(const struct planned_note *note, struct bytes *plain)
{
    for (size_t i = 0; i < note->picture_count; i++) {
        const char *alt = note->pictures[i].facts.alt;
        if (alt)
            bytes_print(plain, "Picture %zu: %s\n", i + 1, alt);
        else
            bytes_print(plain, "Picture %zu has no description.\n", i + 1);
    }
    if (note->picture_count > 0)
        bytes_add_char(plain, '\n');
}

static void add_reader(struct bytes *out, const char *reader)
{
    if (out->len > 0)
        bytes_add_text(out, ", ");
    bytes_add_text(out, reader);
}

static bool add_named_readers(struct store_view *view, const struct planned_note *note,
                              struct bytes *out, struct err *err)
{
    for (size_t i = 0; i < note->addressee_count; i++) {
        const struct addressee *one = &note->addressees[i];
        scoped_value(person) person = {0};
        enum found found =
            one->person_id ? store_person(view, one->person_id, &person, err) : ABSENT;
        if (found == FAILED)
            return false;
        scoped_text char *name = found == FOUND ? person_short_name(&person)
                                                : must_print("@%s@%s", one->user, one->host);
        add_reader(out, name);
    }
    return true;
}

static void add_count(struct bytes *out, int64_t count, const char *what)
{
    scoped_text char *words =
        must_print("%lld %s%s", (long long)count, what, count == 1 ? "" : "s");

    if (count > 0)
        add_reader(out, words);
}

static bool readers(struct store_view *view, const struct account *account,
                    const struct planned_note *note, struct bytes *out, struct err *err)
{
    int64_t fediverse, mail, following;
    bool by_mail;

    if (!store_follower_counts(view, account->person_id, &fediverse, &mail, &following, err) ||
        !list_message_fits(view, &note->message, &by_mail, err))
        return false;
    add_count(out, fediverse, "follower");
    if (by_mail)
        add_count(out, mail, "mail reader");
    if (!add_named_readers(view, note, out, err))
        return false;
    if (out->len == 0)
        bytes_add_text(out, "nobody yet: you have no followers");
    return true;
}

static const char *who_sees(enum visibility visibility)
{
    return visibility_is_open(visibility) ? "everybody" : "your followers";
}

static void add_links(struct bridge *bridge, const struct account *account,
                      const struct planned_note *note, struct bytes *plain)
{
    const struct message *message = &note->message;

    if (bridge->config->undo_ms > 0) {
        bytes_add_text(plain, "Stop it: ");
        add_command_link(plain, account, message->ref, "undo");
        bytes_add_char(plain, '\n');
    }
    bytes_add_text(plain, "Change it: ");
    add_edit_link(plain, account, message);
    bytes_add_text(plain, "\nDelete it: ");
    add_command_link(plain, account, message->ref, "delete");
    if (message->url)
        bytes_print(plain, "\nLater: %s", message->url);
    bytes_add_char(plain, '\n');
}

static bool copy_text(struct bridge *bridge, struct store_view *view, const struct account *account,
                      const struct planned_note *note, struct bytes *plain, struct err *err)
{
    const struct message *message = &note->message;
    scoped_value(bytes) names = {0};

    bytes_print(plain, "This is what %s will see:\n\n", who_sees(message->visibility));
    if (message->warning.len > 0)
        bytes_print(plain, "Content warning: %.*s\n\n", SLICE_ARGS(bytes_slice(&message->warning)));
    bytes_add(plain, slice_trim(bytes_slice(&message->plain)));
    bytes_add_text(plain, message->plain.len > 0 ? "\n\n" : "");
    if (note->quotes)
        bytes_print(plain, "Quoting: %s\n\n", note->quotes);
    add_pictures(note, plain);
    if (!readers(view, account, note, &names, err))
        return false;
    bytes_print(plain, "Goes to %.*s.\n", SLICE_ARGS(bytes_slice(&names)));
    add_links(bridge, account, note, plain);
    return true;
}

static bool finish_letter(struct bridge *bridge, struct compose *mail, struct letter *letter,
                          struct err *err)
{
    struct memory_sink written;

    letter->own = true;
    memory_sink_init(&written);
    bool ok = compose_write(mail, &written.sink, err);
    scoped(source) content = source_of_bytes(&written.bytes);
    return ok && letter_seal(bridge, content, letter, err);
}

static const char *own_name(const struct account *account)
{
    return account->display_name && *account->display_name ? account->display_name : account->name;
}

static struct compose *new_mail(struct bridge *bridge, const struct letter *letter)
{
    struct compose *mail = compose_new();
    char *id = letter->message_id;

    compose_date(mail, clock_now(bridge->clock));
    compose_ids(mail, "Message-ID", &id, 1);
    compose_field(mail, "Subject", letter->subject);
    compose_field(mail, "Auto-Submitted", "auto-generated");
    return mail;
}

static void add_archived_at(struct compose *mail, const char *url)
{
    scoped_text char *page = must_print("<%s>", url); /* RFC 5064 */

    compose_field(mail, "Archived-At", page);
}

bool copy_of_post(struct bridge *bridge, struct store_view *view, const struct account *account,
                  const struct planned_note *note, struct letter *out, struct err *err)
{
    const struct message *message = &note->message;
    scoped_value(bytes) plain = {0};
    scoped_text char *own = account_address(account);
    scoped_text char *audience =
        must_print("%s@%s", visibility_word(message->visibility), account->domain);
    char in[40] = "";

    if (bridge->config->undo_ms > 0 && message->state == MESSAGE_HELD) {
        memcpy(in, " in ", sizeof " in ");
        undo_words(bridge->config->undo_ms, in + strlen(in), sizeof in - strlen(in));
    }
    out->account_id = account->id;
    out->mailbox = mailbox_for(account, MAILBOX_POSTS);
    out->flags = FLAG_SEEN;
    out->received_ms = clock_now(bridge->clock);
    out->from = account_chats(account)
                    ? must_print("%s <%s>", audience_name(message->visibility), audience)
                    : must_print("%s <%s>", own_name(account), own);
    out->message_id = must_dup(message->message_id);
    out->subject = must_print("%s%s: %.*s", audience_news(message->visibility), in,
                              SLICE_ARGS(first_words(note)));
    if (!copy_text(bridge, view, account, note, &plain, err))
        return false;
    scoped(compose) mail = new_mail(bridge, out);
    /* In a chat it stands as a message of whom it was written to. */
    compose_address(mail, account_chats(account) ? "To" : "From", own_name(account), own);
    compose_address(mail, account_chats(account) ? "From" : "To",
                    audience_name(message->visibility), audience);
    compose_thread(mail, message->references);
    compose_field(mail, "X-Nestbox-Audience", visibility_word(message->visibility));
    if (message->url)
        add_archived_at(mail, message->url);
    if (message->language)
        compose_language(mail, message->language);
    compose_text(mail, bytes_slice(&plain), NULL);
    return finish_letter(bridge, mail, out, err);
}

/* ---- question B ---- */
bool question_of_answer(struct bridge *bridge, const struct account *account,
                        const struct person *parent_author, const struct planned_note *note,
                        struct letter *out, struct err *err)
{
    scoped_text char *own = account_address(account);
    scoped_text char *name = person_short_name(parent_author);
    scoped_text char *robot = must_print("%s+contact@%s", note->message.ref, account->domain);
    scoped_value(bytes) plain = {0};

    out->account_id = account->id;
    out->mailbox = MAILBOX_INBOX;
    out->received_ms = clock_now(bridge->clock);
    out->from = must_print("Your answer <%s>", robot);
    out->message_id = must_dup(note->message.message_id);
    out->subject = must_print("Publish your answer to %s?", name);
    bytes_print(&plain,
                "You pressed Reply all. In this thread that is public: anybody can read it. Your "
                "answer waits. Reply yes to publish it, or no to keep it. I will not ask again.\n"
                "\nYour text:\n\n%.*s\n",
                SLICE_ARGS(bytes_slice(&note->message.plain)));
    scoped(compose) mail = new_mail(bridge, out);
    compose_address(mail, "From", "Your answer", robot);
    compose_address(mail, "To", own_name(account), own);
    compose_thread(mail, note->message.references);
    compose_text(mail, bytes_slice(&plain), NULL);
    return finish_letter(bridge, mail, out, err);
}

/* Back in Drafts: addressed to nobody, so that sending it again is a decision. */
bool draft_of_answer(struct bridge *bridge, const struct account *account,
                     const struct message *message, struct letter *out, struct err *err)
{
    scoped_text char *own = account_address(account);

    out->account_id = account->id;
    out->mailbox = MAILBOX_DRAFTS;
    out->flags = FLAG_SEEN | FLAG_DRAFT;
    out->received_ms = clock_now(bridge->clock);
    out->from = must_print("%s <%s>", own_name(account), own);
    out->message_id = message_id_new(account->domain);
    out->subject = message->subject.len > 0
                       ? must_print("Re: %.*s", SLICE_ARGS(bytes_slice(&message->subject)))
                       : must_dup("Your answer");
    scoped(compose) mail = new_mail(bridge, out);
    compose_address(mail, "From", own_name(account), own);
    compose_thread(mail, message->references);
    compose_text(mail, bytes_slice(&message->plain), NULL);
    return finish_letter(bridge, mail, out, err);
}

/* ---- help ---- */
bool help_letter(struct bridge *bridge, const struct account *account, struct letter *out,
                 struct err *err)
{
    scoped_text char *own = account_address(account);
    scoped_text char *robot = must_print("postmaster@%s", account->domain);
    const char *d = account->domain;
    scoped_value(bytes) plain = {0};

    out->account_id = account->id;
    out->mailbox = MAILBOX_INBOX;
    out->received_ms = clock_now(bridge->clock);
    out->from = must_print("Help <%s>", robot);
    out->message_id = message_id_new(d);
    out->subject = must_dup("How to post, answer and follow by mail");
    bytes_print(&plain,
                "The address is the audience. Answers to this mail reach a person.\n\n"
                "public@%s - everybody\nunlisted@%s - everybody, without being announced\n"
                "followers@%s - those who follow you\n"
                "bob=social.example@%s - @bob@social.example alone\n"
                "bob=social.example+subscribe@%s - follow @bob@social.example\n"
                "bob=social.example+unsubscribe@%s - no longer follow\n\n"
                "Reply answers the person, Reply all answers the room. A copy of each post lies in "
                "the mailbox Posts, with links to stop, change or delete it.\n",
                d, d, d, d, d, d);
    scoped(compose) mail = new_mail(bridge, out);
    compose_address(mail, "From", "Help", robot);
    compose_address(mail, "To", own_name(account), own);
    compose_text(mail, bytes_slice(&plain), NULL);
    return finish_letter(bridge, mail, out, err);
}
