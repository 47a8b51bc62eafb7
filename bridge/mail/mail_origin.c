/*
 * Where a mail from outside comes from, as smtp found it, and what follows before anything else is asked: the author's
 * own domain may want what fails its checks refused (facts/mail.md 2.3).
 */
#include "mail_work.h"

#include "memory.h"

static bool is_domain_of(const struct evidence *evidence, const char *address)
{
    struct slice local, domain;

    return *evidence->author_domain && address_split(slice_of(address), &local, &domain) &&
           slice_is_nocase(domain, evidence->author_domain);
}

/* Two readers of one header may differ; what was found counts only for the author both have read. */
void author_take_origin(struct mail_work *work)
{
    struct author *author = &work->author;

    author->origin = work->arrival->evidence;
    if (!is_domain_of(&author->origin, author->address)) {
        author->origin.author_domain[0] = '\0';
        author->origin.spf_aligned = author->origin.dkim_aligned = false;
        author->origin.signed_by_author_domain = author->origin.vouched = false;
        author->origin.key_signed = false;
    }
    author->evidence = evidence_of_domain(&author->origin);
}

bool work_only_offices(const struct mail_work *work)
{
    return work_count(work, ADDRESS_OFFICE) == work->count;
}

/* Who proved it themselves needs no domain, a report of ours is proved by its address; and who says they are of ours is
 * refused in other words. */
static bool is_exempt(const struct mail_work *work)
{
    return work->arrival->door != MAIL_DOOR_MX || work->author.proof == PROOF_GOOD ||
           work->author.ours || work->author.origin.vouched || work_only_offices(work) ||
           work_count(work, ADDRESS_BOUNCE) == work->count;
}

bool refuse_by_dmarc(struct mail_work *work)
{
    const struct evidence *origin = &work->arrival->evidence;

    if (is_exempt(work) || origin->policy != DMARC_REJECT)
        return false;
    if (origin->dmarc == AUTH_TEMPERROR)
        return work_answer(work, VERDICT_UNSURE,
                           "Whether this mail is from %s cannot be checked now. Your server tries "
                           "again by itself.",
                           origin->author_domain);
    if (origin->dmarc != AUTH_FAIL)
        return false;
    return work_answer(work, VERDICT_NOT_ALLOWED,
                       "Not taken: %s asks (DMARC) to refuse mail that neither SPF nor DKIM proves "
                       "to be its own. Send it through the server of that domain.%s%s",
                       origin->author_domain, *origin->explanation ? " It says: " : "",
                       origin->explanation);
}
