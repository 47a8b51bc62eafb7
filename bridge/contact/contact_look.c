/* The facts of one knock, and with them the verdict; who must be told gets the request made ready. */
#include "contact_work.h"

#include "memory.h"

enum { HELD_PART = 10 /* of the quota, that letters of strangers may take */ };

void contact_visit_clear(struct contact_visit *visit)
{
    contact_clear(&visit->row);
    free(visit->words);
    letter_clear(&visit->notice);
    portrait_clear(&visit->portrait);
    *visit = (struct contact_visit){0};
}

struct look {
    struct bridge *bridge;
    struct store_view *view;
    const struct account *account;
    const struct contact_visitor *visitor;
    struct contact_rows rows;
    struct contact domain;
    struct person
        answerers[CONTACT_ANSWERERS_MAX]; /* of the same post, whom a question is open about */
    size_t answerer_count;
    struct contact_knock knock;
};

static void look_clear(struct look *look)
{
    contact_rows_clear(&look->rows);
    contact_clear(&look->domain);
    for (size_t i = 0; i < look->answerer_count; i++)
        person_clear(&look->answerers[i]);
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

    look->knock.known = visitor->known || (visitor->answers && was_written_to(&look->rows));
    if (!visitor->person->id || visitor->evidence == EVIDENCE_S0)
        return true;
    enum found found =
        store_follow(look->view, look->account->person_id, visitor->person->id, &follow, err);
    if (found == FOUND)
        look->knock.known |= follow.state == FOLLOW_ACCEPTED || follow.state == FOLLOW_WAITING;
    return found != FAILED;
}

static bool count_questions(struct look *look, struct contact_visit *out, struct err *err)
{
    scoped_text char *text = must_print("contact %lld %.*s", (long long)look->account->id,
                                        SLICE_ARGS(look->visitor->domain));
    int64_t since_ms = look->knock.now_ms - DAY_MS, oldest;

    vault_mac(look->bridge->vault, "contact domain", slice_of(text), out->domain_key);
    return store_limited_count(look->view, look->account->id, LIMITED_QUESTION, since_ms,
                               &look->knock.asked_today, &oldest, err) &&
           store_asked_count(look->view, ASKED_CONTACT, out->domain_key, since_ms,
                             &look->knock.asked_today_of_domain, err);
}

/* ---- those who answer one post are asked about together ---- */
struct answerers {
    struct look *look;
    size_t count; /* of all, those who were answered one by one too */
    struct err *err;
    bool failed;
};

static bool keep_answerer(void *ctx, const struct contact *contact)
{
    struct answerers *all = ctx;
    struct look *look = all->look;

    all->count++;
    if (contact->state != CONTACT_ASKED || contact->person_id == look->visitor->person->id ||
        look->answerer_count == CONTACT_ANSWERERS_MAX)
        return true;
    enum found found = store_person(look->view, contact->person_id,
                                    &look->answerers[look->answerer_count], all->err);
    look->answerer_count += found == FOUND;
    all->failed = found == FAILED;
    return !all->failed;
}

static bool find_open_question(struct look *look, struct contact_visit *out, struct err *err)
{
    struct answerers all = {.look = look, .err = err};
    scoped_value(message) notice = {0};
    enum found found =
        store_notice_about(look->view, look->account->id, out->about_id, &out->notice_id, err);

    if (found == FOUND)
        found = store_message(look->view, out->notice_id, &notice, err);
    if (found != FOUND)
        return found == ABSENT;
    if (!store_contacts_of_notice(look->view, out->notice_id, keep_answerer, &all, err) ||
        all.failed)
        return false;
    out->on_notice = all.count;
    look->knock.joins = all.count < CONTACT_ANSWERERS_MAX;
    memcpy(out->ref, notice.ref, sizeof out->ref);
    return true;
}

static bool find_question(struct look *look, struct contact_visit *out, struct err *err)
{
    scoped_text char *text =
        must_print("post %lld %lld", (long long)look->account->id, (long long)out->about_id);
    int64_t count;

    if (!out->about_id)
        return true;
    vault_mac(look->bridge->vault, "contact domain", slice_of(text), out->post_key);
    if (!store_asked_count(look->view, ASKED_CONTACT, out->post_key, look->knock.now_ms - DAY_MS,
                           &count, err))
        return false;
    look->knock.post_asked = count > 0;
    return find_open_question(look, out, err);
}

static bool find_expectation(struct look *look, struct err *err)
{
    int64_t until_ms;

    if (!wish_is_word(look->visitor->wish) || look->visitor->in_turn)
        return true;
    if (!store_expecting(look->view, look->account->id, &until_ms, err))
        return false;
    look->knock.expected = look->knock.now_ms < until_ms;
    return true;
}

/* Most mail comes from people about whom all is decided: for them nothing more is looked for. */
static bool find_rest(struct look *look, struct contact_visit *out, struct err *err)
{
    if (contact_is_decided(&look->knock))
        return true;
    if (!find_ties(look, err) || !find_expectation(look, err))
        return false;
    return !contact_may_ask(&look->knock) ||
           (count_questions(look, out, err) && find_question(look, out, err));
}

/* What waits counts for who is ignored as for who is asked about, so that nobody can tell which they are. */
bool contact_measure_box(struct bridge *bridge, struct store_view *view, int64_t size,
                         struct contact_visit *visit, struct err *err)
{
    int64_t most = bridge->config->quota / HELD_PART, used;

    if (visit->act != CONTACT_HOLD && visit->act != CONTACT_DROP)
        return true;
    if (!store_held_bytes(view, visit->account_id, &used, err))
        return false;
    visit->box_full = visit->row.held >= CONTACT_HELD_MAX || size > most - used;
    return true;
}

static void take_verdict(const struct contact_verdict *verdict, struct contact_visit *out)
{
    out->act = verdict->act;
    out->event = verdict->event;
    out->counts = verdict->counts;
    out->asks = verdict->asks;
    out->joins = verdict->joins;
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
        .others = look->answerers,
        .other_count = out->joins ? look->answerer_count : 0,
        .ref = out->ref,
        .portrait = &out->portrait,
        .now_ms = look->knock.now_ms,
    };

    if (!out->asks && !out->joins)
        return true;
    if (out->asks) {
        ref_new(out->ref);
        if (!contact_portrait(look->view, look->visitor, &out->portrait, err))
            return false;
    }
    if (contact_notice(look->bridge, look->account, &news, &out->notice, err))
        return true;
    out->asks = out->joins =
        false; /* nothing may rest for an owner without a key: it waits its turn */
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
                                  .inside = visitor->inside,
                                  .in_turn = visitor->in_turn,
                                  .wish = visitor->wish,
                                  .about_id = visitor->about ? visitor->about->id : 0,
                                  .evidence = visitor->evidence};
    if (visitor->envelope)
        memcpy(out->envelope, visitor->envelope, sizeof out->envelope);
    look.knock = (struct contact_knock){
        .evidence = visitor->evidence,
        .inside = visitor->inside,
        .door = wish_is_word(visitor->wish) ? bridge->config->contact : bridge->config->follow,
        .hold = bridge->config->hold,
        .gives_up_ms = visitor->gives_up_ms,
        .now_ms = clock_now(bridge->clock),
    };
    if (!find_rows(&look, err) || !find_rest(&look, out, err))
        return false;
    contact_judge(&look.knock, &verdict);
    take_verdict(&verdict, out);
    if (visitor->picture && out->act != CONTACT_TAKE && out->act != CONTACT_SHUT)
        visitor->picture->wanted = true;
    return contact_measure_box(bridge, view, visitor->size, out, err) &&
           make_notice(&look, out, err);
}
