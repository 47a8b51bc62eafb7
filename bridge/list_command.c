/*
 * Mails to the words of a list.  Whoever has the word of a link may leave by it, whatever their From says.  Without one
 * a mail would have to be proven to come from its author; that is not judged of mail from outside, so the form and
 * the links are the way.
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

static bool leave(struct mail_work *work, const struct address *address,
                  const struct account *account, struct err *err)
{
    struct token token;
    enum found found = token_of(work, address, TOKEN_UNSUBSCRIBE, &token, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT || token.account_id != account->id)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Please use the unsubscribe link in any mail you got.");
    struct mail_plan *plan = work_plan(work);
    plan->deed = DEED_LEAVE;
    memcpy(plan->word, token.digest, sizeof plan->word);
    return true;
}

/* Who lives here follows without a mail. */
static bool follow(struct mail_work *work, const struct account *account)
{
    if (account->id == work->author.account.id)
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: these are your own posts.");
    struct mail_plan *plan = work_plan(work);
    plan->deed = DEED_FOLLOW;
    plan->user = must_dup(account->name);
    plan->host = must_dup(account->domain);
    return true;
}

static bool subscribe(struct mail_work *work, const struct address *address,
                      const struct account *account, struct err *err)
{
    struct token token;
    enum found found = token_of(work, address, TOKEN_CONFIRM, &token, err);

    if (found == FAILED)
        return false;
    scoped_text char *page = found == FOUND
                                 ? list_page(account->domain, "subscribe", address->token)
                                 : must_print("https://%s/@%s", account->domain, account->name);
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Could not verify that this mail is from %s. Subscribe on %s instead.",
                       said_author(work), page);
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
    if (address->kind == ADDRESS_UNSUBSCRIBE)
        return leave(work, address, &account, err);
    if (work->author.evidence == EVIDENCE_S4 && !*address->token)
        return follow(work, &account);
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
