/*
 * Polls of others: what one may vote for is kept with the note, and who voted hears once how it ended
 * (behaviour.md 4, row 7).
 *
 * Servers send an Update now and then that has nothing new but counts; the first behind the end is the result.
 */
#include "activity_work.h"
#include "contact_work.h"
#include "store_poll.h"

#include "memory.h"

/* ---- kept ---- */
/* What the mail shows is what is voted for: choices come with a new note and with its edits, not with whatever else brings
 * the note once more. */
bool record_poll(struct store_tx *tx, const struct activity_plan *plan,
                 const struct note_facts *note, int64_t message_id, struct err *err)
{
    bool edit = plan->message.id && plan->message.version != plan->seen_version;
    struct poll poll = {
        .message_id = message_id, .many = note->choose_many, .closes_ms = note->closes_ms};

    for (size_t i = 0; i < note->choice_count && i < POLL_CHOICES_MAX; i++)
        poll.choices[poll.choice_count++] = note->choices[i].name; /* borrowed */
    if (plan->message.id ? !edit : poll.choice_count == 0)
        return true;
    return store_put_poll(tx, &poll, err);
}

/* ---- ended ---- */
struct ending {
    struct note_look *look;
    struct err *err;
    int voters;
    bool failed;
};

static void write_counts(const struct note_facts *note, unsigned votes, struct bytes *out)
{
    for (size_t i = 0; i < note->choice_count; i++) {
        long long count = (long long)note->choices[i].votes;
        scoped_text char *name = first_words(slice_of(note->choices[i].name), 200);
        bytes_print(out, "%zu. %s: %lld %s%s\n", i + 1, name, count, count == 1 ? "vote" : "votes",
                    votes & 1U << (i + 1) ? " (yours too)" : "");
    }
}

/* Counts belong to the choices that were voted for. */
static bool same_choices(const struct poll *poll, const struct note_facts *note)
{
    bool same = (size_t)poll->choice_count == note->choice_count;

    for (int i = 0; same && i < poll->choice_count; i++)
        same = poll->choices[i] && strcmp(poll->choices[i], note->choices[i].name) == 0;
    return same;
}

static bool write_end(struct note_look *look, unsigned votes, struct notice *notice,
                      struct err *err)
{
    scoped_text char *label = person_label(&look->author);
    scoped_text char *thread = NULL;

    if (!thread_subject(look->bridge, look->view, &look->message, notice->account, &thread, err))
        return false;
    const char *called = thread ? thread : "without words";
    notice->about = look->message.message_id;
    notice->subject = must_print("Poll ended: %s", called);
    bytes_print(&notice->text, "The poll \"%s\" by %s has ended.\n\n", called, label);
    write_counts(look->note, votes, &notice->text);
    bytes_add_text(&notice->text, "\nNothing to do.\n");
    if (look->message.url)
        bytes_print(&notice->text, "\n-- \nOpen: %s\n", look->message.url);
    return true;
}

static bool tell(struct note_look *look, int64_t person_id, struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(notice) notice = {.account = &account, .person = &look->author};
    unsigned votes;
    bool barred;
    enum found found = store_account_of_person(look->view, person_id, &account, err);

    if (found != FOUND || account.state != ACCOUNT_ACTIVE)
        return found != FAILED;
    if (!contact_is_barred(look->bridge, look->view, account.id, &look->author, &barred, err) ||
        !store_votes(look->view, look->message.id, person_id, &votes, err))
        return false;
    return barred || (write_end(look, votes, &notice, err) &&
                      notice_plan(look->bridge, &notice, look->arrival, err));
}

static bool tell_voter(void *ctx, const struct voter *voter)
{
    struct ending *ending = ctx;

    ending->voters++;
    ending->failed = !tell(ending->look, voter->person_id, ending->err);
    return !ending->failed;
}

bool prepare_poll_end(struct note_look *look, struct err *err)
{
    const struct note_facts *note = look->note;
    struct ending ending = {look, err, 0, false};
    scoped_value(poll) poll = {0};

    if (!look->known || note->choice_count == 0 || note->closes_ms == 0 ||
        note->closes_ms > look->arrival->received_ms)
        return true;
    enum found found = store_poll(look->view, look->message.id, &poll, err);
    if (found != FOUND || poll.told || !same_choices(&poll, note))
        return found != FAILED;
    if (!store_voters(look->view, look->message.id, READERS_MAX, tell_voter, &ending, err) ||
        ending.failed)
        return false;
    if (!look->arrival->plan) /* nobody is told; it takes no vote any more */
        look->arrival->plan = must_new(struct activity_plan);
    struct activity_plan *plan = look->arrival->plan;
    plan->message.id = look->message.id;
    plan->seen_state = look->message.state;
    plan->seen_version = look->message.version;
    plan->author_id = look->message.author_id;
    plan->poll_ended = true;
    plan->voters = ending.voters;
    return true;
}

static bool count_voter(void *ctx, const struct voter *voter)
{
    (void)voter;
    ++*(int *)ctx;
    return true;
}

bool record_poll_end(struct bridge *bridge, struct store_tx *tx, struct activity_plan *plan,
                     struct err *err)
{
    scoped_value(poll) poll = {0};
    struct store_view *view = store_tx_view(tx);
    int voters = 0;
    enum found found = store_poll(view, plan->message.id, &poll, err);

    if (found != FOUND || poll.told)
        return found != FAILED;
    if (!store_voters(view, plan->message.id, READERS_MAX, count_voter, &voters, err))
        return false;
    if (voters != plan->voters)
        return err_set(err, ERR_CONFLICT, "Try again");
    return store_poll_told(tx, plan->message.id, err) &&
           notice_file(bridge, tx, &plan->letters, plan->author_id, err);
}
