/*
 * A direct message or mail that has not arrived: its author is told after a day, and when it is given up (behaviour.md 9
 * and 13 E).  A public post never makes such a mail.
 */
#include "activity_work.h"
#include "commit.h"

#include "compose.h"
#include "memory.h"

enum { PAGE = 500, LOOK_AGAIN_MS = HOUR_MS, NOT_YET_MS = DAY_MS, TOLD_DAYS = 30 };

struct lates {
    struct late *at;
    size_t count, capacity;
    int64_t now_ms, last_id;
    int on_page;
};

static void lates_clear(struct lates *lates)
{
    for (size_t i = 0; i < lates->count; i++) {
        free(lates->at[i].host);
        free(lates->at[i].reply);
        free(lates->at[i].rcpt_to);
    }
    free(lates->at);
    *lates = (struct lates){0};
}
SCOPED_VALUE(lates, lates_clear)

/* Without a sender it is a mail of our own, and what is written when it goes is one of many copies: nobody waits
 * for it. */
static bool is_anonymous(const struct delivery *delivery)
{
    return delivery->target == TARGET_MAIL && (!delivery->rcpt_to || !delivery->body_id ||
                                               !delivery->mail_from || !*delivery->mail_from);
}

static bool add_late(void *ctx, const struct delivery *delivery)
{
    struct lates *lates = ctx;
    bool parked = delivery->due_ms >= DELIVERY_PARKED_MS;
    bool old = delivery->first_ms + NOT_YET_MS <= lates->now_ms;

    lates->last_id = delivery->id;
    lates->on_page++;
    if (delivery->subject != SUBJECT_MESSAGE || is_anonymous(delivery) || delivery->withdrawn ||
        (!parked && !old))
        return true;
    must_make_room(lates->at, lates->count, lates->capacity);
    lates->at[lates->count++] = (struct late){
        .delivery_id = delivery->id,
        .message_id = delivery->subject_id,
        .account_id = delivery->account_id,
        .person_id = delivery->person_id,
        .first_ms = delivery->first_ms,
        .host = must_dup(delivery->host ? delivery->host : "their server"),
        .reply = must_dup(delivery->last_reply),
        .target = delivery->target,
        .rcpt_to = must_dup(delivery->rcpt_to),
        .body_id = delivery->body_id,
        .given_up = parked,
    };
    return true;
}

/* ---- the mail ---- */
static void add_time(struct bytes *out, int64_t ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(ms, date);
    struct slice text = slice_of(date);
    bytes_print(out, "%.*s UTC", SLICE_ARGS(slice_first(text, text.len - sizeof " +0000" + 1)));
}

static void say_not_yet(const struct late *late, struct bytes *out)
{
    bytes_print(out, "%s has not taken it since ", late->host);
    add_time(out, late->first_ms);
    bytes_add_text(out, ". I keep trying until ");
    add_time(out, late->first_ms + delivery_patience_ms(late->target));
    bytes_add_text(out, " and tell you the result. Nothing to do.\n");
}

static void say_given_up(const struct late *late, const char *name, struct bytes *out)
{
    bytes_print(out, "%s could not be given your message, and I no longer try. ", late->host);
    bytes_print(out, "If it matters, reach %s another way, or send it again.\n", name);
}

static void add_reply(const struct late *late, struct bytes *out)
{
    if (late->reply && *late->reply)
        bytes_print(out, "\nThe last answer was: %s\n", late->reply);
}

struct told {
    const struct account *account;
    const struct message *message;
    const char *name; /* of whom it was for */
};

static void compose_late(const struct late *late, const struct told *told, struct compose *c,
                         struct letter *letter)
{
    scoped_text char *own = account_address(told->account);
    scoped_value(bytes) text = {0};
    char *about = told->message->message_id;

    compose_field(c, "Return-Path", "<>");
    compose_address(c, "From", "Mail delivery", letter->from);
    compose_address(c, "To", NULL, own);
    compose_field(c, "Subject", letter->subject);
    compose_date(c, letter->received_ms);
    compose_ids(c, "Message-ID", &letter->message_id, 1);
    if (about) {
        compose_ids(c, "In-Reply-To", &about, 1);
        compose_ids(c, "References", &about, 1);
    }
    compose_field(c, "Auto-Submitted", "auto-replied");
    if (late->given_up)
        say_given_up(late, told->name, &text);
    else
        say_not_yet(late, &text);
    add_reply(late, &text);
    compose_text(c, bytes_slice(&text), NULL);
}

