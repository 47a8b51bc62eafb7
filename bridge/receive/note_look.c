/*
 * A note from elsewhere, looked at: who wrote it, what it answers, what we have of it; and what it becomes, a
 * message and a mail for each reader.
 *
 * Open notes keep their words in the message, for our pages; of others only the readers' copies have them.
 */
#include "activity_work.h"

#include "html.h"
#include "id.h"
#include "memory.h"
#include "text.h"

enum { LANGUAGE_MAX = 35 };

void note_look_clear(struct note_look *look)
{
    person_clear(&look->author);
    if (look->has_parent)
        message_clear(&look->parent);
    if (look->known)
        message_clear(&look->message);
    held_copies_clear(&look->held);
    named_people_clear(&look->people);
}

/* ---- looking ---- */
static bool find_author(struct note_look *look, bool *out_found, struct err *err)
{
    const char *actor_id = look->note->attributed_to;

    *out_found = false;
    if (!actor_id)
        return true;
    switch (store_person_by_actor(look->view, slice_of(actor_id), &look->author, err)) {
    case FAILED: return false;
    case ABSENT: look->arrival->wanted_actor = must_dup(actor_id); return true;
    case FOUND: break;
    }
    *out_found = look->author.kind == PERSON_FEDIVERSE && !look->author.gone;
    return true;
}

static bool find_thread(struct note_look *look, struct err *err)
{
    enum found found =
        store_message_by_activity(look->view, slice_of(look->note->id), &look->message, err);

    if (found == FAILED)
        return false;
    look->known = found == FOUND;
    if (look->known && (!message_unwrap(look->bridge, &look->message, err) ||
                        !held_copies_find(look->view, look->message.id, &look->held, err)))
        return false;
    if (!look->note->in_reply_to)
        return true;
    found = store_message_by_activity(look->view, slice_of(look->note->in_reply_to), &look->parent,
                                      err);
    look->has_parent = found == FOUND;
    if (found == FAILED)
        return false;
    return !look->has_parent || !visibility_is_open(look->parent.visibility) ||
           message_unwrap(look->bridge, &look->parent, err);
}

enum found note_was_deleted(struct store_view *view, const struct note_facts *note, struct err *err)
{
    unsigned char digest[SHA256_LEN];

    activity_digest("deleted", note->id, note->attributed_to, digest);
    return store_seen(view, SEEN_TOMBSTONE, digest, err);
}

bool note_look_begin(struct note_look *look, bool *out_go_on, struct err *err)
{
    bool found = false;

    *out_go_on = false;
    if (look->note->is_vote)
        return true;
    if (!find_author(look, &found, err))
        return false;
    if (!found)
        return true;
    enum found deleted = note_was_deleted(look->view, look->note, err);
    if (deleted != ABSENT)
        return deleted == FOUND;
    if (!find_thread(look, err) ||
        !named_people_find(look->bridge, look->view, look->note, &look->author, &look->people, err))
        return false;
    *out_go_on =
        !look->known || (look->message.author_id == look->author.id &&
                         look->message.account_id == 0 && !message_is_gone(&look->message));
    return true;
}

/* Everybody who will read the answer has, or wrote, what it answers; else not even its name may be told: who writes the
 * answer could have named anything. */
static bool find_shared(struct note_look *look, const struct readers *readers, struct err *err)
{
    scoped_value(held_copies) held = {0};

    look->parent_is_shared = look->has_parent;
    if (!look->has_parent || visibility_is_open(look->parent.visibility))
        return true;
    if (!held_copies_find(look->view, look->parent.id, &held, err))
        return false;
    for (size_t i = 0; i < readers->count; i++) {
        int64_t reader = readers->at[i].account_id;
        if (reader != look->parent.account_id && !held_copy_of(&held, reader))
            look->parent_is_shared = false;
    }
    return true;
}

/* ---- its words ---- */
struct words_in {
    struct bytes html, plain;
};

static void words_in_clear(struct words_in *words)
{
    bytes_clear(&words->html);
    bytes_clear(&words->plain);
}
SCOPED_VALUE(words_in, words_in_clear)

/* Articles have a title; a note must not. */
static void add_title(const struct note_facts *note, struct words_in *out)
{
    if (!note->name || !*note->name || strcmp(note->type, "Note") == 0)
        return;
    bytes_add_text(&out->html, "<p><strong>");
    html_escape_add(&out->html, slice_of(note->name));
    bytes_add_text(&out->html, "</strong></p>\n");
    bytes_print(&out->plain, "%s\n\n", note->name);
}

/* Words that are too deep or too long to be made safe are left where they are: the page is linked. */
static void read_words(const struct note_facts *note, struct words_in *out)
{
    struct err ignored;
    scoped_value(bytes) html = {0};
    scoped_value(bytes) plain = {0};
    struct slice raw = slice_of(note->html);

    add_title(note, out);
    if (html_clean(raw, &html, &ignored) && html_to_text(raw, &plain, &ignored)) {
        bytes_add(&out->html, bytes_slice(&html));
        bytes_add(&out->plain, bytes_slice(&plain));
        return;
    }
    bytes_add_text(&out->html, "<p>This post cannot be shown here.</p>");
    bytes_add_text(&out->plain, "This post cannot be shown here.");
}

