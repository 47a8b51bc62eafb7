/*
 * Notices in Fediverse/Notifications: the first in an hour makes a mail; what follows within the hour is counted in
 * the next (behaviour.md 4, row 11).
 */
#include "activity_work.h"

#include "compose.h"
#include "id.h"
#include "memory.h"

enum { GATHER_MS = HOUR_MS };

void notice_clear(struct notice *notice)
{
    free(notice->subject);
    bytes_wipe(&notice->text);
}

static void compose_notice(const struct notice *notice, struct compose *c,
                           const struct letter *letter)
{
    scoped_text char *label = person_label(notice->person);
    scoped_text char *own = account_address(notice->account);
    char *message_id = letter->message_id, *about = must_dup(notice->about);

    compose_address(c, "From", label, letter->from);
    compose_address(c, "To", NULL, own);
    compose_field(c, "Subject", letter->subject);
    compose_date(c, letter->received_ms);
    compose_ids(c, "Message-ID", &message_id, 1);
    if (about) {
        compose_ids(c, "In-Reply-To", &about, 1);
        compose_ids(c, "References", &about, 1);
    }
    compose_field(c, "Auto-Submitted", "auto-generated");
    compose_field(c, "X-Auto-Response-Suppress", "All");
    compose_text(c, bytes_slice(&notice->text), NULL);
    free(about);
}

static bool write_letter(struct bridge *bridge, const struct notice *notice,
                         const struct activity_arrival *arrival, struct letter *letter,
                         struct err *err)
{
    const char *domain = notice->account->domain;
    scoped(compose) c = compose_new();
    struct memory_sink sink;

    letter->account_id = notice->account->id;
    letter->mailbox = mailbox_for(notice->account, MAILBOX_NOTIFICATIONS);
    letter->received_ms = arrival->received_ms;
    letter->own = true;
    letter->from = shown_address(bridge, notice->person, domain);
    letter->subject = must_dup(notice->subject);
    letter->message_id = message_id_of_object(bridge, arrival->activity.id, domain);
    compose_notice(notice, c, letter);
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    scoped(source) content = source_of_bytes(&sink.bytes);
    return ok && letter_seal(bridge, content, letter, err);
}

bool notice_due(struct store_view *view, const char *what, int64_t id, bool *out, struct err *err)
{
    unsigned char guard[SHA256_LEN];
    scoped_text char *text = must_print("%lld", (long long)id);

    activity_digest(what, text, "", guard);
    enum found seen = store_seen(view, SEEN_ACTIVITY, guard, err);
    *out = seen == ABSENT;
    return seen != FAILED;
}

bool notice_plan(struct bridge *bridge, const struct notice *notice,
                 struct activity_arrival *arrival, struct err *err)
{
    if (!arrival->plan)
        arrival->plan = must_new(struct activity_plan);
    struct letters *letters = &arrival->plan->letters;
    must_make_room(letters->at, letters->count, letters->capacity);
    struct planned_letter *planned = &letters->at[letters->count++];
    *planned = (struct planned_letter){.replaces = false};
    return write_letter(bridge, notice, arrival, &planned->letter, err);
}

bool notice_first(struct bridge *bridge, struct store_tx *tx, const char *what, int64_t id,
                  bool *out, struct err *err)
{
    unsigned char guard[SHA256_LEN];
    scoped_text char *text = must_print("%lld", (long long)id);

    activity_digest(what, text, "", guard);
    return store_see(tx, SEEN_ACTIVITY, guard, clock_now(bridge->clock) + GATHER_MS, out, err);
}

bool notice_file(struct bridge *bridge, struct store_tx *tx, struct letters *letters,
                 int64_t person_id, struct err *err)
{
    char ref[REF_LEN + 1];
    const struct message message = {.ref = ref,
                                    .author_id = person_id,
                                    .visibility = VISIBILITY_MAIL,
                                    .state = MESSAGE_SENT,
                                    .version = 1,
                                    .published_ms = clock_now(bridge->clock),
                                    .evidence = EVIDENCE_F1};
    int64_t id;

    if (letters->count == 0)
        return true;
    ref_new(ref);
    return store_add_message(tx, &message, &id, err) && letters_file(tx, letters, id, err);
}
