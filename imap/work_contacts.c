/*
 * Contact requests as notes on the server (docs/contact-events.md): who waits, what was decided, and deciding it, for
 * programs that show a request in a way of their own.
 */
#include "bridge_contact.h"
#include "bridge_owner.h"
#include "imap_work.h"
#include "store_people.h"

#define OURS "/private/vendor/nestbox"
#define PEOPLE OURS "/contact"

enum { WAITING_MOST = 200 };

bool is_contact_note(const char *name)
{
    struct slice text = slice_of(name);

    return slice_is(text, OURS) || slice_starts(text, SLICE(OURS "/"));
}

/* ---- reading ---- */
static char *value_of(const struct contact *contact)
{
    const char *state = bridge_contact_state_word(contact->state);

    return contact->words && *contact->words ? must_print("%s: %s", state, contact->words)
                                             : must_dup(state);
}

static char *name_of(const char *person)
{
    char *name = must_print(PEOPLE "/%s", person);

    for (char *c = name; *c; c++)
        *c = ascii_lower(*c);
    return name;
}

static bool add_waiting(void *ctx, const struct contact *contact, const struct person *person)
{
    scoped_text char *who = bridge_contact_name(contact, person);

    imap_notes_add(ctx, name_of(who), value_of(contact));
    return true;
}

/* What was decided about the best proven of them. */
struct best {
    char *value;
    enum evidence_class evidence;
};

static bool keep_best(void *ctx, const struct contact *contact, const struct person *person)
{
    struct best *best = ctx;

    (void)person;
    if (best->value && contact->evidence < best->evidence)
        return true;
    free(best->value);
    best->value = value_of(contact);
    best->evidence = contact->evidence;
    return true;
}

static bool add_person(struct imap *imap, struct store_view *view, int64_t account_id,
                       const char *name, struct imap_notes *out, struct err *err)
{
    struct best best = {.value = NULL};
    struct slice person = slice_from(slice_of(name), strlen(PEOPLE "/"));

    if (!bridge_contact_find(imap->parts.bridge, view, account_id, person, keep_best, &best, err) &&
        err->kind != ERR_ABSENT && err->kind != ERR_MALFORMED)
        return false;
    if (best.value)
        imap_notes_add(out, must_dup(name), best.value);
    return true;
}

static bool add_device(struct imap *imap, struct store_view *view, int64_t account_id,
                       struct imap_notes *out, struct err *err)
{
    char word[DEVICE_WORD_MAX + 1];
    scoped_value(account) account = {0};
    enum found found = bridge_owner_device_word(imap->parts.bridge, view, account_id, word, err);

    if (found == FOUND)
        found = store_account(view, account_id, &account, err);
    if (found != FOUND)
        return found == ABSENT;
    imap_notes_add(out, must_dup(OURS "/stream"),
                   must_print("https://%s/contacts/stream", account.domain));
    imap_notes_add(out, must_dup(OURS "/token"), must_dup(word));
    return true;
}

bool find_contact_notes(struct imap *imap, struct store_view *view, int64_t account_id,
                        const struct imap_notes *wanted, struct imap_notes *out, struct err *err)
{
    bool device = false;

    for (size_t i = 0; i < wanted->count; i++) {
        const char *name = wanted->at[i].name;
        if (!is_contact_note(name))
            continue;
        if (!device && !add_device(imap, view, account_id, out, err))
            return false;
        device = true;
        if (slice_is(slice_of(name), PEOPLE) &&
            !store_contacts_in(view, account_id, CONTACT_ASKED, NULL, WAITING_MOST, add_waiting,
                               out, err))
            return false;
        if (slice_starts(slice_of(name), SLICE(PEOPLE "/")) &&
            !add_person(imap, view, account_id, name, out, err))
            return false;
    }
    return true;
}

/* ---- deciding ---- */
bool set_contact_note(struct imap *imap, struct store_tx *tx, int64_t account_id,
                      const struct imap_note *note, struct err *err)
{
    if (!slice_starts(slice_of(note->name), SLICE(PEOPLE "/")))
        return err_set(err, ERR_REFUSED, "This note is said by the server alone");
    return bridge_contact_answer_person(imap->parts.bridge, tx, account_id,
                                        slice_from(slice_of(note->name), strlen(PEOPLE "/")),
                                        note->value, err);
}
