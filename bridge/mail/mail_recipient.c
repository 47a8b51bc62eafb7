/* Before a mail is read: may this recipient be written to, does this log-in own that sender? */
#include "mail_work.h"

#include "claim_work.h"
#include "config.h"
#include "list_work.h"
#include "memory.h"
#include "store_mailbox.h"

enum { FULL_FOR_GOOD_MS = 3 * DAY_MS };

/* A full mailbox has taken nothing since its newest mail: that tells for how long it is full. */
static bool answer_full(struct bridge *bridge, struct store_view *view,
                        const struct account *account, struct answer *answer, struct err *err)
{
    int64_t newest;
    scoped_text char *address = account_address(account);

    if (!store_newest_arrival(view, account->id, &newest, err))
        return false;
    if (clock_now(bridge->clock) - newest > FULL_FOR_GOOD_MS)
        answer_set(answer, VERDICT_FULL, "The mailbox of %s is full.", address);
    else
        answer_set(answer, VERDICT_FULL_FOR_NOW,
                   "The mailbox of %s is full. Your server tries again by itself.", address);
    return true;
}

bool account_takes(struct bridge *bridge, struct store_view *view, const struct account *account,
                   int64_t size, bool *out_takes, struct answer *answer, struct err *err)
{
    int64_t used;

    *out_takes = false;
    if (account->state != ACCOUNT_ACTIVE) {
        answer_set(answer, VERDICT_CLOSED, "This address is closed.");
        return true;
    }
    if (!store_account_bytes(view, account->id, &used, err))
        return false;
    *out_takes = used < bridge->config->quota && size <= bridge->config->quota - used;
    return *out_takes || answer_full(bridge, view, account, answer, err);
}

struct first {
    bool found;
    int64_t id;
};

static bool keep_first(void *ctx, const struct account *account)
{
    struct first *first = ctx;

    if (account->state != ACCOUNT_ACTIVE || (first->found && first->id < account->id))
        return true;
    *first = (struct first){.found = true, .id = account->id};
    return true;
}

enum found postmaster_account(struct bridge *bridge, struct store_view *view, struct account *out,
                              struct err *err)
{
    struct first first = {0};
    enum found found = ABSENT;

    if (*bridge->config->postmaster)
        found = account_at(view, slice_of(bridge->config->postmaster), out, err);
    if (found == FOUND && out->state != ACCOUNT_ACTIVE) {
        account_clear(out);
        found = ABSENT;
    }
    if (found != ABSENT)
        return found;
    if (!store_accounts(view, keep_first, &first, err))
        return FAILED;
    return first.found ? store_account(view, first.id, out, err) : ABSENT;
}

struct rcpt {
    struct bridge *bridge;
    struct store_view *view;
    const struct asked_recipient *asked;
    struct address address;
    struct answer *out;
    struct contact_visit **out_knock;
};

static bool nobody(const struct rcpt *rcpt)
{
    answer_set(rcpt->out, VERDICT_NOBODY, "There is no %.*s here.",
               SLICE_ARGS(rcpt->asked->recipient));
    return true;
}

static bool account_recipient(const struct rcpt *rcpt, struct err *err)
{
    scoped_value(account) account = {0};
    bool takes;

    switch (store_account_named(rcpt->view, slice_of(rcpt->address.user),
                                slice_of(rcpt->address.domain), &account, err)) {
    case FAILED: return false;
    case ABSENT:
        (void)nobody(rcpt);
        return claim_answer_unpaid(rcpt->bridge, rcpt->view, &rcpt->address, rcpt->out, err);
    case FOUND: break;
    }
    if (!account_takes(rcpt->bridge, rcpt->view, &account, 0, &takes, rcpt->out, err))
        return false;
    return !takes || !rcpt->out_knock || slice_empty(rcpt->asked->client) ||
           contact_early(rcpt->bridge, rcpt->view, &account, rcpt->asked, rcpt->out,
                         rcpt->out_knock, err);
}

static bool short_name_of(const struct rcpt *rcpt, char **out, struct err *err)
{
    const struct address *address = &rcpt->address;
    scoped_value(person) person = {0};
    enum found found =
        *address->host ? store_person_by_handle(rcpt->view, slice_of(address->user),
                                                slice_of(address->host), &person, err)
                       : store_person_by_word(rcpt->view, slice_of(address->user), &person, err);

    if (found == FAILED)
        return false;
    *out = found == FOUND ? person_short_name(&person)
                          : must_print("@%s@%s", address->user, address->host);
    return true;
}

