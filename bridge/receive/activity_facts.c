/* Releasing the values that pass between activitypub and the bridge. */
#include "activity_work.h"

#include "memory.h"

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void actor_facts_clear(struct actor_facts *actor)
{
    free(actor->id);
    free(actor->type);
    free(actor->user);
    free(actor->host);
    free(actor->name);
    free(actor->url);
    free(actor->inbox);
    free(actor->shared_inbox);
    free(actor->followers);
    free(actor->key_id);
    free(actor->public_pem);
    free(actor->icon);
    *actor = (struct actor_facts){0};
}

static void free_note_texts(struct note_facts *note)
{
    free(note->id);
    free(note->type);
    free(note->attributed_to);
    free(note->name);
    free(note->html);
    free(note->warning);
    free(note->language);
    free(note->url);
    free(note->in_reply_to);
    free(note->conversation);
    free(note->quote_url);
    free(note->place);
}

void note_facts_clear(struct note_facts *note)
{
    free_note_texts(note);
    free_texts(note->to, note->to_count);
    free_texts(note->cc, note->cc_count);
    for (size_t i = 0; i < note->choice_count; i++)
        free(note->choices[i].name);
    free(note->choices);
    for (size_t i = 0; i < note->mention_count; i++) {
        free(note->mentions[i].href);
        free(note->mentions[i].name);
    }
    free(note->mentions);
    for (size_t i = 0; i < note->attached_count; i++) {
        free(note->attached[i].type);
        free(note->attached[i].url);
        free(note->attached[i].alt);
    }
    free(note->attached);
    *note = (struct note_facts){0};
}

void activity_facts_clear(struct activity_facts *activity)
{
    free(activity->id);
    free(activity->actor);
    free(activity->object_id);
    free(activity->target_id);
    free(activity->object_actor);
    free(activity->object_object);
    if (activity->note)
        note_facts_clear(activity->note);
    free(activity->note);
    if (activity->person)
        actor_facts_clear(activity->person);
    free(activity->person);
    *activity = (struct activity_facts){0};
}

void activity_arrival_clear(struct activity_arrival *arrival)
{
    activity_facts_clear(&arrival->activity);
    if (arrival->target)
        actor_facts_clear(arrival->target);
    free(arrival->target);
    free(arrival->inbox_user);
    free(arrival->inbox_domain);
    free(arrival->wanted_actor);
    activity_plan_free(arrival->plan);
    bytes_clear(&arrival->picture.raw);
    *arrival = (struct activity_arrival){0};
}

static void free_post_parts(struct post *post)
{
    for (size_t i = 0; i < post->mention_count; i++) {
        free(post->mentions[i].actor_id);
        free(post->mentions[i].handle);
        free(post->mentions[i].page);
    }
    free(post->mentions);
    for (size_t i = 0; i < post->picture_count; i++) {
        free(post->pictures[i].type);
        free(post->pictures[i].url);
        free(post->pictures[i].alt);
    }
    free(post->pictures);
}

void post_clear(struct post *post)
{
    free(post->id);
    free(post->url);
    free(post->author_id);
    free(post->followers_url);
    free(post->html);
    free(post->plain);
    free(post->warning);
    free(post->language);
    free(post->in_reply_to);
    free(post->conversation);
    free(post->ref);
    free(post->quote);
    free(post->account_name);
    free(post->account_domain);
    free_texts(post->to, post->to_count);
    free_texts(post->cc, post->cc_count);
    free_texts(post->hashtags, post->hashtag_count);
    free_post_parts(post);
    *post = (struct post){0};
}

void outgoing_clear(struct outgoing *outgoing)
{
    free(outgoing->actor_id);
    account_clear(&outgoing->account);
    aliases_clear(&outgoing->aliases);
    free(outgoing->moved_to);
    post_clear(&outgoing->post);
    free(outgoing->follow_activity_id);
    free(outgoing->follow_actor);
    free(outgoing->follow_object);
    free(outgoing->reaction_activity_id);
    free(outgoing->reaction_object);
    free(outgoing->reaction_author);
    free(outgoing->reaction_choice);
    free(outgoing->inbox);
    free(outgoing->person_user);
    free(outgoing->person_host);
    free(outgoing->person_actor_id);
    *outgoing = (struct outgoing){0};
}
