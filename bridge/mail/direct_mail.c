/*
 * A mail to Fediverse people becomes one direct note to them; mailboxes beside them get the mail (behaviour.md
 * 3.3 rows 9 and 10, 5.1).  A public post's Reply lands here: its answer is private.
 */
#include "mail_work.h"

#include "memory.h"

#include <stdio.h>

enum { FIRST_DIRECT_MS_DAYS = 3650 };

static bool is_fediverse(const struct mail_work *work, const struct recipient *recipient)
{
    return recipient->address.kind == ADDRESS_PERSON &&
           !work_is_local_mailbox(work, &recipient->address);
}

static size_t count_fediverse(const struct mail_work *work)
{
    size_t count = 0;

    for (size_t i = 0; i < work->count; i++)
        count += is_fediverse(work, &work->recipients[i]);
    return count;
}

/* Words that name people but cannot be written to: told at RCPT already, again for those who ask late. */
static bool refuse_unfit_words(struct mail_work *work, bool *out_refused, struct err *err)
{
    struct answer *answer = &work->arrival->answer;

    *out_refused = false;
    for (size_t i = 0; !*out_refused && i < work->count; i++) {
        const struct recipient *one = &work->recipients[i];
        if (one->address.kind != ADDRESS_PERSON)
            continue;
        const struct asked_recipient asked = {
            .door = work->arrival->door,
            .mail_from = slice_of(work->arrival->mail_from),
            .recipient = slice_of(one->text),
        };
        if (!bridge_recipient(work->bridge, work->view, &asked, answer, NULL, err))
            return false;
        *out_refused = answer->verdict != VERDICT_TAKEN;
    }
    return true;
}

/* All readers of a note see one another: somebody in Bcc would be shown to the rest. */
static bool refuse_hidden(struct mail_work *work)
{
    if (count_fediverse(work) < 2)
        return false;
    for (size_t i = 0; i < work->count; i++) {
        const struct recipient *one = &work->recipients[i];
        if (is_fediverse(work, one) && !one->visible)
            return work_answer(work, VERDICT_NOT_ALLOWED,
                               "Nothing was sent: %s stands in Bcc, but all who get a direct "
                               "message see one another. Use To or Cc, or send two mails.",
                               one->text);
    }
    return false;
}

/* S3 needs the target signed, as posts do. */
static bool refuse_unsigned_target(struct mail_work *work, bool *out_refused, struct err *err)
{
    *out_refused = false;
    if (work->author.evidence != EVIDENCE_S3)
        return true;
    for (size_t i = 0; !*out_refused && i < work->count; i++) {
        struct recipient *one = &work->recipients[i];
        if (!is_fediverse(work, one))
            continue;
        if (!target_line_marks(work, one, err))
            return false;
        if (!one->visible)
            *out_refused = work_answer(work, VERDICT_NOT_ALLOWED,
                                       "Nothing was sent: %s does not stand in the signed part. "
                                       "Put it into the first line of the text and sign again.",
                                       one->text);
    }
    return true;
}

/* ---- the thread ---- */
struct heard {
    int64_t person_id;
    bool found;
};

static bool find_hearer(void *ctx, const struct audience *audience)
{
    struct heard *heard = ctx;

    heard->found |= audience->person_id == heard->person_id;
    return !heard->found;
}

/* May this person be told that the note answers that message?  Only if they can know it. */
static bool knows_parent(struct mail_work *work, const struct message *parent, int64_t person_id,
                         bool *out, struct err *err)
{
    struct heard heard = {.person_id = person_id,
                          .found = visibility_is_open(parent->visibility) ||
                                   (person_id && parent->author_id == person_id)};

    if (!heard.found && !store_audience(work->view, parent->id, find_hearer, &heard, err))
        return false;
    *out = heard.found;
    return true;
}

static bool drop_unknown_parent(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    bool all_know = true;

    if (!drafting->parent.found)
        return true;
    if (message_is_gone(&drafting->parent.message))
        all_know = false;
    for (size_t i = 0; all_know && i < drafting->note->addressee_count; i++)
        if (!knows_parent(work, &drafting->parent.message, drafting->note->addressees[i].person_id,
                          &all_know, err))
            return false;
    if (!all_know)
        parent_clear(&drafting->parent);
    return true;
}