/* ---- the message ---- */
static void write_thread(const struct note_look *look, struct message *message)
{
    message->parent_uri = must_dup(look->note->in_reply_to);
    if (!look->has_parent)
        return;
    message->parent_id = look->parent.id;
    if (look->parent_is_shared)
        message->references = references_below(&look->parent);
    else if (!look->parent
                  .account_id) /* made of an id that its writer knows; what is above it is not */
        message->references = must_dup(look->parent.message_id);
    if (visibility_is_open(message->visibility) && visibility_is_open(look->parent.visibility))
        bytes_add(&message->subject, bytes_slice(&look->parent.subject));
}

static void write_names(const struct note_look *look, struct message *message)
{
    struct bridge *bridge = look->bridge;
    char ref[REF_LEN + 1];

    ref_new(ref);
    message->ref = must_dup(ref);
    message->author_id = look->author.id;
    message->visibility = note_visibility(look->note, &look->author);
    message->state = MESSAGE_SENT;
    message->version = 1;
    message->activity_id = must_dup(look->note->id);
    message->message_id = message_id_of_object(bridge, look->note->id, bridge->config->domains[0]);
    message->conversation = must_dup(look->note->conversation);
    message->updated_ms = look->note->updated_ms;
    message->evidence = EVIDENCE_F1;
    write_thread(look, message);
}

static int64_t published_ms(const struct note_look *look)
{
    int64_t said_ms = look->note->published_ms, now_ms = look->arrival->received_ms;

    return said_ms > 0 && said_ms < now_ms ? said_ms : now_ms;
}

static void take_names(struct message *known, struct message *message)
{
    *message = *known;
    *known = (struct message){0};
    bytes_clear(&message->html);
    bytes_clear(&message->plain);
    bytes_clear(&message->warning);
    message->wrapped = false;
}

/* Words of somebody elsewhere are kept for titles of threads; they are for those whom they reached. */
static void write_message(struct note_look *look, const struct words_in *words, bool edit,
                          struct message *message)
{
    const struct note_facts *note = look->note;

    if (look->known) {
        take_names(&look->message, message);
        look->known = false;
    } else {
        write_names(look, message);
    }
    free(message->url);
    message->url = must_dup(note->url ? note->url : note->id);
    free(message->language);
    message->language =
        note->language ? must_copy(slice_first(slice_of(note->language), LANGUAGE_MAX)) : NULL;
    message->sensitive = note->sensitive || note->warning;
    if (message->published_ms == 0)
        message->published_ms = published_ms(look);
    if (edit) {
        message->version++;
        message->updated_ms = note->updated_ms ? note->updated_ms : look->arrival->received_ms;
    }
    if (note_visibility(note, &look->author) > message->visibility) /* an edit never widens it */
        message->visibility = note_visibility(note, &look->author);
    if (!visibility_is_open(message->visibility)) {
        bytes_clear(&message->subject);
        return;
    }
    bytes_add(&message->html, bytes_slice(&words->html));
    bytes_add(&message->plain, bytes_slice(&words->plain));
    bytes_add_text(&message->warning, note->warning ? note->warning : "");
    message_wrap(look->bridge, message);
}

static void show(const struct note_look *look, const struct message *message,
                 const struct words_in *words, struct showing *out)
{
    const struct note_facts *note = look->note;

    *out = (struct showing){
        .author = &look->author,
        .visibility = note_visibility(note, &look->author),
        .ref = message->ref,
        .message_id = message->message_id,
        .url = message->url,
        .language = message->language,
        .warning = note->warning,
        .references = message->references,
        .published_ms = message->published_ms,
        .html = bytes_slice(&words->html),
        .plain = bytes_slice(&words->plain),
        .attached = note->attached,
        .attached_count = note->attached_count,
        .choices = note->choices,
        .choice_count = note->choice_count,
        .choose_many = note->choose_many,
        .closes_ms = note->closes_ms,
        .closed = note->closes_ms && note->closes_ms <= look->arrival->received_ms,
        .begins_ms = note->begins_ms,
        .place = note->place,
        .quote_url = note->quote_url,
        .people = look->people.at,
        .people_count = look->people.count,
    };
}

bool note_look_plan(struct note_look *look, const struct readers *readers, bool edit,
                    const struct person *booster, struct err *err)
{
    struct activity_plan *plan = must_new(struct activity_plan);
    scoped_value(words_in) words = {0};
    struct showing showing;

    activity_plan_free(look->arrival->plan);
    look->arrival->plan = plan;
    if (look->known) {
        plan->seen_state = look->message.state;
        plan->seen_version = look->message.version;
    }
    if (look->has_parent) {
        plan->parent_id = look->parent.id;
        plan->parent_state = look->parent.state;
    }
    if (!find_shared(look, readers, err))
        return false;
    read_words(look->note, &words);
    write_message(look, &words, edit, &plan->message);
    show(look, &plan->message, &words, &showing);
    showing.booster = booster;
    const struct letters_orders orders = {
        .bridge = look->bridge,
        .view = look->view,
        .showing = &showing,
        .parent = look->has_parent ? &look->parent : NULL,
        .held = &look->held,
        .edit = edit,
        .received_ms = look->arrival->received_ms,
    };
    if (!letters_make(&orders, readers, &plan->letters, err))
        return false;
    plan->people = look->people;
    look->people.count = 0;
    plan->fits = plan->letters.count > 0 || edit;
    return plan->fits || !plan->letters.full ||
           err_set(err, ERR_TEMPORARY, "The mailbox is full; please try again later");
}
