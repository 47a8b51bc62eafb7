/* What is kept of a knock: one short function on the writer, which looks again at what the verdict rested on. */
#include "contact_work.h"

#include "memory.h"
#include "store_shelf.h"

static bool conflict(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Try again");
}

/* ---- as it was seen? ---- */
/* Its counts are taken anew: others who knocked beside this one have counted too. */
static bool row_is_as_seen(struct store_tx *tx, struct contact_visit *visit, struct err *err)
{
    scoped_value(contact) now = {0};
    struct contact *row = &visit->row;
    enum found found = store_contact(store_tx_view(tx), row->id, &now, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT || now.state != row->state || now.decided_ms != row->decided_ms)
        return conflict(err);
    row->tries = now.tries;
    row->held = now.held;
    row->first_ms = now.first_ms;
    row->last_ms = now.last_ms;
    row->arrived_ms = now.arrived_ms;
    row->expires_ms = now.expires_ms;
    row->notice_id = now.notice_id;
    return true;
}

/* Nobody else came in the same moment and made the row. */
static bool is_still_new(struct store_tx *tx, const struct contact_visit *visit, int64_t person_id,
                         struct err *err)
{
    scoped_value(contact_rows) rows = {0};

    if (!store_contacts_of(store_tx_view(tx), visit->account_id, person_id, &rows, err))
        return false;
    if (!visit->person_id && rows.count > 0)
        return conflict(err);
    for (size_t i = 0; i < rows.count; i++)
        if (rows.at[i].evidence == visit->evidence)
            return conflict(err);
    return true;
}

static bool count_post(struct store_tx *tx, const struct contact_visit *visit, int64_t now_ms,
                       struct err *err)
{
    int64_t count;

    if (!visit->about_id)
        return true;
    if (!store_asked_count(store_tx_view(tx), ASKED_CONTACT, visit->post_key, now_ms - DAY_MS,
                           &count, err))
        return false;
    if (count > 0)
        return conflict(err);
    return store_count_asked(tx, ASKED_CONTACT, visit->post_key, now_ms, err);
}

/* A hundred at once are each judged below the limit; here they stand in line. */
static bool count_question(struct store_tx *tx, const struct contact_visit *visit, int64_t now_ms,
                           struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    int64_t all, oldest, of_domain;

    if (!store_limited_count(view, visit->account_id, LIMITED_QUESTION, now_ms - DAY_MS, &all,
                             &oldest, err) ||
        !store_asked_count(view, ASKED_CONTACT, visit->domain_key, now_ms - DAY_MS, &of_domain,
                           err))
        return false;
    if (all >= QUESTIONS_A_DAY || of_domain >= QUESTIONS_A_DAY_OF_DOMAIN)
        return conflict(err);
    return store_count_limited(tx, visit->account_id, LIMITED_QUESTION, now_ms, err) &&
           store_count_asked(tx, ASKED_CONTACT, visit->domain_key, now_ms, err) &&
           count_post(tx, visit, now_ms, err);
}

/* ---- the request ---- */
static bool file_notice(struct store_tx *tx, struct contact_visit *visit, int64_t now_ms,
                        int64_t *out_id, struct err *err)
{
    struct message message = {
        .ref = visit->ref,
        .author_id = visit->owner_person_id, /* not the stranger, who can be forgotten */
        .visibility = VISIBILITY_MAIL,
        .state = MESSAGE_SENT,
        .version = 1,
        .published_ms = now_ms,
        .evidence = EVIDENCE_S4,
    };

    return count_question(tx, visit, now_ms, err) &&
           contact_make_mailboxes(tx, visit->account_id, err) &&
           store_add_message(tx, &message, out_id, err) &&
           letter_file(tx, &visit->notice, *out_id, err);
}

static bool keep_portrait(struct store_tx *tx, const struct contact_visit *visit, int64_t person_id,
                          struct err *err)
{
    return visit->portrait.content.len == 0 ||
           store_put_portrait(tx, person_id, &visit->portrait, PORTRAITS_MOST, err);
}

static bool count_one(void *ctx, const struct contact *contact)
{
    size_t *count = ctx;

    (void)contact;
    ++*count;
    return true;
}

static bool find_place(void *ctx, int64_t account_id, const struct entry *entry)
{
    struct entry *out = ctx;

    (void)account_id;
    out->mailbox_id = entry->mailbox_id;
    out->uid = entry->uid;
    out->flags = entry->flags;
    return false;
}

/* One place of the request; mailbox_id 0: it lies nowhere. */
static bool place_of(struct store_tx *tx, int64_t notice_id, int64_t account_id, struct entry *out,
                     struct err *err)
{
    *out = (struct entry){.mailbox_id = 0};
    return store_entries_of_message(store_tx_view(tx), notice_id, account_id, 1, find_place, out,
                                    err);
}

