/*
 * Knocks by notes (behaviour.md 8), of the Fediverse and of people of this server: each reader here decides for themselves.  Whoever must wait has the
 * mail that the note becomes held, sealed; for whom its author is ignored all is done but the last step.
 */
#include "activity_work.h"
#include "contact_work.h"

#include "memory.h"

struct note_knock {
    int64_t account_id;
    struct contact_visit visit;
};
struct note_knocks {
    struct note_knock *at;
    size_t count, capacity;
};

void note_knocks_free(struct note_knocks *knocks)
{
    if (!knocks)
        return;
    for (size_t i = 0; i < knocks->count; i++)
        contact_visit_clear(&knocks->at[i].visit);
    free(knocks->at);
    free(knocks);
}

/* ---- looking ---- */
static enum contact_wish wish_of(const struct knocking_note *note, const struct account *account)
{
    if (!visibility_is_open(note->visibility))
        return WISH_WRITE;
    if (note->parent && note->parent->account_id == account->id &&
        visibility_is_open(note->parent->visibility))
        return WISH_ANSWER;
    return WISH_NAME;
}

static bool knock_at(const struct knocking_note *note, const struct reader *reader,
                     const struct account *account, struct contact_visit *out, struct err *err)
{
    enum { MAIL_AROUND_IT = 4096 };
    enum contact_wish wish = wish_of(note, account);
    const struct contact_visitor visitor = {
        .person = note->author,
        .domain = person_domain(note->author),
        .evidence = note->evidence,
        .wish = wish,
        .inside = true,
        /* who follows them, or has the note already, asked for it */
        .known = !reader->addressed || held_copy_of(note->held, account->id),
        .about = wish == WISH_ANSWER ? note->parent : NULL,
        .size = MAIL_AROUND_IT + note->size,
        .picture = note->picture,
        .received_ms = note->received_ms,
    };

    return contact_look(note->bridge, note->view, account, &visitor, out, err);
}

/* What a full box cannot hold is not kept, and nobody is told. */
static bool gets_mail(const struct contact_visit *visit)
{
    switch (visit->act) {
    case CONTACT_TAKE: return true;
    case CONTACT_HOLD:
    case CONTACT_DROP: return !visit->box_full;
    case CONTACT_LATER:
    case CONTACT_DENY:
    case CONTACT_SHUT: break;
    }
    return false;
}

static bool look_at_one(const struct knocking_note *note, const struct reader *reader,
                        struct note_knocks *knocks, bool *out_gets, struct err *err)
{
    scoped_value(account) account = {0};
    enum found found = store_account(note->view, reader->account_id, &account, err);

    *out_gets = false;
    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found != FAILED;
    must_make_room(knocks->at, knocks->count, knocks->capacity);
    struct note_knock *knock = &knocks->at[knocks->count++];
    *knock = (struct note_knock){.account_id = account.id};
    if (!knock_at(note, reader, &account, &knock->visit, err))
        return false;
    *out_gets = gets_mail(&knock->visit);
    return true;
}

bool note_knocks_look(const struct knocking_note *note, struct readers *readers,
                      struct note_knocks **out, struct err *err)
{
    struct note_knocks *knocks = *out = must_new(struct note_knocks);
    size_t kept = 0;

    for (size_t i = 0; i < readers->count; i++) {
        bool gets;
        if (!look_at_one(note, &readers->at[i], knocks, &gets, err))
            return false;
        if (gets)
            readers->at[kept++] = readers->at[i];
    }
    readers->count = kept;
    return true;
}

/* A boost brings somebody's note: neither of the two may be kept out. */
bool readers_drop_barred(const struct note_look *look, const struct person *booster,
                         struct readers *readers, struct err *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < readers->count; i++) {
        int64_t account_id = readers->at[i].account_id;
        bool author, by;
        if (!contact_is_barred(look->bridge, look->view, account_id, &look->author, &author, err) ||
            !contact_is_barred(look->bridge, look->view, account_id, booster, &by, err))
            return false;
        if (!author && !by)
            readers->at[kept++] = readers->at[i];
    }
    readers->count = kept;
    return true;
}

/* ---- recording ---- */
/* An open note of who is ignored leaves nothing: somebody else may boost it here. */
static void settle_letter(struct letters *letters, const struct note_knock *knock, bool open,
                          int64_t contact_id)
{
    const struct contact_visit *visit = &knock->visit;
    bool held = visit->act == CONTACT_HOLD || (!open && contact_visit_is_held(visit));

    for (size_t i = 0; i < letters->count; i++) {
        struct planned_letter *planned = &letters->at[i];
        if (planned->letter.account_id != knock->account_id)
            continue;
        planned->fate = visit->act == CONTACT_TAKE ? LETTER_ARRIVES
                        : held                     ? LETTER_WAITS
                                                   : LETTER_DROPPED;
        planned->contact_id = contact_id;
    }
}

bool note_knocks_record(struct bridge *bridge, struct store_tx *tx, struct note_knocks *knocks,
                        int64_t author_id, bool open, struct letters *letters, struct err *err)
{
    for (size_t i = 0; knocks && i < knocks->count; i++) {
        int64_t contact_id;
        if (!contact_record(bridge, tx, &knocks->at[i].visit, author_id, &contact_id, err))
            return false;
        settle_letter(letters, &knocks->at[i], open, contact_id);
    }
    return true;
}
