#include "activity_work.h"
#include "mail_work.h"

#include "claim_work.h"

#include "bridge_list.h"
#include "key_change.h"
#include "memory.h"

void planned_note_free(struct planned_note *note)
{
    if (!note)
        return;
    message_clear(&note->message);
    for (size_t i = 0; i < note->addressee_count; i++) {
        free(note->addressees[i].user);
        free(note->addressees[i].host);
    }
    free(note->addressees);
    for (size_t i = 0; i < note->hashtag_count; i++)
        free(note->hashtags[i]);
    free(note->hashtags);
    for (size_t i = 0; i < note->picture_count; i++) {
        attachment_clear(&note->pictures[i].facts);
        store_body_drop(note->pictures[i].body);
    }
    letter_clear(&note->copy);
    free(note->quotes);
    free(note->first_directs);
    free(note);
}

static void copies_free(struct mail_plan *plan)
{
    for (size_t i = 0; i < plan->copy_count; i++) {
        letter_clear(&plan->copies[i].letter);
        peer_key_clear(&plan->copies[i].peer);
    }
    free(plan->copies);
}

static void sendings_free(struct mail_plan *plan)
{
    for (size_t i = 0; i < plan->sending_count; i++) {
        free(plan->sendings[i].rcpt_to);
        free(plan->sendings[i].host);
        recipient_terms_clear(&plan->sendings[i].wish);
    }
    free(plan->sendings);
    store_body_drop(plan->sending_body);
}

void mail_plan_free(struct mail_plan *plan)
{
    if (!plan)
        return;
    planned_note_free(plan->note);
    activity_plan_free(plan->told);
    free(plan->author_address);
    free(plan->author_name);
    free(plan->mail_from);
    mail_terms_clear(&plan->terms);
    free(plan->message_id);
    free(plan->references);
    copies_free(plan);
    for (size_t i = 0; i < plan->visit_count; i++)
        contact_visit_clear(&plan->visits[i].visit);
    free(plan->visits);
    free(plan->contact_words);
    free(plan->message_ref);
    key_change_free(plan->key_change);
    sendings_free(plan);
    free(plan->user);
    free(plan->host);
    if (plan->request)
        list_request_clear(plan->request);
    free(plan->request);
    if (plan->ticket)
        list_ticket_clear(plan->ticket);
    free(plan->ticket);
    claim_wish_free(plan->wish);
    claim_confirmation_free(plan->confirmation);
    free(plan);
}

void mail_arrival_clear(struct mail_arrival *arrival)
{
    free(arrival->mail_from);
    for (size_t i = 0; i < arrival->recipient_count; i++) {
        free(arrival->recipients[i]);
        if (arrival->recipient_terms)
            recipient_terms_clear(&arrival->recipient_terms[i]);
    }
    free(arrival->recipients);
    free(arrival->recipient_terms);
    mail_terms_clear(&arrival->terms);
    mail_free(arrival->mail);
    source_free(arrival->body);
    free(arrival->received_field);
    free(arrival->helo);
    bytes_clear(&arrival->arc_chain);
    for (size_t i = 0; i < arrival->wanted_count; i++) {
        free(arrival->wanted[i].user);
        free(arrival->wanted[i].host);
    }
    free(arrival->wanted);
    mail_plan_free(arrival->plan);
    *arrival = (struct mail_arrival){0};
}
