/*
 * Mails to the words of a list (behaviour.md 6, 7).  Whoever has the word of a link may leave by it, whatever their From
 * says.  Without one, and to become a reader, a mail must be known to come from its author's domain at least (S1): else
 * anybody could ask in anybody's name.
 */
#include "mail_work.h"

#include "command_mail.h"
#include "list_work.h"
#include "memory.h"

static const char *said_author(const struct mail_work *work)
{
    if (*work->author.address)
        return work->author.address;
    return *work->arrival->mail_from ? work->arrival->mail_from : "its author";
}

static enum found token_of(struct mail_work *work, const struct address *address,
                           enum token_purpose purpose, struct token *out, struct err *err)
{
    unsigned char digest[TOKEN_DIGEST_LEN];

    if (!list_word_digest(slice_of(address->token), digest))
        return ABSENT;
    return store_token(work->view, purpose, digest, out, err);
}

static bool leave_by(struct mail_work *work, const struct token *token)
{
    struct mail_plan *plan = work_plan(work);

    plan->deed = DEED_LEAVE;
    memcpy(plan->word, token->digest, sizeof plan->word);
    return true;
}

/* By the From, where that is known to be true. */
static bool leave_by_address(struct mail_work *work, const struct account *account, struct err *err)
{
    scoped_value(person) reader = {0};
    struct token token;
    enum found found =
        store_person_by_address(work->view, slice_of(work->author.address), &reader, err);

    if (found == FOUND)
        found = store_token_of(work->view, TOKEN_UNSUBSCRIBE, account->id, reader.id, &token, err);
    if (found == FAILED)
        return false;
    if (found == ABSENT)
        return work_answer(work, VERDICT_TAKEN, "Nothing to do: this address gets no posts");
    return leave_by(work, &token);
}

static bool leave(struct mail_work *work, const struct address *address,
                  const struct account *account, struct err *err)
{
    struct token token;
    enum found found = token_of(work, address, TOKEN_UNSUBSCRIBE, &token, err);

    if (found == FAILED)
        return false;
    if (found == FOUND && token.account_id == account->id)
        return leave_by(work, &token);
    if (!*address->token && work->author.evidence != EVIDENCE_S0)
        return leave_by_address(work, account, err);
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Please use the unsubscribe link in any mail you got.");
}

/* Who lives here follows, and no longer, without a mail. */
static bool follow(struct mail_work *work, const struct account *account, enum deed deed)
{
    if (account->id == work->author.account.id)
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: these are your own posts.");
    struct mail_plan *plan = work_plan(work);
    plan->deed = deed;
    plan->user = must_dup(account->name);
    plan->host = must_dup(account->domain);
    return true;
}

/* ---- becoming a reader ---- */
static bool refuse_unproven(struct mail_work *work, const struct address *address,
                            const struct account *account, bool open)
{
    scoped_text char *page = open ? list_page(account->domain, "subscribe", address->token)
                                  : must_print("https://%s/@%s", account->domain, account->name);

    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Could not verify that this mail is from %s. Subscribe on %s instead.",
                       said_author(work), page);
}

/* The same as the form, asked at the address that wrote. */
static bool ask(struct mail_work *work, const struct account *account, struct err *err)
{
    struct mail_plan *plan = work_plan(work);
    struct list_request *request = plan->request = must_new(struct list_request);

    plan->deed = DEED_ASK;
    request->user = must_dup(account->name);
    request->domain = must_dup(account->domain);
    request->address = must_dup(work->author.address);
    request->network = must_dup(work->author.origin.client);
    if (!bridge_list_ask_prepare(work->bridge, work->view, request, err))
        return false;
    switch (request->answer) {
    case LIST_ASKED: return true;
    case LIST_NO_LIST:
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s@%s takes no readers.",
                           account->name, account->domain);
    case LIST_NO_ADDRESS:
    case LIST_OWN_ADDRESS: break;
    }
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not done: %s cannot read by mail. Who has an account here subscribes "
                       "through it, with password.",
                       said_author(work));
}

/* The answer counts from the address that was asked. */
static bool is_reader(struct mail_work *work, const struct token *token, bool *out, struct err *err)
{
    scoped_value(person) reader = {0};
    enum found found = store_person(work->view, token->person_id, &reader, err);

    *out = found == FOUND && reader.address &&
           slice_is_nocase(slice_of(work->author.address), reader.address);
    return found != FAILED;
}

