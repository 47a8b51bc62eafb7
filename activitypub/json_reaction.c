/* Like and Announce of an account here, their Undo, and its votes (docs/reactions.md). */
#include "json_write.h"
#include "memory.h"
#include "names.h"

#define AS2 "https://www.w3.org/ns/activitystreams"
#define AS2_PUBLIC AS2 "#Public"

/* A boost is for everybody and the followers; a like concerns its author alone. */
static void reaction_audience(struct json *j, const struct reaction_words *words)
{
    json_array(j, "to");
    if (words->boost)
        json_text(j, NULL, AS2_PUBLIC);
    else if (words->author)
        json_text(j, NULL, words->author);
    json_end(j);
    if (!words->boost)
        return;
    json_array(j, "cc");
    json_text(j, NULL, words->followers);
    if (words->author)
        json_text(j, NULL, words->author);
    json_end(j);
}

static void reaction_members(struct json *j, const struct reaction_words *words)
{
    json_text(j, "id", words->id);
    json_text(j, "type", words->boost ? "Announce" : "Like");
    json_text(j, "actor", words->actor);
    json_time(j, "published", words->boost ? words->at_ms : 0);
    reaction_audience(j, words);
    json_text(j, "object", words->object);
}

void json_reaction_item(struct json *j, const struct reaction_words *words)
{
    json_open(j, NULL);
    reaction_members(j, words);
    json_end(j);
}

static void undo(const struct reaction_words *words, struct bytes *out)
{
    scoped_text char *id = must_print("%s/undo", words->id);
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_text(&j, "@context", AS2);
    json_text(&j, "id", id);
    json_text(&j, "type", "Undo");
    json_text(&j, "actor", words->actor);
    reaction_audience(&j, words);
    json_open(&j, "object");
    reaction_members(&j, words);
    json_end(&j);
    json_end(&j);
}

void json_reaction(const struct outgoing *outgoing, struct bytes *out)
{
    const struct account *account = &outgoing->account;
    scoped_text char *followers = name_actor_part(account->domain, account->name, "followers");
    const struct reaction_words words = {
        .boost = outgoing->kind == OUTGOING_BOOST || outgoing->kind == OUTGOING_UNDO_BOOST,
        .id = outgoing->reaction_activity_id,
        .actor = outgoing->actor_id,
        .object = outgoing->reaction_object,
        .author = outgoing->reaction_author,
        .followers = followers,
        .at_ms = outgoing->reaction_ms,
    };

    if (outgoing->kind == OUTGOING_UNDO_LIKE || outgoing->kind == OUTGOING_UNDO_BOOST) {
        undo(&words, out);
        return;
    }
    struct json j = json_to(out);
    json_open(&j, NULL);
    json_text(&j, "@context", AS2);
    reaction_members(&j, &words);
    json_end(&j);
}

/* A note without content whose name is the choice: what all servers with polls understand. */
void json_vote(const struct outgoing *outgoing, struct bytes *out)
{
    scoped_text char *id = must_print("%s/activity", outgoing->reaction_activity_id);
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_text(&j, "@context", AS2);
    json_text(&j, "id", id);
    json_text(&j, "type", "Create");
    json_text(&j, "actor", outgoing->actor_id);
    json_text(&j, "to", outgoing->reaction_author);
    json_open(&j, "object");
    json_text(&j, "id", outgoing->reaction_activity_id);
    json_text(&j, "type", "Note");
    json_text(&j, "attributedTo", outgoing->actor_id);
    json_text(&j, "to", outgoing->reaction_author);
    json_text(&j, "inReplyTo", outgoing->reaction_object);
    json_text(&j, "name", outgoing->reaction_choice);
    json_end(&j);
    json_end(&j);
}