static bool write_letter(struct bridge *bridge, struct store_view *view, const struct late *late,
                         const struct told *told, struct letter *letter, struct err *err)
{
    const char *domain = told->account->domain;
    scoped(compose) c = compose_new();
    struct memory_sink sink;

    letter->account_id = told->account->id;
    letter->mailbox = MAILBOX_INBOX;
    letter->received_ms = clock_now(bridge->clock);
    letter->from = must_print("MAILER-DAEMON@%s", domain);
    letter->message_id = message_id_new(domain);
    letter->subject = must_print(late->given_up ? "%s did not get your message"
                                                : "%s has not got your message yet",
                                 told->name);
    compose_late(late, told, c, letter);
    if (late->target == TARGET_MAIL && !delivery_report_add(bridge, view, late, c, err))
        return false;
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    scoped(source) content = source_of_bytes(&sink.bytes);
    return ok && letter_seal(bridge, content, letter, err);
}

/* ---- telling ---- */
struct telling {
    const struct late *late;
    struct letter letter; /* no body: nobody is to be told */
};

static bool still_given_up(struct store_tx *tx, const struct late *late, bool *out, struct err *err)
{
    scoped_value(delivery) delivery = {0};
    enum found found = store_delivery(store_tx_view(tx), late->delivery_id, &delivery, err);

    *out = found == FOUND && (!late->given_up || delivery.due_ms >= DELIVERY_PARKED_MS);
    return found != FAILED;
}

static bool record_telling(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct telling *telling = ctx;
    const struct late *late = telling->late;
    scoped_text char *what =
        must_print("%lld %lld", (long long)late->delivery_id, (long long)late->first_ms);
    unsigned char digest[SHA256_LEN];
    bool still, first = true;

    if (!still_given_up(tx, late, &still, err) || !still)
        return !still;
    activity_digest("late", what, "", digest);
    if (!late->given_up && !store_see(tx, SEEN_MAIL, digest,
                                      clock_now(bridge->clock) + TOLD_DAYS * DAY_MS, &first, err))
        return false;
    if (first && telling->letter.body && !letter_file(tx, &telling->letter, late->message_id, err))
        return false;
    return !late->given_up || store_delivery_drop(tx, late->delivery_id, late->reply, err);
}

static bool told_before(struct store_view *view, const struct late *late, bool *out,
                        struct err *err)
{
    scoped_text char *what =
        must_print("%lld %lld", (long long)late->delivery_id, (long long)late->first_ms);
    unsigned char digest[SHA256_LEN];

    activity_digest("late", what, "", digest);
    enum found found = store_seen(view, SEEN_MAIL, digest, err);
    *out = found == FOUND && !late->given_up;
    return found != FAILED;
}

static char *name_of(const struct late *late, const struct person *person)
{
    if (late->target == TARGET_MAIL)
        return must_dup(late->rcpt_to);
    return person->id ? person_short_name(person) : must_dup("The addressee");
}

/* Fills the letter, if it was written to one person by somebody who still lives here. */
static bool prepare_telling(struct bridge *bridge, struct store_view *view, struct telling *telling,
                            struct err *err)
{
    const struct late *late = telling->late;
    scoped_value(message) message = {0};
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};
    enum found found = store_message(view, late->message_id, &message, err);

    if (found == FOUND &&
        message.visibility == (late->target == TARGET_MAIL ? VISIBILITY_MAIL : VISIBILITY_DIRECT))
        found = store_account(view, late->account_id, &account, err);
    if (found == FAILED || store_person(view, late->person_id, &person, err) == FAILED)
        return false;
    if (!account.id || account.state != ACCOUNT_ACTIVE || message_is_gone(&message))
        return true;
    scoped_text char *name = name_of(late, &person);
    const struct told told = {&account, &message, name};
    return write_letter(bridge, view, late, &told, &telling->letter, err);
}

static bool tell_one(struct bridge *bridge, const struct late *late, struct err *err)
{
    struct telling telling = {.late = late};
    bool before = false, ok;

    {
        scoped(store_view) view = store_look(bridge->store, err);
        ok = view && told_before(view, late, &before, err) &&
             (before || prepare_telling(bridge, view, &telling, err));
    }
    bool due = late->given_up || telling.letter.body;
    if (ok && !before && due)
        ok = bridge_commit(bridge, record_telling, &telling, err);
    letter_clear(&telling.letter);
    return ok;
}

static bool look_at_page(struct bridge *bridge, struct lates *lates, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);

    lates->on_page = 0;
    return view && store_queue(view, lates->last_id, PAGE, add_late, lates, err);
}

bool tell_undelivered(struct bridge *bridge, struct err *err)
{
    scoped_value(lates) lates = {.now_ms = clock_now(bridge->clock)};

    if (lates.now_ms < bridge->undelivered_ms)
        return true;
    bridge->undelivered_ms = lates.now_ms + LOOK_AGAIN_MS;
    do {
        if (!look_at_page(bridge, &lates, err))
            return false;
    } while (lates.on_page == PAGE);
    for (size_t i = 0; i < lates.count; i++)
        if (!tell_one(bridge, &lates.at[i], err))
            return false;
    return true;
}
