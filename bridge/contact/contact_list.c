/* Answers of the command line, by the name of the person. */
#include "commit.h"
#include "contact_work.h"

#include "bridge_people.h"
#include "list_work.h"
#include "memory.h"
#include "text.h"

const char *bridge_contact_state_word(enum contact_state state)
{
    return contact_state_word(state);
}

static const struct {
    enum evidence_class class;
    const char *word;
} classes[] = {
    {EVIDENCE_S0, "S0"},
    {EVIDENCE_S1, "S1"},
    {EVIDENCE_S2, "S2"},
    {EVIDENCE_S3, "S3"},
    {EVIDENCE_S4, "S4"},
    {EVIDENCE_F1, "F1"},
};

const char *bridge_evidence_word(enum evidence_class evidence)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (classes[i].class == evidence)
            return classes[i].word;
    return "S0";
}

static bool evidence_of_word(struct slice word, enum evidence_class *out)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (slice_is_nocase(word, classes[i].word)) {
            *out = classes[i].class;
            return true;
        }
    return false;
}

char *bridge_contact_name(const struct contact *contact, const struct person *person)
{
    if (!contact->person_id)
        return must_print("@%s", contact->domain);
    return person->kind == PERSON_FEDIVERSE ? person_handle(person)
           : person->kind == PERSON_LOCAL   ? must_print("%s@%s", person->user, person->host)
                                            : must_dup(person->address);
}

/* ---- who is meant ---- */
struct named {
    enum { NAMED_MAIL, NAMED_FEDIVERSE, NAMED_DOMAIN } kind;
    char *address, *user, *host; /* host: of a handle, or the domain */
};

static void named_clear(struct named *named)
{
    free(named->address);
    free(named->user);
    free(named->host);
}
SCOPED_VALUE(named, named_clear)

static bool read_domain(struct slice text, struct named *out, struct err *err)
{
    out->kind = NAMED_DOMAIN;
    return host_canonical(text, &out->host, err);
}

static bool read_handle(struct slice user, struct slice host, struct named *out, struct err *err)
{
    out->kind = NAMED_FEDIVERSE;
    out->user = must_copy(user);
    return host_canonical(host, &out->host, err);
}

static bool read_person(struct bridge *bridge, struct slice text, struct named *out,
                        struct err *err)
{
    struct address address;
    struct slice user, host;

    if (text.len > 1 && text.at[0] == '@' && slice_find(slice_from(text, 1), '@') == SIZE_MAX)
        return read_domain(slice_from(text, 1), out, err);
    if (text.len > 1 && text.at[0] == '@' && handle_split(text, &user, &host))
        return read_handle(user, host, out, err);
    address_read(bridge->config, text, &address);
    if (address.kind == ADDRESS_PERSON && !address.mail_person && *address.host)
        return read_handle(slice_of(address.user), slice_of(address.host), out, err);
    out->kind = NAMED_MAIL;
    out->address = list_address_canonical(text);
    return out->address || err_set(err, ERR_MALFORMED,
                                   "%.*s is no person: write carol@mail.example, "
                                   "@bob@social.example, or @mail.example for all of a domain",
                                   SLICE_ARGS(text));
}

/* Those who live here go by their address too. */
static enum found find_by_address(struct store_view *view, struct slice address, struct person *out,
                                  struct err *err)
{
    struct slice user, host;
    enum found found = store_person_by_address(view, address, out, err);

    if (found != ABSENT || !address_split(address, &user, &host))
        return found;
    found = store_person_by_handle(view, user, host, out, err);
    if (found != FOUND || out->kind == PERSON_LOCAL)
        return found;
    person_clear(out);
    return ABSENT;
}

static enum found find_person(struct store_view *view, const struct named *named,
                              struct person *out, struct err *err)
{
    if (named->kind == NAMED_MAIL)
        return find_by_address(view, slice_of(named->address), out, err);
    return store_person_by_handle(view, slice_of(named->user), slice_of(named->host), out, err);
}

