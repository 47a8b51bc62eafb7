/* The facts of one knock, and with them the verdict; who must be told gets the request made ready. */
#include "contact_work.h"

#include "memory.h"

enum { HELD_PART = 10 /* of the quota, that letters of strangers may take */ };

void contact_visit_clear(struct contact_visit *visit)
{
    contact_clear(&visit->row);
    free(visit->words);
    letter_clear(&visit->notice);
    *visit = (struct contact_visit){0};
}

struct look {
    struct bridge *bridge;
    struct store_view *view;
    const struct account *account;
    const struct contact_visitor *visitor;
    struct contact_rows rows;
    struct contact domain;
    struct contact_knock knock;
};

static void look_clear(struct look *look)
{
    contact_rows_clear(&look->rows);
    contact_clear(&look->domain);
}
SCOPED_VALUE(look, look_clear)

static bool find_rows(struct look *look, struct err *err)
{
    const struct contact_visitor *visitor = look->visitor;

    if (visitor->person->id &&
        !store_contacts_of(look->view, look->account->id, visitor->person->id, &look->rows, err))
        return false;
    look->knock.rows = look->rows.at;
    look->knock.row_count = look->rows.count;
    enum found found =
        store_contact_of_domain(look->view, look->account->id, visitor->domain, &look->domain, err);
    if (found == FOUND)
        look->knock.domain = &look->domain;
    return found != FAILED;
}

static bool was_written_to(const struct contact_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->at[i].state == CONTACT_WELCOME && rows->at[i].origin == CONTACT_WRITTEN_TO)
            return true;
    return false;
}

/* Whom the owner follows, or who answers a mail to themselves, which only they could quote. */
static bool find_ties(struct look *look, struct err *err)
{
    const struct contact_visitor *visitor = look->visitor;
    scoped_value(follow) follow = {0};

    look->knock.known = visitor->answers && was_written_to(&look->rows);
    if (!visitor->person->id || visitor->evidence == EVIDENCE_S0)
        return true;
    enum found found =
        store_follow(look->view, look->account->person_id, visitor->person->id, &follow, err);
    if (found == FOUND)
        look->knock.known |= follow.state == FOLLOW_ACCEPTED || follow.state == FOLLOW_WAITING;
    return found != FAILED;
}

static void make_domain_key(const struct look *look, unsigned char out[SHA256_LEN])
{
    scoped_text char *text = must_print("contact %lld %.*s", (long long)look->account->id,
                                        SLICE_ARGS(look->visitor->domain));

    vault_mac(look->bridge->vault, "contact domain", slice_of(text), out);
}

static bool count_questions(struct look *look, const unsigned char key[SHA256_LEN], struct err *err)
{
    int64_t since_ms = look->knock.now_ms - DAY_MS, oldest;

    return store_limited_count(look->view, look->account->id, LIMITED_QUESTION, since_ms,
                               &look->knock.asked_today, &oldest, err) &&
           store_asked_count(look->view, ASKED_CONTACT, key, since_ms,
                             &look->knock.asked_today_of_domain, err);
}

static bool find_expectation(struct look *look, struct err *err)
{
    int64_t until_ms;

    if (!store_expecting(look->view, look->account->id, &until_ms, err))
        return false;
    look->knock.expected = look->knock.now_ms < until_ms;
    return true;
}

/* What waits counts for who is ignored as for who is asked about, so that nobody can tell which they are. */
static bool measure_box(struct look *look, struct contact_visit *visit, struct err *err)
{
    int64_t most = look->bridge->config->quota / HELD_PART, used;

    if (visit->act != CONTACT_HOLD && visit->act != CONTACT_DROP)
        return true;
    if (!store_held_bytes(look->view, look->account->id, &used, err))
        return false;
    visit->box_full = visit->row.held >= CONTACT_HELD_MAX || look->visitor->size > most - used;
    return true;
}

static void take_verdict(const struct contact_verdict *verdict, struct contact_visit *out)
{
    out->act = verdict->act;
    out->event = verdict->event;
    out->counts = verdict->counts;
    out->asks = verdict->asks;
    out->is_new = !verdict->row;
    if (!verdict->row)
        return;
    out->row = *verdict->row; /* the texts are taken from the rows that hold them */
    out->row.domain = must_dup(verdict->row->domain);
    out->row.words = must_dup(verdict->row->words);
    out->words = must_dup(verdict->row->words);
}

static bool make_notice(struct look *look, struct contact_visit *out, struct err *err)
{
    const struct contact_news news = {
        .visitor = look->visitor,
        .rows = &look->rows,
        .ref = out->ref,
        .now_ms = look->knock.now_ms,
    };

    if (!out->asks)
        return true;
    ref_new(out->ref);
    if (contact_notice(look->bridge, look->account, &news, &out->notice, err))
        return true;
    out->asks = false; /* nothing may rest for an owner without a key: it waits its turn */
    out->event = CONTACT_CROWD;
    out->act = look->knock.inside ? out->act : CONTACT_LATER;
    return out->notice.lacks_key;
}

bool contact_look(struct bridge *bridge, struct store_view *view, const struct account *account,
                  const struct contact_visitor *visitor, struct contact_visit *out, struct err *err)
{
    scoped_value(look)
        look = {.bridge = bridge, .view = view, .account = account, .visitor = visitor};
    struct contact_verdict verdict;

    *out = (struct contact_visit){.account_id = account->id,
                                  .owner_person_id = account->person_id,
                                  .person_id = visitor->person->id,
                                  .evidence = visitor->evidence};
    look.knock = (struct contact_knock){
        .evidence = visitor->evidence,
        .inside = visitor->inside,
        .door = bridge->config->contact,
        .hold = bridge->config->hold,
        .gives_up_ms = visitor->gives_up_ms,
        .now_ms = clock_now(bridge->clock),
    };
    make_domain_key(&look, out->domain_key);
    if (!find_rows(&look, err) || !find_ties(&look, err) || !find_expectation(&look, err) ||
        !count_questions(&look, out->domain_key, err))
        return false;
    contact_judge(&look.knock, &verdict);
    take_verdict(&verdict, out);
    return measure_box(&look, out, err) && make_notice(&look, out, err);
}
