#include "readers.h"

#include "bridge_people.h"

#include <stdio.h>

struct town town;

int open_list(void **state)
{
    struct err err = {0};

    (void)state;
    visitors_open(&town);
    town.config.undo_ms = 0;
    assert_true(bridge_account_set(town.bridge, SLICE("alice@example.org"), SLICE("name"),
                                   SLICE("Alice"), &err));
    return 0;
}

int close_list(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

static bool apply(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct list_doing *doing = container_of(change, struct list_doing, change);

    if (doing->request)
        return bridge_list_ask_record(town.bridge, tx, doing->request, err);
    if (doing->outcome)
        return bridge_delivery_ended(town.bridge, tx, doing->outcome, err);
    return doing->deed(town.bridge, tx, doing->ticket, err);
}

bool list_commit(struct list_doing doing, struct err *err)
{
    doing.change.apply = apply;
    return store_commit(town.store, &doing.change, err);
}

enum list_answer reader_asks(const char *user, const char *address, const char *network)
{
    struct err err = {0};
    struct list_request request = {.user = must_dup(user),
                                   .domain = must_dup("example.org"),
                                   .address = must_dup(address),
                                   .network = must_dup(network)};

    {
        scoped(store_view) view = store_look(town.store, &err);
        assert_true(bridge_list_ask_prepare(town.bridge, view, &request, &err));
    }
    assert_true(list_commit((struct list_doing){.request = &request}, &err));
    enum list_answer answer = request.answer;
    list_request_clear(&request);
    return answer;
}

struct waiting { /* the newest row without a body for an address */
    const char *rcpt_to;
    struct delivery delivery;
    int count;
};

static bool match(void *ctx, const struct delivery *delivery)
{
    struct waiting *waiting = ctx;

    if (delivery->target != TARGET_MAIL || strcmp(delivery->rcpt_to, waiting->rcpt_to) != 0)
        return true;
    delivery_clear(&waiting->delivery);
    waiting->delivery = *delivery;
    waiting->delivery.host = must_dup(delivery->host);
    waiting->delivery.rcpt_to = must_dup(delivery->rcpt_to);
    waiting->delivery.mail_from = must_dup(delivery->mail_from);
    waiting->delivery.inbox = NULL;
    waiting->delivery.last_reply = NULL;
    waiting->count++;
    return true;
}

int mails_waiting(const char *rcpt_to, struct delivery *out)
{
    struct err err = {0};
    struct waiting waiting = {.rcpt_to = rcpt_to};
    scoped(store_view) view = store_look(town.store, &err);

    assert_true(store_queue(view, 0, 1000, match, &waiting, &err));
    if (out)
        *out = waiting.delivery;
    else
        delivery_clear(&waiting.delivery);
    return waiting.count;
}

enum found mail_rendered(const struct delivery *delivery, struct list_mail *out)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    enum found found = bridge_list_mail(town.bridge, view, delivery, out, &err);

    assert_int_not_equal(found, FAILED);
    return found;
}

void mail_ended(const struct delivery *delivery, enum delivery_end end, const char *reply)
{
    struct err err = {0};
    struct delivery_outcome outcome = {
        .delivery_id = delivery->id, .end = end, .version = delivery->wanted};

    snprintf(outcome.reply, sizeof outcome.reply, "%s", reply);
    assert_true(list_commit((struct list_doing){.outcome = &outcome}, &err));
}

/* What the newest mail to them says; it is then taken, or refused.  Heap; "" if there is none. */
char *mail_taken(const char *address)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(list_mail) mail = {.secret = false};

    if (mails_waiting(address, &delivery) == 0 || mail_rendered(&delivery, &mail) != FOUND)
        return must_dup("");
    mail_ended(&delivery, DELIVERED, "250 2.0.0 taken");
    return must_copy(bytes_slice(&mail.content));
}

/* Behind `mark` in the text. */
char *word_behind(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);

    if (!at)
        fail_msg("no %s in\n%s", mark, text);
    return must_copy((struct slice){at + strlen(mark), LIST_WORD_LEN});
}

enum found reader_presses(enum token_purpose purpose, const char *word, list_deed *deed,
                          struct list_ticket *out)
{
    struct err err = {0};
    scoped_value(list_ticket) ticket = {.closed = false};
    enum found found;

    {
        scoped(store_view) view = store_look(town.store, &err);
        found = bridge_list_ticket(town.bridge, view, purpose, slice_of(word), &ticket, &err);
    }
    if (found == FOUND && deed)
        assert_true(list_commit((struct list_doing){.ticket = &ticket, .deed = deed}, &err));
    if (out) {
        *out = ticket;
        ticket = (struct list_ticket){.closed = false};
    }
    return found;
}

/* The word that lets them leave; heap. */
char *reader_subscribes(const char *address, const char *network)
{
    scoped_value(list_ticket) ticket = {.closed = false};

    assert_int_equal(reader_asks("alice", address, network), LIST_ASKED);
    scoped_text char *mail = mail_taken(address);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(reader_presses(TOKEN_CONFIRM, word, bridge_list_confirm, &ticket), FOUND);
    return must_dup(ticket.leave_word);
}

const char *reader_state(const char *address)
{
    static const char *const names[] = {
        [FOLLOW_WAITING] = "waiting",       [FOLLOW_ACCEPTED] = "accepted",
        [FOLLOW_REFUSED] = "refused",       [FOLLOW_LEFT] = "left",
        [FOLLOW_CONFIRMING] = "confirming", [FOLLOW_SUSPENDED] = "suspended"};
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    scoped_value(person) person = {0};
    scoped_value(follow) follow = {0};

    if (store_person_by_address(view, slice_of(address), &person, &err) != FOUND)
        return "unknown";
    if (store_follow(view, person.id, town.alice_person, &follow, &err) != FOUND)
        return "none";
    return names[follow.state];
}

void alice_publishes(const char *to, const char *fields, const char *text)
{
    static int serial;
    scoped_text char *whole =
        must_print("From: alice@example.org\nTo: %s\nMessage-ID: <list%d@here>\n%s\n%s\n", to,
                   ++serial, fields, text);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = slice_of(whole)};
    scoped_text char *reply = town_send(&town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
    town_chores(&town, NULL);
}
