/* What the word in a link does: yes, never ask again, leave. */
#include "contact_work.h"
#include "list_work.h"

#include "digest.h"
#include "memory.h"

enum { OLD_LINKS_DAYS = 365, OLD_BOUNCES_DAYS = 30 };

void list_ticket_clear(struct list_ticket *ticket)
{
    free(ticket->name);
    free(ticket->user);
    free(ticket->domain);
    free(ticket->leave_word);
    *ticket = (struct list_ticket){0};
}

static bool conflict(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "Try again");
}

/* ---- looking ---- */
void list_ticket_make_leave(struct bridge *bridge, struct list_ticket *ticket)
{
    char word[LIST_WORD_LEN + 1];

    ticket->leave = ticket->bounce =
        (struct token){.account_id = ticket->account_id, .person_id = ticket->person_id};
    list_token_make(bridge, TOKEN_UNSUBSCRIBE, &ticket->leave);
    list_token_make(bridge, TOKEN_BOUNCE, &ticket->bounce);
    list_token_word(bridge, &ticket->leave, word);
    ticket->leave_word = must_dup(word);
}

enum found bridge_list_ticket(struct bridge *bridge, struct store_view *view,
                              enum token_purpose purpose, struct slice word,
                              struct list_ticket *out, struct err *err)
{
    scoped_value(account) account = {0};
    struct token token;
    unsigned char digest[TOKEN_DIGEST_LEN];

    if (!list_word_digest(word, digest))
        return ABSENT;
    enum found found = store_token(view, purpose, digest, &token, err);
    if (found == FOUND)
        found = store_account(view, token.account_id, &account, err);
    if (found != FOUND)
        return found;
    *out = (struct list_ticket){
        .purpose = purpose,
        .account_id = account.id,
        .person_id = token.person_id,
        .name = must_dup(list_name_of(&account)),
        .user = must_dup(account.name),
        .domain = must_dup(account.domain),
        .closed = account.state != ACCOUNT_ACTIVE || bridge->config->follow == DOOR_CLOSED,
        .waits = bridge->config->follow == DOOR_ASK,
    };
    memcpy(out->digest, digest, sizeof digest);
    if (purpose == TOKEN_CONFIRM)
        list_ticket_make_leave(bridge, out);
    return FOUND;
}

/* ---- yes ---- */
void list_pair_clear(struct list_pair *pair)
{
    account_clear(&pair->account);
    person_clear(&pair->reader);
    follow_clear(&pair->follow);
}

enum found list_find_pair(struct store_tx *tx, int64_t account_id, int64_t reader_id,
                          struct list_pair *out, struct err *err)
{
    struct store_view *view = store_tx_view(tx);
    enum found found = store_account(view, account_id, &out->account, err);

    if (found == FOUND)
        found = store_person(view, reader_id, &out->reader, err);
    if (found != FOUND)
        return found;
    found = store_follow(view, out->reader.id, out->account.person_id, &out->follow, err);
    return found == FAILED ? FAILED : FOUND;
}

static enum found find_question(struct store_tx *tx, const struct list_ticket *ticket,
                                struct list_pair *out, struct err *err)
{
    struct token token;
    enum found found = store_token(store_tx_view(tx), TOKEN_CONFIRM, ticket->digest, &token, err);

    return found == FOUND ? list_find_pair(tx, token.account_id, token.person_id, out, err) : found;
}

bool list_let_in(struct store_tx *tx, const struct list_pair *pair, enum follow_state state,
                 const struct list_ticket *ticket, struct err *err)
{
    struct follow well = {.id = 0};

    return store_put_follow(tx, pair->reader.id, pair->account.person_id, state, NULL, &well.id,
                            err) &&
           store_follow_fares(tx, &well, err) &&
           store_end_tokens(tx, TOKEN_CONFIRM, pair->account.id, pair->reader.id, err) &&
           store_add_token(tx, &ticket->leave, err) && store_add_token(tx, &ticket->bounce, err);
}

