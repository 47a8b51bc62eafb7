/*
 * Later tries by mail, at RCPT (behaviour.md 8): who was proven after DATA before, and comes again with the same sender from
 * the same address, is answered as then, and their text is not sent again.  Everything else is read to its end.
 */
#include "contact_work.h"

#include "memory.h"
#include "policy_post.h"

void contact_envelope(struct bridge *bridge, struct slice mail_from, struct slice client,
                      unsigned char out[SHA256_LEN])
{
    scoped_text char *text = must_print("%.*s %.*s", SLICE_ARGS(client), SLICE_ARGS(mail_from));

    vault_mac(bridge->vault, "contact envelope", slice_of(text), out);
}

void contact_say_later(struct answer *answer, const struct account *account)
{
    answer_set(answer, VERDICT_LATER,
               "%s@%s decides first whether to take mail from new people. Nothing to do: your "
               "server tries again by itself. https://%s/about/first-mail",
               account->name, account->domain, account->domain);
}

void contact_say_denied(struct answer *answer, const struct account *account, const char *words)
{
    if (words && *words)
        answer_set(answer, VERDICT_NOT_ALLOWED, "%s", words);
    else
        answer_set(answer, VERDICT_NOT_ALLOWED, "%s@%s does not take mail from you. Nothing to do.",
                   account->name, account->domain);
}

/* ---- who comes again ---- */
/* Who is welcome with some proof may bring it: then only the text can tell. */
static const struct contact *known_row(const struct contact_rows *rows,
                                       const unsigned char envelope[SHA256_LEN])
{
    const struct contact *known = NULL;

    for (size_t i = 0; i < rows->count; i++) {
        const struct contact *row = &rows->at[i];
        if (row->state == CONTACT_WELCOME)
            return NULL;
        if (row->state != CONTACT_TURN &&
            memcmp(row->envelope, envelope, sizeof row->envelope) == 0)
            known = row;
    }
    return known;
}

/* Only what adds nothing but a try: a question, or taking it in, needs the text. */
static bool is_answered(const struct contact_visit *visit, const struct contact *row)
{
    return visit->row.id == row->id && visit->counts && !visit->asks && !visit->joins &&
           (visit->act == CONTACT_LATER || visit->act == CONTACT_DENY);
}

static bool look_early(struct bridge *bridge, struct store_view *view,
                       const struct account *account, const struct person *person,
                       const struct asked_recipient *asked, struct contact_visit *out,
                       bool *out_known, struct err *err)
{
    scoped_value(contact_rows) rows = {0};
    unsigned char envelope[SHA256_LEN];

    *out_known = false;
    if (!store_contacts_of(view, account->id, person->id, &rows, err))
        return false;
    if (rows.count == 0)
        return true;
    contact_envelope(bridge, asked->mail_from, asked->client, envelope);
    const struct contact *row = known_row(&rows, envelope);
    if (!row)
        return true;
    const struct contact_visitor visitor = {
        .person = person,
        .domain = person_domain(person),
        .evidence = row->evidence < EVIDENCE_S2 ? row->evidence : EVIDENCE_S2,
        .wish = WISH_WRITE,
        .gives_up_ms = contact_sender_gives_up_ms(asked->helo),
        .received_ms = clock_now(bridge->clock),
    };
    if (!contact_look(bridge, view, account, &visitor, out, err))
        return false;
    *out_known = is_answered(out, row);
    return true;
}

bool contact_early(struct bridge *bridge, struct store_view *view, const struct account *account,
                   const struct asked_recipient *asked, struct answer *answer,
                   struct contact_visit **out, struct err *err)
{
    scoped_value(person) person = {0};
    scoped_value(contact_visit) visit = {0};
    bool known;

    if (slice_empty(asked->mail_from))
        return true;
    enum found found = store_person_by_address(view, asked->mail_from, &person, err);
    if (found != FOUND)
        return found == ABSENT;
    if (!look_early(bridge, view, account, &person, asked, &visit, &known, err))
        return false;
    if (!known)
        return true;
    if (visit.act == CONTACT_LATER)
        contact_say_later(answer, account);
    else
        contact_say_denied(answer, account, visit.words);
    *out = must_new(struct contact_visit);
    **out = visit;
    visit = (struct contact_visit){0};
    return true;
}

bool bridge_knock_record(struct bridge *bridge, struct store_tx *tx, struct contact_visit *knock,
                         struct err *err)
{
    int64_t contact_id;

    return contact_record(bridge, tx, knock, knock->person_id, &contact_id, err);
}

void bridge_knock_free(struct contact_visit *knock)
{
    if (knock)
        contact_visit_clear(knock);
    free(knock);
}