static bool confirm(struct mail_work *work, const struct address *address,
                    const struct account *account, const struct token *token, struct err *err)
{
    bool reader, yes;

    if (!is_reader(work, token, &reader, err))
        return false;
    if (!reader)
        return refuse_unproven(work, address, account, true);
    if (!mail_says_yes(work, &yes, err))
        return false;
    if (!yes)
        return work_answer(work, VERDICT_TAKEN, "Nothing was done: the first word is not yes");
    struct mail_plan *plan = work_plan(work);
    plan->deed = DEED_CONFIRM;
    plan->ticket = must_new(struct list_ticket);
    enum found found = bridge_list_ticket(work->bridge, work->view, TOKEN_CONFIRM,
                                          slice_of(address->token), plan->ticket, err);
    if (found == FAILED)
        return false;
    if (found == ABSENT || plan->ticket->closed)
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s@%s takes no readers.",
                           account->name, account->domain);
    return true;
}

static bool subscribe(struct mail_work *work, const struct address *address,
                      const struct account *account, struct err *err)
{
    struct token token;
    enum found found = token_of(work, address, TOKEN_CONFIRM, &token, err);
    bool open = found == FOUND && token.account_id == account->id;

    if (found == FAILED)
        return false;
    if (work->author.evidence == EVIDENCE_S0)
        return refuse_unproven(work, address, account, open);
    if (mail_is_automatic(work))
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Nothing was done: this mail was written by a program.");
    if (open)
        return confirm(work, address, account, &token, err);
    if (!*address->token)
        return ask(work, account, err);
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not done: nobody waits for this answer any more. Write to "
                       "%s+subscribe@%s to be asked again.",
                       account->name, account->domain);
}

bool list_command(struct mail_work *work, const struct recipient *recipient, struct err *err)
{
    const struct address *address = &recipient->address;
    scoped_value(account) account = {0};
    enum found found = store_account_named(work->view, slice_of(address->user),
                                           slice_of(address->domain), &account, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT || account.state != ACCOUNT_ACTIVE)
        return work_answer(work, VERDICT_NOBODY, "There is no %s here.", recipient->text);
    bool leaves = address->kind == ADDRESS_UNSUBSCRIBE;
    if (work->author.evidence == EVIDENCE_S4 && !*address->token)
        return follow(work, &account, leaves ? DEED_UNFOLLOW : DEED_FOLLOW);
    if (leaves)
        return leave(work, address, &account, err);
    return subscribe(work, address, &account, err);
}

/* ---- copies that come back ---- */
/* A server that did not hear our 250 says it again. */
static bool guard_bounce(struct mail_work *work, struct mail_plan *plan, struct err *err)
{
    char digest[2 * SHA256_LEN + 1];

    if (!mail_body_digest(work->arrival->body, digest, err))
        return false;
    plan->guard_count = mail_guard(work, "bounce", slice_of(digest), &plan->guards[0]);
    return true;
}

/* Reports alone are written to the sender of a copy, and they have none themselves (RFC 5321 6.1).  What is no report of
 * failure, an answer from a holiday above all, is taken and says nothing. */
bool list_bounce(struct mail_work *work, struct err *err)
{
    const struct recipient *recipient = work_first(work, ADDRESS_BOUNCE);
    struct token token;
    struct report report;

    if (work->count > 1 || *work->arrival->mail_from)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Nothing was done: this address takes reports of mail that could not be "
                           "delivered, and nothing else.");
    enum found found = token_of(work, &recipient->address, TOKEN_BOUNCE, &token, err);
    if (found == ABSENT)
        return work_answer(work, VERDICT_NOBODY, "There is no %s here.", recipient->text);
    if (found == FAILED || !mail_report(work->mail, &report, err))
        return false;
    if (report.action != REPORT_FAILED)
        return true;
    struct mail_plan *plan = work_plan(work);
    plan->deed = DEED_BOUNCE;
    plan->report = report;
    memcpy(plan->word, token.digest, sizeof plan->word);
    return guard_bounce(work, plan, err);
}