bool bridge_list_confirm(struct bridge *bridge, struct store_tx *tx,
                         const struct list_ticket *ticket, struct err *err)
{
    scoped_value(list_pair) pair = {.follow = {0}};
    enum follow_state state;
    enum found found = find_question(tx, ticket, &pair, err);

    if (found != FOUND || pair.account.state != ACCOUNT_ACTIVE || ticket->closed)
        return found != FAILED && conflict(err);
    /* who reads what we send there owns the address */
    const struct contact_reader reader = {&pair.reader, EVIDENCE_S2, WISH_READ};
    if (!contact_follows(bridge, tx, &pair.account, &reader, pair.follow.state, &state, err))
        return false;
    return list_let_in(tx, &pair, state, ticket, err);
}

/* ---- never ---- */
bool list_forget_question(struct store_tx *tx, const struct list_pair *pair, struct err *err)
{
    if (!store_end_tokens(tx, TOKEN_CONFIRM, pair->account.id, pair->reader.id, err))
        return false;
    return pair->follow.state != FOLLOW_CONFIRMING ||
           (store_end_copies(tx, pair->account.id, pair->reader.id, err) &&
            store_forget_follow(tx, pair->follow.id, err));
}

bool bridge_list_never(struct bridge *bridge, struct store_tx *tx, const struct list_ticket *ticket,
                       struct err *err)
{
    scoped_value(list_pair) pair = {.follow = {0}};
    enum found found = find_question(tx, ticket, &pair, err);
    unsigned char key[32];
    bool is_new;

    if (found != FOUND)
        return found != FAILED && conflict(err);
    list_never_key(bridge, pair.account.domain, pair.reader.address, key);
    return store_see(tx, SEEN_NEVER_ASK, key, 0, &is_new, err) &&
           list_forget_question(tx, &pair, err);
}

/* ---- leave ---- */
static bool want_goodbye(struct bridge *bridge, struct store_tx *tx, const struct list_pair *pair,
                         struct err *err)
{
    const struct delivery mail = {
        .subject = SUBJECT_FOLLOW_ANSWER,
        .subject_id = pair->follow.id,
        .account_id = pair->account.id,
        .person_id = pair->account.person_id, /* the owner: the reader is forgotten by then */
        .wanted = LIST_GOODBYE,
        .rcpt_to = pair->reader.address,
    };
    return pair->follow.state == FOLLOW_SUSPENDED || pair->account.state != ACCOUNT_ACTIVE ||
           mail_want(tx, mail, clock_now(bridge->clock), err);
}

bool list_end(struct bridge *bridge, struct store_tx *tx, const struct list_pair *pair,
              struct err *err)
{
    int64_t now_ms = clock_now(bridge->clock);
    int64_t account = pair->account.id, reader = pair->reader.id;
    unsigned char key[32];
    bool is_new;

    list_left_key(bridge, account, pair->reader.address ? pair->reader.address : "", key);
    return store_end_copies(tx, account, reader, err) &&
           store_orphan_tokens(tx, TOKEN_UNSUBSCRIBE, account, reader,
                               now_ms + OLD_LINKS_DAYS * DAY_MS, err) &&
           store_orphan_tokens(tx, TOKEN_BOUNCE, account, reader,
                               now_ms + OLD_BOUNCES_DAYS * DAY_MS, err) &&
           store_end_tokens(tx, TOKEN_CONFIRM, account, reader, err) &&
           store_see(tx, SEEN_LEFT, key, 0, &is_new, err) &&
           store_forget_follow(tx, pair->follow.id, err);
}

bool list_leave_by(struct bridge *bridge, struct store_tx *tx,
                   const unsigned char digest[TOKEN_DIGEST_LEN], struct err *err)
{
    scoped_value(list_pair) pair = {.follow = {0}};
    struct token token;
    enum found found = store_token(store_tx_view(tx), TOKEN_UNSUBSCRIBE, digest, &token, err);

    if (found != FOUND)
        return found != FAILED && conflict(err);
    if (!token.person_id)
        return true;
    found = list_find_pair(tx, token.account_id, token.person_id, &pair, err);
    if (found != FOUND || !pair.follow.id)
        return found != FAILED;
    return want_goodbye(bridge, tx, &pair, err) && list_end(bridge, tx, &pair, err);
}

bool bridge_list_leave(struct bridge *bridge, struct store_tx *tx, const struct list_ticket *ticket,
                       struct err *err)
{
    return list_leave_by(bridge, tx, ticket->digest, err);
}
