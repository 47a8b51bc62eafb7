/*
 * Knocks by mail (behaviour.md 8): judged after DATA, for each recipient; then the one answer for all of them
 * (architecture.md 9).  Nobody is ever written to because of it.
 */
#include "contact_work.h"
#include "mail_work.h"

#include "config.h"
#include "memory.h"

enum {
    REPORTED_MAX = 64 * 1024,
    HELD_LETTER_MAX = 10 * 1024 * 1024,
    LIST_ADDRESSES_MAX = 8 /* of the list that a mail names */
};

/* ---- who knocks ---- */
static bool find_author(struct mail_work *work, struct person *out, struct err *err)
{
    const struct author *author = &work->author;
    const char *address = *author->address ? author->address : work->arrival->mail_from;
    enum found found;

    if (author->proof == PROOF_GOOD)
        return store_person(work->view, author->account.person_id, out, err) == FOUND;
    if (!address || !*address)
        address = "MAILER-DAEMON";
    found = store_person_by_address(work->view, slice_of(address), out, err);
    if (found == ABSENT)
        *out = (struct person){.kind = PERSON_MAIL, .address = must_dup(address)};
    if (found == FAILED || !author->name || !*author->name)
        return found != FAILED;
    free(out->name);
    out->name = must_dup(author->name); /* what they call themselves in this mail */
    return true;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t gives_up_ms(const struct mail_work *work)
{
    const struct evidence *origin = &work->arrival->evidence;
    int64_t soonest = contact_sender_gives_up_ms(slice_of(work->arrival->helo));

    soonest = sooner(soonest, contact_sender_gives_up_ms(slice_of(origin->spf_domain)));
    for (size_t i = 0; i < origin->dkim_count; i++)
        if (origin->dkim[i].result == AUTH_PASS)
            soonest = sooner(soonest, contact_sender_gives_up_ms(slice_of(origin->dkim[i].domain)));
    return soonest;
}

/* A try like this one can be answered before its DATA: the sender is the author, and comes from where their domain says
 * that they do; and what else the mail told did not make it more urgent. */
static bool is_known_by_envelope(const struct mail_work *work, int64_t gives_up)
{
    const struct mail_arrival *arrival = work->arrival;
    const struct evidence *origin = &arrival->evidence;

    return arrival->door == MAIL_DOOR_MX && *origin->client && origin->spf == AUTH_PASS &&
           origin->spf_aligned &&
           (work->author.evidence == EVIDENCE_S1 || work->author.evidence == EVIDENCE_S2) &&
           slice_is_nocase(slice_of(work->author.address), arrival->mail_from) &&
           gives_up == contact_sender_gives_up_ms(slice_of(arrival->helo));
}

/* ---- who needs no question ---- */
static bool names_own_message(struct mail_work *work, struct slice id,
                              const struct account *account, bool *out, struct err *err)
{
    scoped_value(message) message = {0};
    enum found found = store_message_by_message_id(work->view, id, &message, err);

    *out = found == FOUND && message.account_id == account->id &&
           (message.visibility == VISIBILITY_MAIL || message.visibility == VISIBILITY_DIRECT);
    return found != FAILED;
}

static bool answers_owner(struct mail_work *work, const struct account *account, bool *out,
                          struct err *err)
{
    scoped_value(mail_ids) ids = {0};

    *out = false;
    mail_ids(work->mail, "In-Reply-To", &ids);
    for (size_t i = 0; !*out && i < ids.count && i < 4; i++)
        if (!names_own_message(work, slice_of(ids.at[i]), account, out, err))
            return false;
    return true;
}

/* The header of the mail that a report is about. */
static struct mail_part *reported_mail(struct mail *mail)
{
    struct mail_part *root = mail_root(mail);

    if (!root || !mail_part_is(root, "multipart", "report"))
        return NULL;
    for (size_t i = 0; i < mail_part_count(root); i++) {
        struct mail_part *part = mail_part_child(root, i);
        if (mail_part_is(part, "message", "rfc822") || mail_part_is(part, "message", "global") ||
            mail_part_is(part, "text", "rfc822-headers"))
            return part;
    }
    return NULL;
}

/* A report about a mail that the owner sent: it knows that mail's name, which only its readers do. */
static bool reports_to_owner(struct mail_work *work, const struct account *account, bool *out,
                             struct err *err)
{
    struct mail_part *part = *work->arrival->mail_from ? NULL : reported_mail(work->mail);
    scoped_value(bytes) header = {0};
    struct err unread;

    *out = false;
    if (!part || !mail_part_content(part, REPORTED_MAX, &header, &unread))
        return true;
    struct slice rest = bytes_slice(&header);
    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest), id;
        if (slice_empty(line))
            break;
        if (!slice_starts_nocase(line, "Message-ID:"))
            continue;
        id = slice_trim(slice_from(line, strlen("Message-ID:")));
        if (id.len > 2 && id.at[0] == '<' && id.at[id.len - 1] == '>')
            return names_own_message(work, slice_first(slice_from(id, 1), id.len - 2), account, out,
                                     err);
    }
    return true;
}

