/* Readers by mail: asking, answering, what they get, leaving. */
#include "visitors.h"

#include "bridge_activity.h"
#include "bridge_people.h"
#include "list_work.h"

#include <stdio.h>

#define CAROL "carol@mail.example"
#define DORA "dora@read.example"

static struct town town;

static int open_town(void **state)
{
    struct err err = {0};

    (void)state;
    visitors_open(&town);
    town.config.undo_ms = 0;
    assert_true(bridge_account_set(town.bridge, SLICE("alice@example.org"), SLICE("name"),
                                   SLICE("Alice"), &err));
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* ---- steps ---- */
struct doing { /* one apply() of ours */
    struct store_change change;
    struct list_request *request;
    const struct list_ticket *ticket;
    list_deed *deed;
    const struct delivery_outcome *outcome;
};

static bool apply(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct doing *doing = container_of(change, struct doing, change);

    if (doing->request)
        return bridge_list_ask_record(town.bridge, tx, doing->request, err);
    if (doing->outcome)
        return bridge_delivery_ended(town.bridge, tx, doing->outcome, err);
    return doing->deed(town.bridge, tx, doing->ticket, err);
}

static bool commit(struct doing doing, struct err *err)
{
    doing.change.apply = apply;
    return store_commit(town.store, &doing.change, err);
}

static enum list_answer ask(const char *user, const char *address, const char *network)
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
    assert_true(commit((struct doing){.request = &request}, &err));
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

static int waiting_for(const char *rcpt_to, struct delivery *out)
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

static enum found render(const struct delivery *delivery, struct list_mail *out)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town.store, &err);
    enum found found = bridge_list_mail(town.bridge, view, delivery, out, &err);

    assert_int_not_equal(found, FAILED);
    return found;
}

static void ended(const struct delivery *delivery, enum delivery_end end, const char *reply)
{
    struct err err = {0};
    struct delivery_outcome outcome = {
        .delivery_id = delivery->id, .end = end, .version = delivery->wanted};

    snprintf(outcome.reply, sizeof outcome.reply, "%s", reply);
    assert_true(commit((struct doing){.outcome = &outcome}, &err));
}

/* What the newest mail to them says; it is then taken, or refused.  Heap; "" if there is none. */
static char *newest_mail(const char *address)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(list_mail) mail = {.secret = false};

    if (waiting_for(address, &delivery) == 0 || render(&delivery, &mail) != FOUND)
        return must_dup("");
    ended(&delivery, DELIVERED, "250 2.0.0 taken");
    return must_copy(bytes_slice(&mail.content));
}

/* Behind `mark` in the text. */
static char *word_behind(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);

    if (!at)
        fail_msg("no %s in\n%s", mark, text);
    return must_copy((struct slice){at + strlen(mark), LIST_WORD_LEN});
}

static enum found press(enum token_purpose purpose, const char *word, list_deed *deed,
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
        assert_true(commit((struct doing){.ticket = &ticket, .deed = deed}, &err));
    if (out) {
        *out = ticket;
        ticket = (struct list_ticket){.closed = false};
    }
    return found;
}

/* The word that lets them leave; heap. */
static char *subscribe(const char *address, const char *network)
{
    scoped_value(list_ticket) ticket = {.closed = false};

    assert_int_equal(ask("alice", address, network), LIST_ASKED);
    scoped_text char *mail = newest_mail(address);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(press(TOKEN_CONFIRM, word, bridge_list_confirm, &ticket), FOUND);
    return must_dup(ticket.leave_word);
}

static const char *state_of(const char *address)
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

static void publish(const char *to, const char *fields, const char *text)
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

