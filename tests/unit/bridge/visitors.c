#include "visitors.h"

#include "commit.h"
#include "mail.h"
#include "store_poll.h"

#include <stdio.h>

/* ---- names ---- */
static const char *host_of(const char *who)
{
    if (strcmp(who, "bob") == 0)
        return "social.example";
    return strcmp(who, "dan") == 0 ? "other.example" : NULL;
}

static char *actor_named(const char *who)
{
    const char *host = host_of(who);

    if (!host && strchr(who, ':'))
        return must_dup(who);
    return must_print("https://%s/users/%s", host ? host : "example.org", who);
}

static char *address_named(const char *who, const char *speaker)
{
    if (strcmp(who, "public") == 0)
        return must_dup(ACTIVITY_PUBLIC);
    if (strcmp(who, "followers") != 0)
        return actor_named(who);
    scoped_text char *actor = actor_named(speaker);
    return must_print("%s/followers", actor);
}

static char **addresses(const char *list, const char *speaker, size_t *out_count)
{
    struct slice rest = slice_of(list);
    char **all = must_alloc_array(PEOPLE_MAX, sizeof *all);

    while (list && rest.at) {
        scoped_text char *one = must_copy(slice_trim(slice_cut(&rest, ' ')));
        all[(*out_count)++] = address_named(one, speaker);
    }
    return all;
}

int64_t town_person(struct town *town, const char *name)
{
    scoped_value(person) person = {0};
    scoped_value(account) account = {0};
    struct err err;
    scoped(store_view) view = store_look(town->store, &err);
    const char *host = host_of(name);

    if (!host) {
        scoped_text char *address = must_print("%s@example.org", name);
        assert_int_equal(account_at(view, slice_of(address), &account, &err), FOUND);
        return account.person_id;
    }
    assert_int_equal(store_person_by_handle(view, slice_of(name), slice_of(host), &person, &err),
                     FOUND);
    return person.id;
}

/* ---- steps in a transaction ---- */
struct step {
    struct town *town;
    const char *who;
    int64_t follower_id, followed_id;
    struct activity_arrival *arrival;
};

static void commit(struct town *town, commit_step *step, struct step *ctx)
{
    struct err err = {0};

    if (!bridge_commit(town->bridge, step, ctx, &err))
        fail_msg("commit: %s (%s)", err.said, err.cause);
}

static void facts_of(const char *who, struct actor_facts *out)
{
    const char *host = host_of(who);

    out->id = actor_named(who);
    out->user = must_dup(who);
    out->host = must_dup(host);
    out->name = must_print("%c%s", who[0] - 'a' + 'A', who + 1);
    out->url = must_print("https://%s/@%s", host, who);
    out->inbox = must_print("%s/inbox", out->id);
    out->shared_inbox = must_print("https://%s/inbox", host);
    out->followers = must_print("%s/followers", out->id);
}

static bool record_visitor(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct step *step = ctx;
    scoped_value(actor_facts) actor = {0};
    int64_t id;

    facts_of(step->who, &actor);
    return bridge_record_actor(bridge, tx, &actor, &id, err);
}

void visitors_open(struct town *town)
{
    town_open(town);
    commit(town, record_visitor, &(struct step){.who = "bob"});
    commit(town, record_visitor, &(struct step){.who = "dan"});
}

static bool record_following(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct step *step = ctx;
    int64_t id;

    (void)bridge;
    return store_put_follow(tx, step->follower_id, step->followed_id, FOLLOW_ACCEPTED, NULL, &id,
                            err);
}

void town_follow(struct town *town, const char *account, const char *person)
{
    struct step step = {.follower_id = town_person(town, account),
                        .followed_id = town_person(town, person)};

    commit(town, record_following, &step);
}

/* ---- speaking ---- */
static void add_mentions(const char *list, struct note_facts *note)
{
    struct slice rest = slice_of(list);

    note->mentions = must_alloc_array(PEOPLE_MAX, sizeof *note->mentions);
    while (list && rest.at) {
        struct slice one = slice_trim(slice_cut(&rest, ','));
        struct slice href = slice_cut(&one, ' ');
        note->mentions[note->mention_count++] =
            (struct mention_facts){.href = must_copy(href), .name = must_copy(one)};
    }
}

static void add_poll(const struct said *said, struct note_facts *note)
{
    struct slice rest = slice_of(said->poll);

    note->choose_many = slice_starts(rest, SLICE("+"));
    rest = slice_from(rest, note->choose_many ? 1 : 0);
    note->closes_ms = said->closes_ms;
    note->choices = must_alloc_array(POLL_CHOICES_MAX, sizeof *note->choices);
    while (rest.at) {
        struct slice votes = slice_cut(&rest, ',');
        struct choice_facts *choice = &note->choices[note->choice_count++];
        choice->name = must_copy(slice_cut(&votes, ' '));
        assert_true(slice_to_number(votes, 1000, &choice->votes));
    }
}