/* ---- through a list that the owner wrote to ---- */
static bool is_proven_of_list(const struct mail_work *work)
{
    const struct mail_arrival *arrival = work->arrival;
    struct slice local, domain;

    return arrival->door == MAIL_DOOR_MX && arrival->evidence.spf == AUTH_PASS &&
           mail_field(work->mail, "List-Id", 0) &&
           address_split(slice_of(arrival->mail_from), &local, &domain) &&
           slice_is_nocase(domain, arrival->evidence.spf_domain);
}

static bool is_welcome_list(struct mail_work *work, int64_t account_id, struct slice address,
                            bool *out, struct err *err)
{
    scoped_value(person) person = {0};
    scoped_value(contact_rows) rows = {0};
    enum found found = store_person_by_address(work->view, address, &person, err);

    if (found != FOUND)
        return found == ABSENT;
    if (!store_contacts_of(work->view, account_id, person.id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        *out |= rows.at[i].state == CONTACT_WELCOME;
    return true;
}

static bool comes_by_known_list(struct mail_work *work, int64_t account_id, bool *out,
                                struct err *err)
{
    static const char *const fields[] = {"List-Post", "List-Help", "List-Subscribe"};
    struct slice sender = slice_of(work->arrival->mail_from), address;
    size_t looked = 0;

    *out = false;
    if (!is_proven_of_list(work))
        return true;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        struct slice rest = slice_of(mail_field(work->mail, fields[i], 0));
        while (!*out && looked++ < LIST_ADDRESSES_MAX && contact_list_next(&rest, &address))
            if (contact_list_speaks(sender, address) &&
                !is_welcome_list(work, account_id, address, out, err))
                return false;
    }
    return true;
}

/* ---- one recipient ---- */
static struct planned_visit *new_visit(struct mail_plan *plan)
{
    must_make_room(plan->visits, plan->visit_count, plan->visit_capacity);
    struct planned_visit *visit = &plan->visits[plan->visit_count++];
    *visit = (struct planned_visit){.copy = SIZE_MAX};
    return visit;
}

static bool knock_at(struct mail_work *work, const struct account *account, bool answers,
                     struct contact_visit *out, struct err *err)
{
    scoped_value(person) author = {0};

    unsigned char envelope[SHA256_LEN];
    int64_t gives_up = gives_up_ms(work);
    bool listed;

    if (!find_author(work, &author, err) || !comes_by_known_list(work, account->id, &listed, err))
        return false;
    contact_envelope(work->bridge, slice_of(work->arrival->mail_from),
                     slice_of(work->arrival->evidence.client), envelope);
    const struct contact_visitor visitor = {
        .person = &author,
        .domain = person_domain(&author),
        .evidence = work->author.evidence,
        .wish = WISH_WRITE,
        .answers = answers,
        .known = listed,
        .inside = work->arrival->door == MAIL_DOOR_SUBMISSION,
        .gives_up_ms = gives_up,
        .envelope = is_known_by_envelope(work, gives_up) ? envelope : NULL,
        .subject = mail_field(work->mail, "Subject", 0),
        .size = work->arrival->body->size,
        .received_ms = work->arrival->received_ms,
    };
    return contact_look(work->bridge, work->view, account, &visitor, out, err);
}

bool contact_of_mail(struct mail_work *work, const struct account *account, bool *out_takes,
                     struct err *err)
{
    struct contact_visit visit = {0};
    bool answers, reports;

    *out_takes = true;
    if (work->author.proof == PROOF_GOOD && work->author.account.id == account->id)
        return true;
    if (!answers_owner(work, account, &answers, err) ||
        !reports_to_owner(work, account, &reports, err))
        return false;
    if (reports)
        return true;
    if (!knock_at(work, account, answers, &visit, err)) {
        contact_visit_clear(&visit);
        return false;
    }
    *out_takes = visit.act == CONTACT_TAKE;
    new_visit(work_plan(work))->visit = visit;
    return true;
}

/* ---- together ---- */
struct tally_of_acts {
    size_t take, later, hold, deny, shut;
};

static struct tally_of_acts count_acts(const struct mail_work *work, const struct mail_plan *plan)
{
    struct tally_of_acts acts = {.take = work->count};

    for (size_t i = 0; i < plan->visit_count; i++) {
        enum contact_act act = plan->visits[i].visit.act;
        acts.later += act == CONTACT_LATER;
        acts.hold += act == CONTACT_HOLD || act == CONTACT_DROP;
        acts.deny += act == CONTACT_DENY;
        acts.shut += act == CONTACT_SHUT;
    }
    acts.take -= acts.later + acts.hold + acts.deny + acts.shut;
    return acts;
}

static bool has_no_room(const struct mail_work *work, const struct contact_visit *visit)
{
    return visit->box_full || work->arrival->body->size > HELD_LETTER_MAX;
}

/* What has no room to wait here waits where it is. */
static void keep_outside(const struct mail_work *work, struct mail_plan *plan)
{
    for (size_t i = 0; i < plan->visit_count; i++) {
        struct contact_visit *visit = &plan->visits[i].visit;
        bool holds = visit->act == CONTACT_HOLD || visit->act == CONTACT_DROP;
        if (holds && has_no_room(work, visit))
            visit->act = CONTACT_LATER;
    }
}

/* Some take it: whoever would be asked about has it held, and who is ignored seems to.  What finds no room is kept for
 * nobody but those who take it: who is let in by one of us could fill the boxes of all others. */
static bool hold_all(struct mail_work *work, struct mail_plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->visit_count; i++) {
        struct planned_visit *planned = &plan->visits[i];
        struct contact_visit *visit = &planned->visit;
        if (visit->act != CONTACT_LATER)
            continue;
        bool weaker = visit->row.id && visit->row.state != CONTACT_IGNORED && !visit->counts;
        visit->act = visit->row.state == CONTACT_IGNORED || weaker ? CONTACT_DROP : CONTACT_HOLD;
        if (!contact_measure_box(work->bridge, work->view, work->arrival->body->size, visit, err))
            return false;
        planned->no_room = has_no_room(work, visit);
    }
    return true;
}