/* ---- answering ---- */
struct choosing {
    int64_t account_id;
    const struct named *named;
    enum contact_event event;
    const char *words;
    enum evidence_class evidence;
    bool exactly; /* this class of evidence alone (import) */
};

static bool add_row(struct bridge *bridge, struct store_tx *tx, const struct choosing *choosing,
                    int64_t person_id, struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock), id;
    struct contact row = {
        .account_id = choosing->account_id,
        .person_id = person_id,
        .domain = person_id ? NULL : choosing->named->host,
        .evidence = choosing->exactly
                        ? choosing->evidence
                        : contact_evidence_by_name(choosing->named->kind == NAMED_FEDIVERSE,
                                                   choosing->event),
        .state = CONTACT_ASKED,
        .origin = CONTACT_SET,
        .first_ms = now_ms,
        .last_ms = now_ms,
    };

    if (choosing->event == CONTACT_REOPEN)
        return err_set(err, ERR_ABSENT, "Nothing was decided about them");
    return store_put_contact(tx, &row, &id, err) &&
           contact_decide(bridge, tx, id, choosing->event, choosing->words, true, err);
}

/* As if nothing had been said: what is imported is not weighed against it. */
static bool set_open(struct store_tx *tx, struct contact *row, struct err *err)
{
    int64_t id;

    row->state = CONTACT_ASKED;
    row->decided_ms = 0;
    return store_put_contact(tx, row, &id, err);
}

/* Who knocked is answered as they knocked, the same as by the request; who is kept out by name does not come in by proving
 * more. */
