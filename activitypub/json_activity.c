/*
 * The activities around notes, follows and actors.
 */
#include "digest.h"
#include "json_write.h"
#include "memory.h"
#include "names.h"
#include "text.h"

#define AS2 "https://www.w3.org/ns/activitystreams"
#define AS2_PUBLIC AS2 "#Public"

static void head(struct json *j, const char *id, const char *type, const char *actor)
{
    json_text(j, "@context", AS2);
    json_text(j, "id", id);
    json_text(j, "type", type);
    json_text(j, "actor", actor);
}

static void to_one(struct json *j, const char *whom)
{
    json_array(j, "to");
    json_text(j, NULL, whom);
    json_end(j);
}

static void write_update(const struct outgoing *outgoing, bool with_repeats, struct bytes *out)
{
    const struct post *post = &outgoing->post;
    scoped_text char *id = must_print("%s#updates/%d", post->id, outgoing->version);
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_context_note(&j);
    json_text(&j, "id", id);
    json_text(&j, "type", "Update");
    json_text(&j, "actor", outgoing->actor_id);
    json_time(&j, "published", post->updated_ms);
    json_list(&j, "to", post->to, post->to_count);
    json_list(&j, "cc", post->cc, post->cc_count);
    json_open(&j, "object");
    json_note_members(&j, post, with_repeats);
    json_end(&j);
    json_end(&j);
}

static void update(const struct outgoing *outgoing, struct bytes *out)
{
    write_update(outgoing, true, out);
    if (out->len <= JSON_BYTES_MAX)
        return;
    bytes_reset(out);
    write_update(outgoing, false, out);
}

static void delete_note(const struct outgoing *outgoing, struct bytes *out)
{
    const struct post *post = &outgoing->post;
    scoped_text char *id = must_print("%s#delete", post->id);
    struct json j = json_to(out);

    json_open(&j, NULL);
    head(&j, id, "Delete", outgoing->actor_id);
    json_list(&j, "to", post->to, post->to_count);
    json_list(&j, "cc", post->cc, post->cc_count);
    json_open(&j, "object");
    json_text(&j, "id", post->id);
    json_text(&j, "type", "Tombstone");
    json_end(&j);
    json_end(&j);
}

static void follow_members(struct json *j, const struct outgoing *outgoing)
{
    json_text(j, "id", outgoing->follow_activity_id);
    json_text(j, "type", "Follow");
    json_text(j, "actor", outgoing->follow_actor);
    json_text(j, "object", outgoing->follow_object);
}

/* Each Follow gets an answer with an id of its own, also the second one of the same person: peers drop what they have
 * seen, so an answer that repeated an id would never be heard. */
static char *answer_id(const struct outgoing *outgoing)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) hex = {0};
    scoped_text char *name =
        name_accept(outgoing->actor_id, outgoing->follow_id, outgoing->version);

    sha256(slice_of(outgoing->follow_activity_id), digest);
    hex_add(&hex, (struct slice){(const char *)digest, 8});
    return must_print("%s/%s", name, hex.at);
}

/* The Follow stands whole inside of its answer, with its id verbatim: that is how Mastodon finds it. */
static void answer(const struct outgoing *outgoing, const char *type, struct bytes *out)
{
    scoped_text char *id = answer_id(outgoing);
    struct json j = json_to(out);

    json_open(&j, NULL);
    head(&j, id, type, outgoing->actor_id);
    to_one(&j, outgoing->follow_actor);
    json_open(&j, "object");
    follow_members(&j, outgoing);
    json_end(&j);
    json_end(&j);
}

static void follow(const struct outgoing *outgoing, struct bytes *out)
{
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_text(&j, "@context", AS2);
    follow_members(&j, outgoing);
    to_one(&j, outgoing->follow_object);
    json_end(&j);
}

static void undo_follow(const struct outgoing *outgoing, struct bytes *out)
{
    scoped_text char *id = must_print("%s/undo", outgoing->follow_activity_id);
    struct json j = json_to(out);

    json_open(&j, NULL);
    head(&j, id, "Undo", outgoing->actor_id);
    to_one(&j, outgoing->follow_object);
    json_open(&j, "object");
    follow_members(&j, outgoing);
    json_end(&j);
    json_end(&j);
}

static void update_actor(const struct outgoing *outgoing, bool approves_followers,
                         struct bytes *out)
{
    scoped_text char *id = must_print("%s#updates/%d", outgoing->actor_id, outgoing->version);
    const struct actor_words words = {&outgoing->account, approves_followers, &outgoing->aliases,
                                      outgoing->moved_to};
    struct json j = json_to(out);

    json_open(&j, NULL);
    json_context_actor(&j);
    json_text(&j, "id", id);
    json_text(&j, "type", "Update");
    json_text(&j, "actor", outgoing->actor_id);
    to_one(&j, AS2_PUBLIC);
    json_open(&j, "object");
    json_actor_members(&j, &words);
    json_end(&j);
    json_end(&j);
}

static void delete_actor(const struct outgoing *outgoing, struct bytes *out)
{
    scoped_text char *id = must_print("%s#delete", outgoing->actor_id);
    struct json j = json_to(out);

    json_open(&j, NULL);
    head(&j, id, "Delete", outgoing->actor_id);
    to_one(&j, AS2_PUBLIC);
    json_text(&j, "object", outgoing->actor_id);
    json_end(&j);
}

static void move(const struct outgoing *outgoing, struct bytes *out)
{
    const struct account *account = &outgoing->account;
    scoped_text char *id = must_print("%s#moves/%d", outgoing->actor_id, outgoing->version);
    scoped_text char *followers = name_actor_part(account->domain, account->name, "followers");
    struct json j = json_to(out);

    json_open(&j, NULL);
    head(&j, id, "Move", outgoing->actor_id);
    to_one(&j, followers);
    json_text(&j, "object", outgoing->actor_id);
    json_text(&j, "target", outgoing->moved_to);
    json_end(&j);
}

bool json_outgoing(const struct outgoing *outgoing, bool approves_followers, struct bytes *out)
{
    switch (outgoing->kind) {
    case OUTGOING_NOTHING: return false;
    case OUTGOING_CREATE: json_create(&outgoing->post, out); break;
    case OUTGOING_UPDATE: update(outgoing, out); break;
    case OUTGOING_DELETE: delete_note(outgoing, out); break;
    case OUTGOING_ACCEPT: answer(outgoing, "Accept", out); break;
    case OUTGOING_REJECT: answer(outgoing, "Reject", out); break;
    case OUTGOING_FOLLOW: follow(outgoing, out); break;
    case OUTGOING_UNDO_FOLLOW: undo_follow(outgoing, out); break;
    case OUTGOING_UPDATE_ACTOR: update_actor(outgoing, approves_followers, out); break;
    case OUTGOING_DELETE_ACTOR: delete_actor(outgoing, out); break;
    case OUTGOING_MOVE: move(outgoing, out); break;
    case OUTGOING_LIKE:
    case OUTGOING_UNDO_LIKE:
    case OUTGOING_BOOST:
    case OUTGOING_UNDO_BOOST: json_reaction(outgoing, out); break;
    case OUTGOING_VOTE: json_vote(outgoing, out); break;
    }
    return true;
}