/* ---- asking ---- */
static void limits_of_asking(void **state)
{
    static const struct {
        const char *name, *account, *address, *network;
        int64_t wait_ms;
        bool mail;
    } rows[] = {
        {"the first time",                   "alice", CAROL,                  "192.0.2.1",        0,           true },
        {"again at once",                    "alice", CAROL,                  "192.0.2.1",        0,           false},
        {"in other letters",                 "alice", "Carol@MAIL.example",   "192.0.2.1",        0,           false},
        {"the same mailbox by another name", "alice", "carol+x@mail.example", "192.0.2.1",        0,
         false                                                                                                      },
        {"for another account",              "eve",   CAROL,                  "192.0.2.1",        0,           false},
        {"a day later",                      "alice", CAROL,                  "192.0.2.1",        DAY_MS,      true },
        {"two days later, another account",  "eve",   CAROL,                  "192.0.2.1",        DAY_MS,      true },
        {"the fourth time in a month",       "alice", CAROL,                  "192.0.2.1",        DAY_MS,      false},
        {"a month after the first",          "alice", CAROL,                  "192.0.2.1",        27 * DAY_MS, true },
        {"a network, the second of an hour", "alice", "n2@mail.example",      "192.0.2.2",        0,           true },
        {"the third",                        "alice", "n3@mail.example",      "192.0.2.77",       0,           true },
        {"the fourth",                       "alice", "n4@mail.example",      "192.0.2.255",      0,           true },
        {"the fifth",                        "alice", "n5@mail.example",      "192.0.2.3",        0,           true },
        {"the sixth",                        "alice", "n6@mail.example",      "192.0.2.4",        0,           false},
        {"another network",                  "alice", "n6@mail.example",      "192.0.3.1",        0,           true },
        {"an hour later",                    "alice", "n7@mail.example",      "192.0.2.4",        HOUR_MS,     true },
        {"a block of IPv6",                  "alice", "s1@mail.example",      "2001:db8::1",      0,           true },
        {"",                                 "alice", "s2@mail.example",      "2001:db8::2",      0,           true },
        {"",                                 "alice", "s3@mail.example",      "2001:db8:0:1::",   0,           true },
        {"",                                 "alice", "s4@mail.example",      "2001:db8:0:ff::",  0,           true },
        {"",                                 "alice", "s5@mail.example",      "2001:db8::5",      0,           true },
        {"the sixth of its /56",             "alice", "s6@mail.example",      "2001:db8:0:ab::",  0,           false},
        {"the next block",                   "alice", "s6@mail.example",      "2001:db8:0:100::", 0,           true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        town_wait(&town, rows[i].wait_ms);
        assert_int_equal(ask(rows[i].account, rows[i].address, rows[i].network), LIST_ASKED);
        scoped_text char *mail = newest_mail(rows[i].address);
        if ((*mail != '\0') != rows[i].mail)
            fail_msg("%s: %s", rows[i].name, *mail ? "a mail" : "no mail");
    }
}

static void the_server_asks_twenty_an_hour(void **state)
{
    int sent = 0;

    (void)state;
    for (int i = 0; i < 25; i++) {
        scoped_text char *address = must_print("reader%d@mail.example", i);
        scoped_text char *network = must_print("198.51.%d.1", i);
        assert_int_equal(ask("alice", address, network), LIST_ASKED);
        scoped_text char *mail = newest_mail(address);
        sent += *mail != '\0';
    }
    assert_int_equal(sent, 20);
    for (int i = 0; i < 8; i++) { /* a proxy on this machine asks for everybody */
        scoped_text char *address = must_print("late%d@mail.example", i);
        town_wait(&town, i ? 0 : HOUR_MS);
        assert_int_equal(ask("alice", address, i % 2 ? "127.0.0.1" : "::1"), LIST_ASKED);
        assert_int_equal(waiting_for(address, NULL), 1);
    }
}

static void what_is_no_address(void **state)
{
    static const struct {
        const char *name, *account, *address;
        enum list_answer answer;
    } rows[] = {
        {"plain",              "alice",  "x@mail.example",                LIST_ASKED      },
        {"with blanks around", "alice",  " y@mail.example\r\n",           LIST_ASKED      },
        {"an IDN",             "alice",
         "z@b\xC3\xBC"
         "cher.example",                                                  LIST_ASKED      },
        {"nobody's list",      "nobody", "x@mail.example",                LIST_NO_LIST    },
        {"one of ours",        "alice",  "eve@EXAMPLE.org",               LIST_OWN_ADDRESS},
        {"nothing",            "alice",  "",                              LIST_NO_ADDRESS },
        {"no @",               "alice",  "carol",                         LIST_NO_ADDRESS },
        {"no host",            "alice",  "carol@",                        LIST_NO_ADDRESS },
        {"no dot in the host", "alice",  "carol@localhost",               LIST_NO_ADDRESS },
        {"an address literal", "alice",  "carol@[192.0.2.1]",             LIST_NO_ADDRESS },
        {"two at once",        "alice",  "a@mail.example,b@mail.example", LIST_NO_ADDRESS },
        {"a line more",        "alice",  "a\r\nBcc: b@mail.example",      LIST_NO_ADDRESS },
        {"quoted",             "alice",  "\"a b\"@mail.example",          LIST_NO_ADDRESS },
        {"two dots",           "alice",  "a..b@mail.example",             LIST_NO_ADDRESS },
        {"with a name",        "alice",  "Carol <carol@mail.example>",    LIST_NO_ADDRESS },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (ask(rows[i].account, rows[i].address, "192.0.2.1") != rows[i].answer)
            fail_msg("%s", rows[i].name);
    assert_int_equal(waiting_for("z@xn--bcher-kva.example", NULL), 1);
}

static void the_question(void **state)
{
    (void)state;
    assert_int_equal(ask("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = newest_mail(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    scoped_text char *expected = must_print(
        "Somebody, perhaps you, asked that alice@example.org send posts to this address. If you "
        "want them, press the button at\n\nhttps://example.org/subscribe/%s\n\nIf not, do nothing: "
        "this is the only mail for now.\n\nNever ask me again:\n\n"
        "https://example.org/subscribe/%s#never\n\nA post once mailed cannot be called back, even "
        "if Alice deletes it.\n",
        word, word);
    scoped_text char *shown = mail_shown(slice_of(mail), "text/plain");
    if (!strstr(shown, expected))
        fail_msg("%s", shown);
    assert_non_null(strstr(mail, "Subject: Do you want Alice's posts by mail?\r\n"));
    assert_non_null(strstr(mail, "Auto-Submitted: auto-replied\r\n"));
    assert_string_equal(state_of(CAROL), "confirming");
}

static void a_word_works_once(void **state)
{
    (void)state;
    assert_int_equal(ask("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = newest_mail(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), ABSENT);
    assert_int_equal(press(TOKEN_CONFIRM, "0123456789abcdefghjk", NULL, NULL), ABSENT);
    assert_int_equal(press(TOKEN_CONFIRM, word, NULL, NULL), FOUND); /* a page looked at */
    assert_string_equal(state_of(CAROL), "confirming");
    assert_int_equal(press(TOKEN_CONFIRM, word, bridge_list_confirm, NULL), FOUND);
    assert_string_equal(state_of(CAROL), "accepted");
    assert_int_equal(press(TOKEN_CONFIRM, word, bridge_list_confirm, NULL), ABSENT);
    assert_int_equal(ask("alice", CAROL, "192.0.2.1"), LIST_ASKED); /* reads already: no mail */
    town_wait(&town, DAY_MS);
    assert_int_equal(ask("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    assert_int_equal(waiting_for(CAROL, NULL), 0);
}

static void two_who_press_at_once_are_one(void **state)
{
    struct err err = {0};
    scoped_value(list_ticket) first = {.closed = false};
    scoped_value(list_ticket) second = {.closed = false};

    (void)state;
    assert_int_equal(ask("alice", CAROL, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = newest_mail(CAROL);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(press(TOKEN_CONFIRM, word, NULL, &first), FOUND);
    assert_int_equal(press(TOKEN_CONFIRM, word, NULL, &second), FOUND);
    assert_true(commit((struct doing){.ticket = &first, .deed = bridge_list_confirm}, &err));
    assert_false(commit((struct doing){.ticket = &second, .deed = bridge_list_confirm}, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, first.leave_word, NULL, NULL), FOUND);
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, second.leave_word, NULL, NULL), ABSENT);
}

static void a_week_without_an_answer(void **state)
{
    (void)state;
    assert_int_equal(ask("alice", DORA, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = newest_mail(DORA);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    town_wait(&town, 7 * DAY_MS);
    assert_int_equal(press(TOKEN_CONFIRM, word, NULL, NULL), ABSENT);
    town_chores(&town, NULL);
    assert_string_equal(state_of(DORA), "unknown");
}

static void never_ask_again(void **state)
{
    (void)state;
    assert_int_equal(ask("alice", DORA, "192.0.2.1"), LIST_ASKED);
    scoped_text char *mail = newest_mail(DORA);
    scoped_text char *word = word_behind(mail, "https://example.org/subscribe/");
    assert_int_equal(press(TOKEN_CONFIRM, word, bridge_list_never, NULL), FOUND);
    assert_string_equal(state_of(DORA), "unknown");
    town_wait(&town, 60 * DAY_MS);
    assert_int_equal(ask("eve", "Dora+again@read.example", "192.0.2.1"), LIST_ASKED);
    assert_int_equal(waiting_for("Dora+again@read.example", NULL), 0);
}

static void the_owner_may_be_asked_first(void **state)
{
    (void)state;
    town.config.follow = DOOR_ASK;
    free(subscribe(CAROL, "192.0.2.1"));
    assert_string_equal(state_of(CAROL), "waiting");
    publish("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_int_equal(waiting_for(CAROL, NULL), 0);
    town.config.follow = DOOR_CLOSED;
    assert_int_equal(ask("alice", DORA, "192.0.2.1"), LIST_NO_LIST);
}

/* ---- what they get ---- */
static void who_gets_what(void **state)
{
    static const struct {
        const char *name, *to, *fields;
        int copies;
    } rows[] = {
        {"a public post",    "public@example.org",             "Subject: One\n",                            1},
        {"a quiet one",      "unlisted@example.org",           "Subject: Two\n",                            1},
        {"for followers",    "followers@example.org",          "Subject: Three\n",                          1},
        {"a direct message", "bob=social.example@example.org", "Subject: Four\n",                           0},
        {"an answer to Bob", "public@example.org",             "In-Reply-To: <bob-public@example.org>\n",   0},
        {"one's own thread", "public@example.org",             "In-Reply-To: <alice-public@example.org>\n", 1},
        {"a mail",           "somebody@far.example",           "Subject: Five\n",                           0},
    };

    (void)state;
    free(subscribe(CAROL, "192.0.2.1"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        publish(rows[i].to, rows[i].fields, rows[i].name);
        int copies = waiting_for(CAROL, NULL);
        scoped_text char *mail = newest_mail(CAROL);
        if (copies != rows[i].copies || (copies && !strstr(mail, rows[i].name)))
            fail_msg("%s: %d copies\n%s", rows[i].name, copies, mail);
    }
}

static void a_copy(void **state)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    scoped_text char *word = subscribe(CAROL, "192.0.2.1");
    publish("public@example.org", "Subject: Tide\nX-Mailer: a program\n",
            "High at nine & low at three.\n\n-- \nAlice's telephone");
    scoped_text char *ref = town_ref(&town);
    assert_int_equal(waiting_for(CAROL, &delivery), 1);
    assert_int_equal(render(&delivery, &mail), FOUND);
    assert_false(mail.secret);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    scoped_text char *stop =
        must_print("List-Unsubscribe: <https://example.org/unsubscribe/%s>,", word);
    scoped_text char *by_mail =
        must_print("<mailto:alice%%2Bunsubscribe-%s@example.org>\r\n", word);
    scoped_text char *page = must_print("Archived-At: <https://example.org/@alice/%s>\r\n", ref);
    const char *const parts[] = {"From: \"Alice\" <alice@example.org>\r\n",
                                 "To: \"Alice's posts\" <alice@example.org>\r\n",
                                 "Subject: Tide\r\n",
                                 "List-Id: \"Alice's posts\" <alice.example.org>\r\n",
                                 "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
                                 "List-Post: NO\r\n",
                                 "Precedence: list\r\n",
                                 stop,
                                 by_mail,
                                 page};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (!strstr(content, parts[i]))
            fail_msg("no %s in\n%s", parts[i], content);
    static const char *const absent[] = {"telephone", "a program", CAROL,
                                         "Received:", "Auto-Submitted"};
    for (size_t i = 0; i < COUNT_OF(absent); i++)
        if (strstr(content, absent[i]))
            fail_msg("%s in\n%s", absent[i], content);
    scoped_text char *plain = mail_shown(slice_of(content), "text/plain");
    scoped_text char *expected =
        must_print("\nHigh at nine & low at three.\n\n-- \nYou subscribed on 1 March. Your answer "
                   "goes to Alice alone.\nStop: https://example.org/unsubscribe/%s\nOn the web: "
                   "https://example.org/@alice/%s\n",
                   word, ref);
    if (!strstr(plain, expected))
        fail_msg("%s", plain);
    scoped_text char *html = mail_shown(slice_of(content), "text/html");
    assert_non_null(strstr(html, "High at nine &amp; low at three."));
    assert_true(strncmp(delivery.mail_from, "alice+bounces-", 14) == 0);
}

static void a_copy_for_followers_is_secret(void **state)
{
    scoped_value(delivery) delivery = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    free(subscribe(CAROL, "192.0.2.1"));
    publish("followers@example.org", "Subject: CW: food\n", "I made soup.");
    assert_int_equal(waiting_for(CAROL, &delivery), 1);
    assert_int_equal(render(&delivery, &mail), FOUND);
    assert_true(mail.secret);
    scoped_text char *content = must_copy(bytes_slice(&mail.content));
    assert_non_null(strstr(content, "Subject: CW: food\r\n"));
    assert_non_null(strstr(content, "Content warning: food."));
    assert_non_null(strstr(content, "I made soup."));
}

static bool withdraw(struct town *it, struct store_tx *tx, struct err *err)
{
    scoped_value(message) message = {0};
    bool done;

    town_newest(it, &message);
    return message_take_back(it->bridge, tx, &message, &done, err);
}

static void what_is_no_longer_true_is_not_sent(void **state)
{
    scoped_value(delivery) taken_back = {0};
    scoped_value(delivery) left = {0};
    scoped_value(list_mail) mail = {.secret = false};

    (void)state;
    scoped_text char *word = subscribe(CAROL, "192.0.2.1");
    publish("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_int_equal(waiting_for(CAROL, &taken_back), 1);
    town_write(&town, withdraw);
    assert_int_equal(waiting_for(CAROL, NULL), 0);
    assert_int_equal(render(&taken_back, &mail), ABSENT);
    publish("public@example.org", "Subject: Tide\n", "High at ten.");
    assert_int_equal(waiting_for(CAROL, &left), 1);
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), FOUND);
    assert_int_equal(render(&left, &mail), ABSENT);
    left.delivered = 1; /* as if it had been sent and then edited */
    assert_int_equal(render(&left, &mail), ABSENT);
}

/* ---- leaving ---- */
static void leaving(void **state)
{
    scoped_value(list_ticket) again = {.closed = false};

    (void)state;
    scoped_text char *word = subscribe(DORA, "192.0.2.1");
    publish("public@example.org", "Subject: Tide\n", "High at nine.");
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, word, NULL, NULL), FOUND); /* a page looked at */
    assert_string_equal(state_of(DORA), "accepted");
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, NULL), FOUND);
    assert_string_equal(state_of(DORA), "unknown");
    assert_int_equal(waiting_for(DORA, NULL), 1); /* the copy is gone, goodbye is left */
    scoped_text char *mail = newest_mail(DORA);
    assert_non_null(strstr(mail, "Subject: You will get no more posts from Alice\r\n"));
    assert_int_equal(press(TOKEN_UNSUBSCRIBE, word, bridge_list_leave, &again), FOUND);
    assert_int_equal(again.person_id, 0);
    assert_int_equal(waiting_for(DORA, NULL), 0);
    publish("public@example.org", "Subject: Ebb\n", "Low at three.");
    assert_int_equal(waiting_for(DORA, NULL), 0);
    town_wait(&town, DAY_MS);
    free(subscribe(DORA, "192.0.2.1")); /* and back */
    assert_string_equal(state_of(DORA), "accepted");
}

static void leaving_by_mail(void **state)
{
    (void)state;
    scoped_text char *word = subscribe(DORA, "192.0.2.1");
    scoped_text char *to = must_print("ALICE+unsubscribe-%s@example.org", word);
    const struct town_mail mail = {.door = MAIL_DOOR_MX,
                                   .mail_from = "robot@read.example",
                                   .recipients = to,
                                   .text = SLICE("From: x@y.example\nSubject: unsubscribe\n\n\n")};
    scoped_text char *reply = town_send(&town, &mail);
    assert_true(strncmp(reply, "250", 3) == 0);
    assert_string_equal(state_of(DORA), "unknown");
}

static void an_address_that_is_refused(void **state)
{
    static const struct {
        const char *name, *reply;
        int64_t wait_ms;
        bool taken;
        const char *state;
    } rows[] = {
        {"no such person",               "550 5.1.1 no such person",  0,       false, "accepted" },
        {"the same day",                 "550 5.1.1 no such person",  HOUR_MS, false, "accepted" },
        {"taken again",                  "250 2.0.0 ok",              DAY_MS,  true,  "accepted" },
        {"about the text",               "554 5.7.1 looks like spam", DAY_MS,  false, "accepted" },
        {"about the text, a day later",  "554 5.7.1 looks like spam", DAY_MS,  false, "accepted" },
        {"too large",                    "552 5.3.4 too large",       DAY_MS,  false, "accepted" },
        {"no such person, a first day",  "550 no mailbox here",       DAY_MS,  false, "accepted" },
        {"no such person, a second day", "550 5.2.1 closed",          DAY_MS,  false, "suspended"},
    };

    (void)state;
    free(subscribe(DORA, "192.0.2.1"));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(delivery) delivery = {0};
        town_wait(&town, rows[i].wait_ms);
        publish("public@example.org", "", rows[i].name);
        assert_int_equal(waiting_for(DORA, &delivery), 1);
        ended(&delivery, rows[i].taken ? DELIVERED : DELIVERY_REFUSED, rows[i].reply);
        assert_int_equal(waiting_for(DORA, NULL), 0);
        if (strcmp(state_of(DORA), rows[i].state) != 0)
            fail_msg("%s: %s", rows[i].name, state_of(DORA));
    }
    publish("public@example.org", "", "Nobody there?");
    assert_int_equal(waiting_for(DORA, NULL), 0);
    free(subscribe(DORA, "192.0.2.1")); /* who asks and says yes is back */
    assert_string_equal(state_of(DORA), "accepted");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(limits_of_asking, open_town, close_town),
        cmocka_unit_test_setup_teardown(the_server_asks_twenty_an_hour, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_is_no_address, open_town, close_town),
        cmocka_unit_test_setup_teardown(the_question, open_town, close_town),
        cmocka_unit_test_setup_teardown(a_word_works_once, open_town, close_town),
        cmocka_unit_test_setup_teardown(two_who_press_at_once_are_one, open_town, close_town),
        cmocka_unit_test_setup_teardown(a_week_without_an_answer, open_town, close_town),
        cmocka_unit_test_setup_teardown(never_ask_again, open_town, close_town),
        cmocka_unit_test_setup_teardown(the_owner_may_be_asked_first, open_town, close_town),
        cmocka_unit_test_setup_teardown(who_gets_what, open_town, close_town),
        cmocka_unit_test_setup_teardown(a_copy, open_town, close_town),
        cmocka_unit_test_setup_teardown(a_copy_for_followers_is_secret, open_town, close_town),
        cmocka_unit_test_setup_teardown(what_is_no_longer_true_is_not_sent, open_town, close_town),
        cmocka_unit_test_setup_teardown(leaving, open_town, close_town),
        cmocka_unit_test_setup_teardown(leaving_by_mail, open_town, close_town),
        cmocka_unit_test_setup_teardown(an_address_that_is_refused, open_town, close_town),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
