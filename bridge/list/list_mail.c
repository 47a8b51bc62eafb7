/* What goes to an address by mail without lying ready: a post, the question, the goodbye. */
#include "list_work.h"

#include "bridge_activity.h"
#include "compose.h"
#include "memory.h"

void list_mail_clear(struct list_mail *mail)
{
    bytes_clear(&mail->content);
}

struct note { /* a short mail of ours */
    const struct account *account;
    const char *from, *to;
    char *subject;
    struct bytes text;
};

static void note_clear(struct note *note)
{
    free(note->subject);
    bytes_clear(&note->text);
}
SCOPED_VALUE(note, note_clear)

static enum found write_note(struct bridge *bridge, const struct note *note, struct list_mail *out,
                             struct err *err)
{
    scoped(compose) mail = compose_new();
    scoped_text char *label = must_print("%s's posts", list_name_of(note->account));
    scoped_text char *message_id = message_id_new(note->account->domain);
    struct memory_sink written;

    compose_address(mail, "From", label, note->from);
    compose_address(mail, "To", NULL, note->to);
    compose_field(mail, "Subject", note->subject);
    compose_date(mail, clock_now(bridge->clock));
    compose_ids(mail, "Message-ID", (char *const[]){message_id}, 1);
    compose_field(mail, "Auto-Submitted", "auto-replied");
    compose_field(mail, "X-Auto-Response-Suppress", "All");
    compose_language(mail, "en");
    compose_text(mail, bytes_slice(&note->text), NULL);
    memory_sink_init(&written);
    bool ok = compose_write(mail, &written.sink, err);
    out->content = written.bytes;
    return ok ? FOUND : FAILED;
}

/* ---- text C: nothing in it was written by who asked ---- */
static void question_words(const struct account *account, const char *word, struct bytes *out)
{
    scoped_text char *page = list_page(account->domain, "subscribe", word);
    scoped_text char *own = account_address(account);

    bytes_print(out,
                "Somebody, perhaps you, asked that %s send posts to this address. If you want "
                "them, press the button at\n\n%s\n\nor reply yes. If not, do nothing: this is the "
                "only mail for "
                "now.\n\nNever ask me again:\n\n%s#never\n\nA post once mailed cannot be called "
                "back, even if %s deletes it.\n",
                own, page, page, list_name_of(account));
}

static enum found question(struct bridge *bridge, struct store_view *view,
                           const struct delivery *delivery, const struct account *account,
                           struct list_mail *out, struct err *err)
{
    struct token token;
    char word[LIST_WORD_LEN + 1];
    enum found found =
        store_token_of(view, TOKEN_CONFIRM, account->id, delivery->person_id, &token, err);

    if (found != FOUND)
        return found;
    list_token_word(bridge, &token, word);
    scoped_text char *from = must_print("%s+subscribe-%s@%s", account->name, word, account->domain);
    scoped_value(note) note = {.account = account, .from = from, .to = delivery->rcpt_to};
    note.subject = must_print("Do you want %s's posts by mail?", list_name_of(account));
    question_words(account, word, &note.text);
    return write_note(bridge, &note, out, err);
}

/* ---- text G ---- */
static enum found goodbye(struct bridge *bridge, const struct delivery *delivery,
                          const struct account *account, struct list_mail *out, struct err *err)
{
    scoped_text char *from = must_print("%s+subscribe@%s", account->name, account->domain);
    scoped_value(note) note = {.account = account, .from = from, .to = delivery->rcpt_to};

    note.subject = must_print("You will get no more posts from %s", list_name_of(account));
    bytes_print(&note.text, "Done. If this was a mistake, write to %s.\n", from);
    return write_note(bridge, &note, out, err);
}

/* ---- the owner went elsewhere ---- */
static void moved_words(const struct account *account, const struct moved *there,
                        const struct list_stop *stop, struct bytes *out)
{
    bytes_print(out, "%s goes on under another account: %s.\n\n%s\n", list_name_of(account),
                there->handle, there->page);
    bytes_print(
        out,
        "\nWhat is posted there does not come to you by mail by itself: if you want it, ask for "
        "it there. Nothing to do here; if something is posted here after all, you get it as "
        "before.\n\n-- \nStop: %s\n",
        stop->link);
}

/* ABSENT: taken back meanwhile, or its reader has left. */
static enum found moved(struct bridge *bridge, struct store_view *view,
                        const struct delivery *delivery, const struct account *account,
                        struct list_mail *out, struct err *err)
{
    scoped_value(moved) there = {0};
    scoped_value(list_stop) stop = {0};

    if (!bridge_moved_to(view, account, &there, err))
        return FAILED;
    if (!there.actor_id)
        return ABSENT;
    enum found found = list_stop_of(bridge, view, account, delivery->person_id, &stop, err);
    if (found != FOUND)
        return found;
    scoped_text char *from = account_address(account);
    scoped_value(note) note = {.account = account, .from = from, .to = delivery->rcpt_to};
    note.subject = must_print("%s has moved", list_name_of(account));
    moved_words(account, &there, &stop, &note.text);
    return write_note(bridge, &note, out, err);
}

enum found bridge_list_mail(struct bridge *bridge, struct store_view *view,
                            const struct delivery *delivery, struct list_mail *out, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = store_account(view, delivery->account_id, &account, err);

    if (found != FOUND)
        return found;
    if (account.state != ACCOUNT_ACTIVE || delivery->withdrawn)
        return ABSENT;
    if (delivery->subject == SUBJECT_MESSAGE)
        return list_copy(bridge, view, delivery, &account, out, err);
    if (delivery->subject == SUBJECT_ACTOR)
        return moved(bridge, view, delivery, &account, out, err);
    if (delivery->subject != SUBJECT_FOLLOW_ANSWER)
        return ABSENT;
    if (list_is_evening(delivery))
        return list_evening(bridge, view, delivery, &account, out, err);
    return delivery->wanted == LIST_GOODBYE ? goodbye(bridge, delivery, &account, out, err)
                                            : question(bridge, view, delivery, &account, out, err);
}