static bool decide_rows(struct bridge *bridge, struct store_tx *tx, const struct choosing *choosing,
                        int64_t person_id, struct err *err)
{
    scoped_value(contact_rows) rows = {0};
    bool done = false;

    if (!store_contacts_of(store_tx_view(tx), choosing->account_id, person_id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        if (choosing->exactly && rows.at[i].evidence != choosing->evidence)
            continue;
        done = true;
        if (choosing->exactly && !set_open(tx, &rows.at[i], err))
            return false;
        if (!contact_decide(bridge, tx, rows.at[i].id, choosing->event, choosing->words, true,
                            err) &&
            err->kind != ERR_ABSENT) /* gave way to the one before */
            return false;
    }
    return done || add_row(bridge, tx, choosing, person_id, err);
}

static bool choose_person(struct bridge *bridge, struct store_tx *tx,
                          const struct choosing *choosing, struct err *err)
{
    const struct named *named = choosing->named;
    scoped_value(person) known = {0};
    int64_t person_id = 0;
    enum found found = find_person(store_tx_view(tx), named, &known, err);

    if (found == FAILED)
        return false;
    if (found == FOUND)
        return decide_rows(bridge, tx, choosing, known.id, err);
    if (named->kind == NAMED_FEDIVERSE) {
        if (!person_for_handle(bridge, tx, slice_of(named->user), slice_of(named->host), &person_id,
                               err))
            return false;
    } else {
        struct person fresh = {.kind = PERSON_MAIL, .address = named->address};
        if (!store_put_person(tx, &fresh, &person_id, err))
            return false;
    }
    return add_row(bridge, tx, choosing, person_id, err);
}

/* ---- a whole domain ---- */
struct of_domain {
    const char *domain;
    int64_t *ids;
    size_t count, capacity;
};

static bool keep_waiting(void *ctx, const struct contact *contact, const struct person *person)
{
    struct of_domain *all = ctx;
    const char *host = person->address ? strrchr(person->address, '@') : NULL;

    if (contact->state != CONTACT_ASKED && contact->state != CONTACT_TURN)
        return true;
    if (!slice_is_nocase(slice_of(host ? host + 1 : person->host), all->domain))
        return true;
    must_make_room(all->ids, all->count, all->capacity);
    all->ids[all->count++] = contact->id;
    return true;
}

/* Those of them who wait have their answer too. */
static bool answer_waiting(struct bridge *bridge, struct store_tx *tx,
                           const struct choosing *choosing, struct err *err)
{
    struct of_domain all = {.domain = choosing->named->host};
    bool good = store_contacts(store_tx_view(tx), choosing->account_id, 0, INT32_MAX, keep_waiting,
                               &all, err);

    for (size_t i = 0; good && i < all.count; i++)
        good = contact_decide(bridge, tx, all.ids[i], choosing->event, choosing->words, true, err);
    free(all.ids);
    return good;
}

static bool choose_domain(struct bridge *bridge, struct store_tx *tx,
                          const struct choosing *choosing, struct err *err)
{
    scoped_value(contact) row = {0};
    enum found found = store_contact_of_domain(store_tx_view(tx), choosing->account_id,
                                               slice_of(choosing->named->host), &row, err);

    if (found == FAILED)
        return false;
    if (choosing->event == CONTACT_REOPEN)
        return found == FOUND ? store_forget_contact(tx, &row, err)
                              : err_set(err, ERR_ABSENT, "Nothing was decided about this domain");
    bool good = found == FOUND ? contact_decide(bridge, tx, row.id, choosing->event,
                                                choosing->words, true, err)
                               : add_row(bridge, tx, choosing, 0, err);
    return good && answer_waiting(bridge, tx, choosing, err);
}

static bool record_choice(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct choosing *choosing = ctx;

    return choosing->named->kind == NAMED_DOMAIN ? choose_domain(bridge, tx, choosing, err)
                                                 : choose_person(bridge, tx, choosing, err);
}

static bool find_account(struct bridge *bridge, struct slice address, int64_t *out_id,
                         struct err *err)
{
    scoped_value(account) account = {0};
    scoped(store_view) view = store_look(bridge->store, err);

    if (!view || !bridge_account_find(bridge, view, address, &account, err))
        return false;
    *out_id = account.id;
    return true;
}

static bool choose_in(struct bridge *bridge, struct store_tx *tx, const struct choosing *choosing,
                      struct slice person, struct err *err)
{
    scoped_value(named) named = {0};
    struct choosing by_name = *choosing;

    by_name.named = &named;
    return read_person(bridge, person, &named, err) && record_choice(bridge, tx, &by_name, err);
}

bool bridge_contact_choose_in(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                              struct slice person, enum contact_choice choice, const char *words,
                              struct err *err)
{
    scoped_text char *clean = words ? contact_refusal_words(slice_of(words)) : NULL;
    struct choosing choosing = {
        .account_id = account_id, .event = contact_event_of(choice), .words = clean};

    return choose_in(bridge, tx, &choosing, person, err);
}

bool bridge_contact_answer_person(struct bridge *bridge, struct store_tx *tx, int64_t account_id,
                                  struct slice person, const char *answer, struct err *err)
{
    char *words = NULL;
    struct choosing choosing = {.account_id = account_id, .event = CONTACT_REOPEN};

    if (answer && !contact_answer_read(slice_of(answer), &choosing.event, &words))
        return err_set(err, ERR_MALFORMED, "Write welcome, refuse or ignore");
    choosing.words = words;
    bool done = choose_in(bridge, tx, &choosing, person, err);
    free(words);
    return done;
}

bool bridge_contact_choose(struct bridge *bridge, struct slice address, struct slice person,
                           enum contact_choice choice, const char *words, struct err *err)
{
    scoped_value(named) named = {0};
    scoped_text char *clean = words ? contact_refusal_words(slice_of(words)) : NULL;
    struct choosing choosing = {.named = &named, .event = contact_event_of(choice), .words = clean};

    return find_account(bridge, address, &choosing.account_id, err) &&
           read_person(bridge, person, &named, err) &&
           bridge_commit(bridge, record_choice, &choosing, err);
}

/* ---- finding ---- */
bool bridge_contact_find(struct bridge *bridge, struct store_view *view, int64_t account_id,
                         struct slice text,
                         bool (*each)(void *ctx, const struct contact *, const struct person *),
                         void *ctx, struct err *err)
{
    scoped_value(named) named = {0};
    scoped_value(person) person = {0};
    scoped_value(contact) row = {0};
    scoped_value(contact_rows) rows = {0};

    if (!read_person(bridge, text, &named, err))
        return false;
    enum found found =
        named.kind == NAMED_DOMAIN
            ? store_contact_of_domain(view, account_id, slice_of(named.host), &row, err)
            : find_person(view, &named, &person, err);
    if (found == FAILED)
        return false;
    if (found == FOUND && named.kind == NAMED_DOMAIN)
        return each(ctx, &row, &person) || true;
    if (found == FOUND && !store_contacts_of(view, account_id, person.id, &rows, err))
        return false;
    for (size_t i = 0; i < rows.count; i++)
        (void)each(ctx, &rows.at[i], &person);
    return rows.count > 0 ||
           err_set(err, ERR_ABSENT, "Nothing is known of %.*s: they never knocked",
                   SLICE_ARGS(text));
}

/* ---- the hour in which strangers pass ---- */
struct expecting {
    int64_t account_id, until_ms;
};

static bool record_expecting(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct expecting *it = ctx;

    (void)bridge;
    return store_set_expecting(tx, it->account_id, it->until_ms, err);
}

bool bridge_contact_expect_in(struct store_tx *tx, int64_t account_id, int64_t until_ms,
                              struct err *err)
{
    return store_set_expecting(tx, account_id, until_ms, err);
}

bool bridge_contact_expect(struct bridge *bridge, struct slice address, int64_t until_ms,
                           struct err *err)
{
    struct expecting it = {.until_ms = until_ms};

    return find_account(bridge, address, &it.account_id, err) &&
           bridge_commit(bridge, record_expecting, &it, err);
}

/* ---- import ---- */
bool bridge_contact_import(struct bridge *bridge, struct slice address, struct slice line,
                           struct err *err)
{
    struct slice rest = line, state = slice_cut(&rest, '\t'), person = slice_cut(&rest, '\t'),
                 proof = slice_cut(&rest, '\t');
    scoped_value(named) named = {0};
    scoped_text char *words = contact_refusal_words(rest.at ? rest : SLICE(""));
    struct choosing choosing = {.named = &named, .words = words, .exactly = true};

    if (slice_is(state, "welcome"))
        choosing.event = CONTACT_INVITE;
    else if (slice_is(state, "refused"))
        choosing.event = CONTACT_REFUSE;
    else if (slice_is(state, "ignored"))
        choosing.event = CONTACT_IGNORE;
    else
        return err_set(err, ERR_MALFORMED,
                       "A line begins with welcome, refused or ignored, a tab and the person");
    if (!evidence_of_word(proof, &choosing.evidence))
        return err_set(err, ERR_MALFORMED,
                       "Behind the person stands a tab and one of S0 to S4, F1");
    return find_account(bridge, address, &choosing.account_id, err) &&
           read_person(bridge, person, &named, err) &&
           bridge_commit(bridge, record_choice, &choosing, err);
}

/* ---- folders ---- */
struct owners {
    int64_t *ids;
    size_t count, capacity;
};

static bool keep_owner(void *ctx, const struct account *account)
{
    struct owners *owners = ctx;

    if (account->state != ACCOUNT_ACTIVE)
        return true;
    must_make_room(owners->ids, owners->count, owners->capacity);
    owners->ids[owners->count++] = account->id;
    return true;
}

static bool record_folders(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct owners *owners = ctx;

    (void)bridge;
    for (size_t i = 0; i < owners->count; i++)
        if (!contact_make_mailboxes(tx, owners->ids[i], err))
            return false;
    return true;
}

bool bridge_contact_make_ready(struct bridge *bridge, struct err *err)
{
    struct owners owners = {.count = 0};

    if (bridge->config->contact != DOOR_ASK && bridge->config->follow != DOOR_ASK)
        return true;
    scoped(store_view) view = store_look(bridge->store, err);
    bool good = view && store_accounts(view, keep_owner, &owners, err);
    store_view_free(steal(&view));
    good = good && bridge_commit(bridge, record_folders, &owners, err);
    free(owners.ids);
    return good;
}
