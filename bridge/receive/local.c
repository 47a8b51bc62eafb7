/*
 * Posts of somebody here for others here: no network between them, and the same mail as if it had come from
 * outside; whom it names and who never heard of its author is asked first, as then.
 */
#include "activity_work.h"

#include "memory.h"

struct local_note {
    struct post post;
    struct person author;
    struct message parent;
    bool has_parent;
    struct named_people people;
    struct held_copies held;
    struct attached *pictures;
};

static void local_note_clear(struct local_note *note)
{
    post_clear(&note->post);
    person_clear(&note->author);
    if (note->has_parent)
        message_clear(&note->parent);
    named_people_clear(&note->people);
    held_copies_clear(&note->held);
    free(note->pictures); /* their texts are the post's */
}
SCOPED_VALUE(local_note, local_note_clear)

struct finding {
    struct store_view *view;
    struct named_people *people;
    int64_t author_id;
    struct err *err;
    bool failed;
};

static bool find_person(void *ctx, const struct audience *audience)
{
    struct finding *finding = ctx;
    struct named_people *people = finding->people;

    if (people->count == PEOPLE_MAX || audience->person_id == finding->author_id)
        return people->count < PEOPLE_MAX;
    switch (store_person(finding->view, audience->person_id, &people->at[people->count],
                         finding->err)) {
    case FAILED: finding->failed = true; return false;
    case ABSENT: return true;
    case FOUND: people->count++; return true;
    }
    __builtin_unreachable();
}

static bool look(struct bridge *bridge, struct store_view *view, const struct message *message,
                 struct local_note *note, struct err *err)
{
    struct finding finding = {view, &note->people, message->author_id, err, false};
    enum found author = store_person(view, message->author_id, &note->author, err);

    if (author == ABSENT) /* a message holds its author: our store is damaged */
        return err_because(err, ERR_TEMPORARY, "Try again later", "message %lld has no author",
                           (long long)message->id);
    if (author == FAILED || !bridge_post(bridge, view, message, false, &note->post, err) ||
        !store_audience(view, message->id, find_person, &finding, err) || finding.failed ||
        !held_copies_find(view, message->id, &note->held, err))
        return false;
    if (!message->parent_id)
        return true;
    enum found found = store_message(view, message->parent_id, &note->parent, err);
    note->has_parent = found == FOUND;
    return found != FAILED;
}

/* Readers find the author's name and the pictures as other servers would. */
static void take_pictures(struct local_note *note)
{
    const struct post *post = &note->post;

    note->pictures = must_alloc_array(post->picture_count + 1, sizeof *note->pictures);
    for (size_t i = 0; i < post->picture_count; i++)
        note->pictures[i] = (struct attached){
            .type = post->pictures[i].type,
            .url = post->pictures[i].url,
            .alt = post->pictures[i].alt,
        };
}

bool local_letters(struct bridge *bridge, struct store_view *view, const struct account *author,
                   const struct message *message, struct readers *readers, struct letters *out,
                   struct note_knocks **out_knocks, struct err *err)
{
    scoped_value(local_note) note = {.has_parent = false};

    if (readers->count == 0)
        return true;
    if (!look(bridge, view, message, &note, err))
        return false;
    take_pictures(&note);
    if (author->display_name) {
        free(note.author.name);
        note.author.name = must_dup(author->display_name);
    }
    const struct post *post = &note.post;
    const struct knocking_note knocking = {
        .bridge = bridge,
        .view = view,
        .author = &note.author,
        .evidence = EVIDENCE_S4,
        .visibility = message->visibility,
        .parent = note.has_parent ? &note.parent : NULL,
        .held = &note.held,
        .size = (int64_t)slice_of(post->html).len,
        .received_ms = clock_now(bridge->clock),
    };
    if (!note_knocks_look(&knocking, readers, out_knocks, err))
        return false;
    const struct showing showing = {
        .author = &note.author,
        .visibility = message->visibility,
        .ref = message->ref,
        .message_id = message->message_id,
        .url = message->url,
        .language = message->language,
        .warning = post->warning,
        .references = message->references,
        .published_ms = message->published_ms,
        .html = slice_of(post->html),
        .plain = slice_of(post->plain),
        .attached = note.pictures,
        .attached_count = post->picture_count,
        .people = note.people.at,
        .people_count = note.people.count,
    };
    const struct letters_orders orders = {
        .bridge = bridge,
        .view = view,
        .showing = &showing,
        .parent = note.has_parent ? &note.parent : NULL,
        .held = &note.held,
        .edit = message->version > 1,
        .received_ms = clock_now(bridge->clock),
    };
    return letters_make(&orders, readers, out, err);
}