static bool plan_waiting(struct mail_work *work, struct err *err)
{
    struct mail_plan *plan = work_plan(work);

    for (size_t i = 0; i < plan->visit_count; i++) {
        enum contact_act act = plan->visits[i].visit.act;
        scoped_value(account) account = {0};
        if ((act != CONTACT_HOLD && act != CONTACT_DROP) || plan->visits[i].no_room)
            continue;
        if (store_account(work->view, plan->visits[i].visit.account_id, &account, err) != FOUND)
            return false;
        if (mail_plan_copy(work, &account, &plan->visits[i].copy, err)) {
            plan->copies[plan->visits[i].copy].by_name = true;
            continue;
        }
        return plan->copies[plan->copy_count - 1].letter.lacks_key &&
               work_answer(work, VERDICT_LATER,
                           "%s@%s cannot take this yet. Your server tries "
                           "again by itself.",
                           account.name, account.domain);
    }
    return true;
}

static const struct contact_visit *first_of(const struct mail_plan *plan, enum contact_act act)
{
    for (size_t i = 0; i < plan->visit_count; i++)
        if (plan->visits[i].visit.act == act)
            return &plan->visits[i].visit;
    return NULL;
}

static bool say_later(struct mail_work *work, struct err *err)
{
    const struct contact_visit *visit = first_of(work_plan(work), CONTACT_LATER);
    scoped_value(account) account = {0};

    if (store_account(work->view, visit->account_id, &account, err) != FOUND)
        return false;
    contact_say_later(&work->arrival->answer, &account);
    work->arrival->records = true;
    return true;
}

static bool say_no(struct mail_work *work, struct err *err)
{
    const struct contact_visit *visit = first_of(work_plan(work), CONTACT_DENY);
    bool shut = !visit;
    scoped_value(account) account = {0};

    if (shut)
        visit = first_of(work_plan(work), CONTACT_SHUT);
    if (store_account(work->view, visit->account_id, &account, err) != FOUND)
        return false;
    if (shut)
        answer_set(&work->arrival->answer, VERDICT_NOT_ALLOWED,
                   "%s@%s takes mail only from people who were written to first.", account.name,
                   account.domain);
    else
        contact_say_denied(&work->arrival->answer, &account, visit->words);
    work->arrival->records = true;
    return true;
}

bool contact_settle_mail(struct mail_work *work, struct err *err)
{
    struct mail_plan *plan = work->arrival->plan;

    if (!plan || plan->visit_count == 0)
        return true;
    keep_outside(work, plan);
    const struct tally_of_acts acts = count_acts(work, plan);
    bool outside = work->arrival->door == MAIL_DOOR_MX;
    if (acts.take + acts.hold == 0 && acts.later == 0)
        return say_no(work, err);
    if (acts.take + acts.hold == 0 && acts.deny + acts.shut == 0 && outside)
        return say_later(work, err);
    if (acts.later > 0 && !outside && acts.take + acts.hold == 0)
        return work_answer(work, VERDICT_FULL_FOR_NOW,
                           "Nothing was sent: too much waits there for an answer already.");
    return hold_all(work, plan, err) && plan_waiting(work, err);
}

/* ---- recording ---- */
bool record_visits(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                   int64_t author_id, struct err *err)
{
    for (size_t i = 0; i < plan->visit_count; i++)
        if (!contact_record(bridge, tx, &plan->visits[i].visit, author_id,
                            &plan->visits[i].contact_id, err))
            return false;
    return true;
}
