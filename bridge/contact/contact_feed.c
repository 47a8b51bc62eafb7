/* What is told of a contact: an object of JSON, and the events of a stream (WHATWG HTML, "Server-sent events"). */
#include "contact_work.h"

#include "json.h"
#include "memory.h"

static const char *origin_word(enum contact_origin origin)
{
    switch (origin) {
    case CONTACT_WRITTEN_TO: return "written to";
    case CONTACT_SET: return "set";
    case CONTACT_KNOCKED: break;
    }
    return "knocked";
}

static void add_time(struct json *json, const char *name, int64_t ms)
{
    char text[DATE_TEXT_SIZE];

    if (ms == 0)
        return;
    date_rfc3339(ms, text);
    json_text(json, name, text);
}

void bridge_contact_json(struct json *json, const struct contact *contact,
                         const struct person *person)
{
    scoped_text char *who = bridge_contact_name(contact, person);
    scoped_text char *sure = bridge_contact_sureness(contact, person);

    json_open(json, NULL);
    json_number(json, "id", contact->id);
    json_text(json, "person", who);
    json_text(json, "name", person->name);
    json_text(json, "state", bridge_contact_state_word(contact->state));
    json_text(json, "sure", sure);
    json_text(json, "evidence", bridge_evidence_word(contact->evidence));
    json_text(json, "origin", origin_word(contact->origin));
    json_text(json, "words", contact->words);
    json_number(json, "tries", contact->tries);
    json_number(json, "held", contact->held);
    add_time(json, "first", contact->first_ms);
    add_time(json, "last", contact->last_ms);
    add_time(json, "decided", contact->decided_ms);
    add_time(json, "arrived", contact->arrived_ms);
    add_time(json, "expires", contact->expires_ms);
    json_end(json);
}

/* ---- events ---- */
enum { EVENTS_AT_ONCE = 50, WAITING_MOST = 200 };

static const char *event_word(const struct contact *contact)
{
    if (contact->state == CONTACT_WELCOME && contact->arrived_ms)
        return "arrived";
    return contact->state == CONTACT_ASKED ? "asked" : "answered";
}

struct telling {
    struct bytes *out;
    int64_t last;
};

static void tell(void *ctx, int64_t event, const struct contact *contact,
                 const struct person *person)
{
    struct telling *telling = ctx;
    struct json json = json_to(telling->out);

    telling->last = event;
    if (event)
        bytes_print(telling->out, "id: %lld\n", (long long)event);
    bytes_print(telling->out, "event: %s\ndata: ", event_word(contact));
    bridge_contact_json(&json, contact, person);
    bytes_add_text(telling->out, "\n\n");
}

static bool tell_waiting(void *ctx, const struct contact *contact, const struct person *person)
{
    tell(ctx, 0, contact, person);
    return true;
}

bool bridge_contact_events(struct store_view *view, int64_t account_id, int64_t *after,
                           struct bytes *out, struct err *err)
{
    struct telling telling = {.out = out, .last = *after};
    int64_t newest;

    if (!store_contact_newest(view, account_id, &newest, err))
        return false;
    if (*after >= 0 && *after <= newest) {
        bool told = *after == newest || store_contact_events(view, account_id, *after,
                                                             EVENTS_AT_ONCE, tell, &telling, err);
        *after = telling.last > *after ? telling.last : newest;
        return told;
    }
    *after = newest; /* a number above it is of another life: a backup was restored */
    if (!store_contacts_in(view, account_id, CONTACT_ASKED, NULL, WAITING_MOST, tell_waiting,
                           &telling, err))
        return false;
    bytes_print(out, "id: %lld\n\n", (long long)newest);
    return true;
}