static bool person_recipient(const struct rcpt *rcpt, struct err *err)
{
    const struct address *address = &rcpt->address;
    scoped_text char *name = NULL;

    if (address->mail_person) {
        if (rcpt->asked->door == MAIL_DOOR_MX || !*address->host)
            answer_set(
                rcpt->out, VERDICT_NOBODY,
                "Nothing was sent: %.*s only stands for somebody's mail address. Write there.",
                SLICE_ARGS(rcpt->asked->recipient));
        return true;
    }
    if (address->word == WORD_FOLLOWERS) {
        if (!short_name_of(rcpt, &name, err))
            return false;
        answer_set(rcpt->out, VERDICT_NOT_ALLOWED, "%s's followers can be reached by %s alone.",
                   name, name);
        return true;
    }
    if (rcpt->asked->door == MAIL_DOOR_MX && slice_empty(rcpt->asked->mail_from)) {
        answer_set(rcpt->out, VERDICT_NOT_ALLOWED,
                   "%.*s can be written to only by people with an account here.",
                   SLICE_ARGS(rcpt->asked->recipient));
        return true;
    }
    if (*address->host)
        return true;
    scoped_value(person) person = {0};
    enum found found = store_person_by_word(rcpt->view, slice_of(address->user), &person, err);
    return found != FAILED && (found == FOUND || nobody(rcpt));
}

/* Servers ask whether a sender's address can be written to: an invented one can not (facts: VERP). */
static bool bounce_recipient(const struct rcpt *rcpt, struct err *err)
{
    unsigned char digest[TOKEN_DIGEST_LEN];
    struct token token;

    if (!list_word_digest(slice_of(rcpt->address.token), digest))
        return nobody(rcpt);
    enum found found = store_token(rcpt->view, TOKEN_BOUNCE, digest, &token, err);
    return found != FAILED && (found == FOUND || nobody(rcpt));
}

/* Who may do what is judged by the From, after DATA, whoever logged in. */
bool bridge_recipient(struct bridge *bridge, struct store_view *view,
                      const struct asked_recipient *asked, struct answer *out,
                      struct contact_visit **out_knock, struct err *err)
{
    struct rcpt rcpt = {
        .bridge = bridge, .view = view, .asked = asked, .out = out, .out_knock = out_knock};

    if (out_knock)
        *out_knock = NULL;
    answer_set(out, VERDICT_TAKEN, "Taken");
    address_read(bridge->config, asked->recipient, &rcpt.address);
    switch (rcpt.address.kind) {
    case ADDRESS_FOREIGN:
        if (asked->door == MAIL_DOOR_MX)
            answer_set(out, VERDICT_NOT_ALLOWED, "This server takes mail for its own people only.");
        return true;
    case ADDRESS_MALFORMED: return nobody(&rcpt);
    case ADDRESS_ACCOUNT: return account_recipient(&rcpt, err);
    case ADDRESS_PERSON: return person_recipient(&rcpt, err);
    case ADDRESS_CLAIM:
        if (asked->door != MAIL_DOOR_SUBMISSION && !claims_are_taken(bridge))
            answer_set(out, VERDICT_NOT_ALLOWED,
                       "Not done: the key desk takes mail that is sent through an account here. "
                       "This server takes nobody new.");
        return true;
    case ADDRESS_BOUNCE: return bounce_recipient(&rcpt, err);
    case ADDRESS_PUBLISH:
    case ADDRESS_SUBSCRIBE:
    case ADDRESS_UNSUBSCRIBE:
    case ADDRESS_COMMAND:
    case ADDRESS_HELP:
    case ADDRESS_OFFICE: return true;
    }
    __builtin_unreachable();
}

bool bridge_sender(struct bridge *bridge, struct store_view *view, int64_t account_id,
                   struct slice mail_from, struct answer *out, struct err *err)
{
    struct address address;
    scoped_value(account) account = {0};

    answer_set(out, VERDICT_TAKEN, "Taken");
    if (slice_empty(mail_from))
        return true;
    switch (store_account(view, account_id, &account, err)) {
    case FAILED: return false;
    case ABSENT: return err_set(err, ERR_ABSENT, "There is no such account");
    case FOUND: break;
    }
    address_read(bridge->config, mail_from, &address);
    if (address.kind == ADDRESS_ACCOUNT && slice_is_nocase(slice_of(account.name), address.user) &&
        slice_is_nocase(slice_of(account.domain), address.domain))
        return true;
    scoped_text char *own = account_address(&account);
    answer_set(out, VERDICT_NOT_ALLOWED, "Nothing was sent: you are logged in as %s, not as %.*s.",
               own, SLICE_ARGS(mail_from));
    return true;
}