static struct note_facts *note_of(const struct said *said)
{
    const char *author = said->author ? said->author : said->who;
    struct note_facts *note = must_new(struct note_facts);

    note->id = must_dup(said->note);
    note->type = must_dup(said->type_of_note ? said->type_of_note : "Note");
    add_mentions(said->mentions, note);
    note->attributed_to = actor_named(author);
    note->html = must_dup(said->html);
    note->warning = must_dup(said->warning);
    note->in_reply_to = must_dup(said->answers);
    note->url = must_print("%s/page", said->note);
    note->language = must_dup("en");
    note->published_ms = said->published_ms;
    note->updated_ms = said->updated_ms;
    note->to = addresses(said->to, author, &note->to_count);
    note->cc = addresses(said->cc, author, &note->cc_count);
    if (said->poll)
        add_poll(said, note);
    return note;
}

static struct activity_arrival *arrival_of(struct town *town, const struct said *said)
{
    struct activity_arrival *arrival = must_new(struct activity_arrival);
    struct activity_facts *activity = &arrival->activity;

    arrival->received_ms = town_now(town);
    arrival->inbox_domain = must_dup("example.org");
    arrival->inbox_user = must_dup(said->inbox);
    activity->type = said->type;
    activity->actor = actor_named(said->who);
    activity->id = said->id ? must_dup(said->id)
                            : must_print("%s#activity", said->note ? said->note : activity->actor);
    activity->object_id = must_dup(said->object ? said->object : said->note);
    activity->object_type = said->object_type;
    activity->object_actor = must_dup(said->object_actor);
    activity->object_object = must_dup(said->object_object);
    if (said->note)
        activity->note = note_of(said);
    if (said->target)
        activity->target_id = actor_named(said->target);
    if (said->target && host_of(said->target)) {
        arrival->target = must_new(struct actor_facts);
        facts_of(said->target, arrival->target);
    }
    arrival->picture.looked = said->picture.len > 0;
    bytes_add(&arrival->picture.raw, said->picture);
    return arrival;
}

static void free_arrival(struct activity_arrival *arrival)
{
    activity_arrival_clear(arrival);
    free(arrival);
}

bool visitor_concerns(struct town *town, const struct said *said)
{
    struct activity_arrival *arrival = arrival_of(town, said);
    struct err err;
    bool concerns = false;
    scoped(store_view) view = store_look(town->store, &err);

    assert_true(bridge_activity_concerns(town->bridge, view, arrival, &concerns, &err));
    free_arrival(arrival);
    return concerns;
}

struct activity_arrival *visitor_prepares(struct town *town, const struct said *said)
{
    struct activity_arrival *arrival = arrival_of(town, said);
    struct err err = {0};

    if (!bridge_activity_prepare(town->bridge, arrival, &err))
        fail_msg("prepare: %s (%s)", err.said, err.cause);
    return arrival;
}

bool visitor_is_taken(struct town *town, const struct said *said, struct err *err)
{
    struct activity_arrival *arrival = arrival_of(town, said);
    bool ok = bridge_activity_prepare(town->bridge, arrival, err);

    free_arrival(arrival);
    return ok;
}

static bool record_arrival(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct step *step = ctx;

    return bridge_activity_record(bridge, tx, step->arrival, err);
}

bool visitor_records(struct town *town, struct activity_arrival *arrival)
{
    struct err err = {0};
    bool ok = bridge_commit(town->bridge, record_arrival, &(struct step){.arrival = arrival}, &err);

    if (!ok && err.kind != ERR_CONFLICT)
        fail_msg("record: %s (%s)", err.said, err.cause);
    free_arrival(arrival);
    return ok;
}

void visitor_says(struct town *town, const struct said *said)
{
    assert_true(visitor_records(town, visitor_prepares(town, said)));
}

/* ---- mailboxes ---- */
struct listing {
    struct bytes *out;
    int64_t body_id, entry_id;
};

static bool list_entry(void *ctx, const struct entry *entry)
{
    struct listing *listing = ctx;

    bytes_print(listing->out, "%s%s%s\n", entry->subject ? entry->subject : "(none)",
                entry->flags & FLAG_SEEN ? " seen" : "",
                entry->flags & FLAG_FLAGGED ? " flagged" : "");
    listing->body_id = entry->body_id;
    listing->entry_id = entry->id;
    return true;
}

