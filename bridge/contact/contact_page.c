/* The word in the link of a request.  Nothing of it is stored: it is the REF, and what only we can make of it. */
#include "contact_work.h"

#include "memory.h"

#define PURPOSE_CONTACT_WORD "contact word"

enum { PROOF_LEN = CONTACT_WORD_LEN - REF_LEN };

void contact_word(struct bridge *bridge, const char *ref, char out[CONTACT_WORD_LEN + 1])
{
    unsigned char mac[VAULT_MAC_LEN];

    vault_mac(bridge->vault, PURPOSE_CONTACT_WORD, slice_of(ref), mac);
    memcpy(out, ref, REF_LEN);
    id_text((struct slice){(const char *)mac, sizeof mac}, PROOF_LEN, out + REF_LEN);
}

/* In a time that does not tell how much of it was right. */
static bool is_our_word(struct bridge *bridge, struct slice word, char ref[REF_LEN + 1])
{
    char right[CONTACT_WORD_LEN + 1];
    unsigned char differs = 0;

    if (word.len != CONTACT_WORD_LEN)
        return false;
    for (size_t i = 0; i < REF_LEN; i++) {
        char c = word.at[i];
        ref[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    ref[REF_LEN] = '\0';
    contact_word(bridge, ref, right);
    for (size_t i = REF_LEN; i < CONTACT_WORD_LEN; i++) {
        char c = word.at[i];
        c = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        differs |= (unsigned char)(c ^ right[i]);
    }
    return differs == 0;
}

void contact_page_clear(struct contact_page *page)
{
    free(page->owner);
    free(page->who);
    free(page->sureness);
    free(page->domain);
    free(page->words);
    *page = (struct contact_page){0};
}

struct first_row {
    struct contact row;
    size_t count;
};

static bool keep_first(void *ctx, const struct contact *contact)
{
    struct first_row *first = ctx;

    if (first->count++ > 0)
        return true;
    first->row = *contact;
    first->row.domain = NULL;
    first->row.words = must_dup(contact->words);
    return true;
}

static char *domain_of(const struct contact *row, const struct person *person)
{
    const char *at = person->address ? strrchr(person->address, '@') : NULL;

    if (!row->person_id)
        return must_dup(row->domain);
    return person->host ? must_dup(person->host) : at ? must_dup(at + 1) : NULL;
}

char *bridge_contact_label(const struct contact *contact, const struct person *person)
{
    return contact->person_id ? contact_label(person)
                              : must_print("Everybody at %s", contact->domain);
}

char *bridge_contact_sureness(const struct contact *contact, const struct person *person)
{
    switch (contact->origin) {
    case CONTACT_SET: return must_dup("You decided this without being asked.");
    case CONTACT_WRITTEN_TO: return must_dup("You wrote to them.");
    case CONTACT_KNOCKED: break;
    }
    return contact_sureness(person, contact->evidence, contact->wish);
}

static bool fill_page(struct store_view *view, const struct contact *row, struct contact_page *out,
                      struct err *err)
{
    scoped_value(account) account = {0};
    scoped_value(person) person = {0};

    if (store_account(view, row->account_id, &account, err) != FOUND ||
        (row->person_id && store_person(view, row->person_id, &person, err) != FOUND) ||
        !store_has_portrait(view, row->person_id, &out->portrait, err) ||
        !store_held_of(view, row->id, &out->held, err))
        return false;
    out->person_id = row->person_id;
    out->notice_id = row->notice_id;
    out->account_id = row->account_id;
    out->owner = account_address(&account);
    out->who = bridge_contact_label(row, &person);
    out->sureness = bridge_contact_sureness(row, &person);
    out->domain = domain_of(row, &person);
    out->origin = row->origin;
    out->state = row->state;
    out->words = row->words ? must_dup(row->words) : NULL;
    out->tries = row->tries;
    out->first_ms = row->first_ms;
    out->last_ms = row->last_ms;
    out->arrived_ms = row->arrived_ms;
    out->expires_ms = row->expires_ms;
    return true;
}

enum found bridge_contact_row_page(struct store_view *view, int64_t account_id, int64_t contact_id,
                                   struct contact_page *out, struct err *err)
{
    scoped_value(contact) row = {0};
    enum found found = store_contact(view, contact_id, &row, err);

    if (found != FOUND || row.account_id != account_id)
        return found == FAILED ? FAILED : ABSENT;
    return fill_page(view, &row, out, err) ? FOUND : FAILED;
}

/* "Bob (@bob@social.example) and 2 others" */
static void name_others(struct contact_page *page)
{
    char *all =
        must_print("%s and %zu other%s", page->who, page->others, page->others == 1 ? "" : "s");

    free(page->who);
    page->who = all;
}

enum found bridge_contact_page(struct bridge *bridge, struct store_view *view, struct slice word,
                               struct contact_page *out, struct err *err)
{
    char ref[REF_LEN + 1];
    scoped_value(message) notice = {0};
    struct first_row first = {.count = 0};

    if (!is_our_word(bridge, word, ref))
        return ABSENT;
    enum found found = store_message_by_ref(view, slice_of(ref), &notice, err);
    if (found != FOUND)
        return found;
    if (!store_contacts_of_notice(view, notice.id, keep_first, &first, err))
        return FAILED;
    if (first.count == 0)
        return ABSENT;
    bool filled = fill_page(view, &first.row, out, err);
    out->notice_id = notice.id;
    out->others = first.count - 1;
    if (filled && out->others > 0)
        name_others(out);
    contact_clear(&first.row);
    return filled ? FOUND : FAILED;
}