/* The same request with one name more: the mail that lacks it goes. */
static bool file_again(struct store_tx *tx, struct contact_visit *visit, struct err *err)
{
    struct entry entry;
    int64_t open_id, modseq;
    size_t count = 0;
    enum found found =
        store_notice_about(store_tx_view(tx), visit->account_id, visit->about_id, &open_id, err);

    if (found == FAILED ||
        !store_contacts_of_notice(store_tx_view(tx), visit->notice_id, count_one, &count, err))
        return false;
    if (found == ABSENT || open_id != visit->notice_id || count != visit->on_notice)
        return conflict(err);
    for (;;) {
        if (!place_of(tx, visit->notice_id, visit->account_id, &entry, err))
            return false;
        if (!entry.mailbox_id)
            return letter_file(tx, &visit->notice, visit->notice_id, err);
        if (!store_next_modseq(tx, entry.mailbox_id, &modseq, err) ||
            !store_expunge(tx, entry.mailbox_id, entry.uid, modseq, err))
            return false;
    }
}

/* ---- the row ---- */
static bool is_zero(const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void begin_row(const struct contact_visit *visit, int64_t person_id, int64_t now_ms,
                      struct contact *row)
{
    if (row->id && row->first_ms + contact_lasts_ms(CONTACT_ASKED) > now_ms)
        return;
    if (!row->id)
        *row = (struct contact){.account_id = visit->account_id,
                                .person_id = person_id,
                                .evidence = visit->evidence,
                                .origin = CONTACT_KNOCKED};
    row->first_ms = now_ms; /* who waits, and who only seems to, begin anew */
    row->held = 0;
}

static bool count_try(struct store_tx *tx, struct contact_visit *visit, int64_t person_id,
                      int64_t now_ms, int64_t *out_id, struct err *err)
{
    struct contact row = visit->row; /* borrows its texts */
    enum contact_state before = row.state;

    begin_row(visit, person_id, now_ms, &row);
    row.state = contact_step(before, visit->event);
    if (!visit->in_turn) {
        bool held = visit->act == CONTACT_HOLD || visit->act == CONTACT_DROP;
        row.tries++;
        row.held += held && wish_is_word(visit->wish);
        row.last_ms = now_ms;
    }
    if (!is_zero(visit->envelope, sizeof visit->envelope))
        memcpy(row.envelope, visit->envelope, sizeof row.envelope);
    if (!row.id || visit->asks || visit->joins) {
        row.wish = visit->wish;
        row.inside = visit->inside;
        row.about_id = visit->about_id;
    }
    int64_t lasts = contact_lasts_ms(row.state);
    bool waits = row.state == CONTACT_ASKED || row.state == CONTACT_TURN;
    if (!waits || row.state != before)
        row.expires_ms = lasts ? now_ms + lasts : 0;
    if (visit->asks && (!file_notice(tx, visit, now_ms, &row.notice_id, err) ||
                        !keep_portrait(tx, visit, person_id, err)))
        return false;
    if (visit->joins && !file_again(tx, visit, err))
        return false;
    if (visit->joins)
        row.notice_id = visit->notice_id;
    return store_put_contact(tx, &row, out_id, err);
}

/* ---- arrived ---- */
struct places {
    struct entry at[4]; /* copied and not yet gone from where it was: two */
    size_t count;
};

static bool keep_place(void *ctx, int64_t account_id, const struct entry *entry)
{
    struct places *places = ctx;

    (void)account_id;
    places->at[places->count++] =
        (struct entry){.mailbox_id = entry->mailbox_id, .uid = entry->uid, .flags = entry->flags};
    return places->count < COUNT_OF(places->at);
}

bool contact_mark_arrived(struct store_tx *tx, const struct contact *row, struct err *err)
{
    struct places places = {.count = 0};
    int64_t modseq;

    if (!row->notice_id)
        return true;
    if (!store_entries_of_message(store_tx_view(tx), row->notice_id, row->account_id,
                                  COUNT_OF(places.at), keep_place, &places, err))
        return false;
    for (size_t i = 0; i < places.count; i++) {
        const struct entry *entry = &places.at[i];
        if (!store_next_modseq(tx, entry->mailbox_id, &modseq, err) ||
            !store_set_flags(tx, entry->mailbox_id, entry->uid, entry->flags, "$ContactArrived",
                             modseq, err))
            return false;
    }
    return true;
}

static bool note_arrival(struct store_tx *tx, const struct contact_visit *visit, int64_t now_ms,
                         struct err *err)
{
    struct contact row = visit->row;
    int64_t id;

    if (row.arrived_ms || row.domain)
        return true;
    row.arrived_ms = row.last_ms = now_ms;
    row.tries++;
    return contact_mark_arrived(tx, &row, err) && store_put_contact(tx, &row, &id, err);
}

bool contact_record(struct bridge *bridge, struct store_tx *tx, struct contact_visit *visit,
                    int64_t person_id, int64_t *out_contact_id, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);

    *out_contact_id = visit->row.id;
    if (visit->row.id && !row_is_as_seen(tx, visit, err))
        return false;
    if (!visit->counts)
        return true;
    if (!visit->row.id && !is_still_new(tx, visit, person_id, err))
        return false;
    if (visit->act == CONTACT_TAKE)
        return note_arrival(tx, visit, now_ms, err);
    if (visit->row.domain)
        return true; /* decided for all of them: nobody is counted */
    return count_try(tx, visit, person_id, now_ms, out_contact_id, err);
}