static void list(struct town *town, int64_t account_id, const char *name, struct listing *listing)
{
    struct mailbox mailbox = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town->store, &err);

    if (store_mailbox_named(view, account_id, slice_of(name), &mailbox, &err) != FOUND)
        return;
    assert_true(store_entries(view, account_id, mailbox.id, 0, 1000, list_entry, listing, &err));
    mailbox_clear(&mailbox);
}

char *mailbox_list(struct town *town, int64_t account_id, const char *mailbox)
{
    struct bytes out = {0};
    struct listing listing = {.out = &out};

    list(town, account_id, mailbox, &listing);
    return bytes_take(&out);
}

static void find_text(struct mail_part *part, const char *type, struct bytes *out)
{
    struct err err = {0};

    if (mail_part_count(part) == 0 && strcmp(mail_part_type(part), type) == 0)
        assert_true(mail_part_text(part, 1 << 20, out, &err));
    for (size_t i = 0; i < mail_part_count(part); i++)
        find_text(mail_part_child(part, i), type, out);
}

char *mail_shown(struct slice content, const char *type)
{
    struct err err = {0};
    struct bytes out = {0};
    struct slice rest = content;
    scoped(source) source = source_of_slice(content);
    scoped(mail) mail = NULL;

    assert_true(mail_parse(source, &mail, &err));
    while (rest.at && strcmp(type, "text/plain") == 0) {
        struct slice line = slice_line(&rest);
        if (slice_starts(line, SLICE("MIME-Version:")) || slice_empty(line))
            break;
        bytes_print(&out, "%.*s\n", SLICE_ARGS(line));
    }
    if (out.len > 0)
        bytes_add_char(&out, '\n');
    find_text(mail_root(mail), type, &out);
    return bytes_take(&out);
}

void mailbox_newest_content(struct town *town, int64_t account_id, const char *mailbox,
                            struct bytes *out)
{
    scoped_value(bytes) names = {0};
    struct listing listing = {.out = &names};
    struct err err = {0};

    list(town, account_id, mailbox, &listing);
    if (!listing.body_id)
        return;
    scoped(store_view) view = store_look(town->store, &err);
    scoped(source) body = store_body_source(view, listing.body_id, &err);
    assert_non_null(body);
    assert_true(source_read_all(body, 1 << 20, out, &err));
}

char *mailbox_newest(struct town *town, int64_t account_id, const char *mailbox)
{
    scoped_value(bytes) content = {0};

    mailbox_newest_content(town, account_id, mailbox, &content);
    return content.len > 0 ? mail_shown(bytes_slice(&content), "text/plain") : must_dup("");
}

/* ---- chores ---- */
void town_chores(struct town *town, int64_t *out_next_ms)
{
    int64_t next_ms = 0;
    struct err err = {0};

    do {
        if (!bridge_chores(town->bridge, &next_ms, &err))
            fail_msg("chores: %s (%s)", err.said, err.cause);
    } while (next_ms <= town_now(town));
    if (out_next_ms)
        *out_next_ms = next_ms;
}

void town_reopen(struct town *town)
{
    struct err err = {0};
    const struct config *config = &town->config;

    bridge_free(town->bridge);
    store_close(town->store);
    vault_close(town->vault);
    assert_true(vault_open(town->dir, &town->vault, &err));
    assert_true(store_open(town->dir, &town->clock.clock, &town->store, &err));
    const struct bridge_parts parts = {.config = config,
                                       .clock = &town->clock.clock,
                                       .store = town->store,
                                       .vault = town->vault,
                                       .pgp = town->pgp};
    town->bridge = bridge_new(&parts);
}

bool town_message(struct town *town, const char *activity_id, struct message *out)
{
    struct err err = {0};
    scoped(store_view) view = store_look(town->store, &err);

    return store_message_by_activity(view, slice_of(activity_id), out, &err) == FOUND;
}

static bool tell_delivery(void *ctx, const struct delivery *delivery)
{
    static const char *const subjects[] = {"",      "message", "answer",  "follow",
                                           "actor", "report",  "reaction"};
    struct bytes *out = ctx;

    bytes_print(out, "%s to %s wanted %d delivered %d%s\n", subjects[delivery->subject],
                delivery->inbox ? delivery->inbox : delivery->host, delivery->wanted,
                delivery->delivered, delivery->withdrawn ? " withdrawn" : "");
    return true;
}

char *town_queue(struct town *town)
{
    struct bytes out = {0};
    struct err err = {0};
    scoped(store_view) view = store_look(town->store, &err);

    assert_true(store_queue(view, 0, 1000, tell_delivery, &out, &err));
    return bytes_take(&out);
}