/* The handle answered to belongs to somebody else now (behaviour.md 2). */
static bool refuse_other_person(struct mail_work *work, struct drafting *drafting,
                                bool *out_refused, struct err *err)
{
    scoped_value(person) author = {0};

    *out_refused = false;
    if (!drafting->parent.found)
        return true;
    switch (store_person(work->view, drafting->parent.message.author_id, &author, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    for (size_t i = 0; !*out_refused && i < drafting->note->addressee_count; i++) {
        const struct addressee *one = &drafting->note->addressees[i];
        if (author.kind != PERSON_FEDIVERSE || !one->user || !author.user ||
            one->person_id == author.id || one->person_id == 0)
            continue;
        bool moved = false;
        if (!person_moved_to(work->view, author.id, one->person_id, &moved, err))
            return false;
        if (!moved && slice_is_nocase(slice_of(one->user), author.user) &&
            slice_is_nocase(slice_of(one->host), author.host))
            *out_refused = work_answer(
                work, VERDICT_NOT_ALLOWED,
                "Not sent: @%s@%s is now a different account from the one you wrote with. Write "
                "a new mail to reach the new one.",
                author.user, author.host);
    }
    return true;
}

/* ---- first-ever messages (P14) ---- */
static void first_guard(const struct mail_work *work, const struct addressee *one,
                        struct guard *out)
{
    char text[400];
    int len = snprintf(text, sizeof text, "first direct %lld %s@%s",
                       (long long)work->author.account.id, one->user, one->host);

    sha256((struct slice){text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1},
           out->digest);
    out->kind = SEEN_MAIL;
    out->expires_ms = work->now_ms + FIRST_DIRECT_MS_DAYS * (int64_t)DAY_MS;
}

static bool ask_first_directs(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct planned_note *note = drafting->note;
    struct post_question *q = &drafting->q;
    int64_t before = 0, oldest = 0;
    bool seen;

    note->first_directs = must_alloc_array(note->addressee_count, sizeof *note->first_directs);
    for (size_t i = 0; i < note->addressee_count; i++) {
        struct guard *guard = &note->first_directs[note->first_direct_count];
        const struct addressee *one = &note->addressees[i];
        if (drafting->parent.found && one->person_id == drafting->parent.message.author_id)
            continue; /* they wrote first */
        first_guard(work, one, guard);
        if (!guard_seen(work, guard, &seen, err))
            return false;
        note->first_direct_count += !seen;
    }
    if (note->first_direct_count == 0)
        return true;
    if (!store_limited_count(work->view, work->author.account.id, LIMITED_FIRST_DIRECT,
                             work->now_ms - DAY_MS, &before, &oldest, err))
        return false;
    q->first_directs_today = before + (int64_t)note->first_direct_count;
    q->next_first_direct_ms = oldest + DAY_MS - work->now_ms;
    return true;
}

/* ---- together ---- */
static bool plan_direct(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct mail_plan *plan = work_plan(work);
    struct mail *header = said_header(work);
    bool ok;

    drafting_write(work, drafting, VISIBILITY_DIRECT);
    struct message *message = &drafting->note->message;
    scoped_value(mail_ids) ids = {0};
    if (header)
        mail_ids(header, "Message-ID", &ids);
    if (ids.count == 1) { /* the author's program has its own copy: answers go into that thread */
        free(message->message_id);
        message->message_id = must_dup(ids.at[0]);
    }
    message->state = MESSAGE_SENT;
    message_wrap(work->bridge, message);
    plan->note = steal(&drafting->note);
    return mail_as_mail(work, &ok, err);
}

static bool find_people_and_thread(struct mail_work *work, struct drafting *drafting,
                                   bool *out_go_on, struct err *err)
{
    bool refused = false;

    *out_go_on = false;
    if (!drafting_address(work, drafting, AUDIENCE_TO, err))
        return false;
    if (drafting->nobody || drafting->asking)
        return true;
    if (!refuse_other_person(work, drafting, &refused, err))
        return false;
    if (refused)
        return true;
    if (!drop_unknown_parent(work, drafting, err) || !drafting_name(work, drafting, false, err))
        return false;
    *out_go_on = true;
    return true;
}

static bool decide_and_plan(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct answer *answer = &work->arrival->answer;
    bool go_on;

    if (!parent_find(work, &drafting->parent, err) || !drafting_read(work, drafting, err))
        return false;
    drafting->q.mentions = count_fediverse(work);
    enum post_row row = policy_direct(&drafting->q, answer);
    if (row == ROW_NONE) {
        if (!find_people_and_thread(work, drafting, &go_on, err))
            return false;
        if (!go_on)
            return true;
        if (!ask_first_directs(work, drafting, err))
            return false;
        row = policy_direct(&drafting->q, answer);
    }
    if (row == ROW_NONE)
        return plan_direct(work, drafting, err);
    mail_plan_free(steal(&work->arrival->plan));
    return true;
}

static bool refuse_outsider(struct mail_work *work)
{
    const struct recipient *person = work_first(work, ADDRESS_PERSON);

    if (work->arrival->door != MAIL_DOOR_MX || work->author.proof != PROOF_NONE)
        return false;
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "%s can be written to only by people with an account here.", person->text);
}

bool direct_mail(struct mail_work *work, struct err *err)
{
    scoped_value(drafting) drafting = {0};
    bool refused;

    if (refuse_outsider(work))
        return true;
    drafting_begin(work, &drafting);
    if (policy_direct(&drafting.q, &work->arrival->answer) != ROW_NONE)
        return true;
    if (!refuse_unfit_words(work, &refused, err))
        return false;
    if (refused)
        return true;
    if (!refuse_unsigned_target(work, &refused, err))
        return false;
    if (refused || refuse_hidden(work))
        return true;
    if (count_fediverse(work) == 0)
        return receive_mail(work, err);
    return decide_and_plan(work, &drafting, err);
}
