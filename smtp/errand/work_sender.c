/* MAIL from outside: who cannot be answered is not listened to (facts/mail.md 1.7).  Judged where the session is: what
 * DNS said for an earlier mail costs no hop between threads. */
#include "sender.h"
#include "smtp_work.h"
#include "text.h"

#include <stdio.h>

enum { ROUNDS_MAX = 3 };

struct asking {
    struct work_errand base;
    char *domain; /* canonical; "" if it is no name of a domain; NULL: nothing to ask */
    struct dns_facts facts;
    int rounds;
};

static struct asking *asking_of(struct errand *errand)
{
    return container_of(errand, struct asking, base.base.errand);
}

static void say(struct smtp_errand *errand, int code, const char *status, const char *words)
{
    errand->code = code;
    snprintf(errand->status, sizeof errand->status, "%s", status);
    snprintf(errand->words, sizeof errand->words, "%s", words);
}

static void say_verdict(struct smtp_errand *errand, enum sender_verdict verdict)
{
    switch (verdict) {
    case SENDER_OPEN:
    case SENDER_FINE: say(errand, 250, "2.1.0", "Sender OK"); return;
    case SENDER_TAKES_NO_MAIL:
        say(errand, 550, "5.7.27",
            "The domain of this sender takes no mail. Use an address that can be answered");
        return;
    case SENDER_NOWHERE:
        say(errand, 550, "5.1.8",
            "The domain of this sender does not exist. Use an address that can be answered");
        return;
    case SENDER_UNSURE:
        say(errand, 451, "4.4.3",
            "DNS gives no answer for the domain of this sender. Your server tries again by itself");
        return;
    }
}

static void ask(struct asking *asking)
{
    enum sender_verdict verdict = SENDER_FINE;

    if (asking->rounds == ROUNDS_MAX)
        dns_facts_close(&asking->facts);
    if (asking->domain)
        verdict = sender_judge(asking->domain, &asking->facts);
    struct dns_lookup *lookup = verdict == SENDER_OPEN ? dns_facts_open(&asking->facts) : NULL;
    asking->base.base.answered = !lookup;
    if (lookup)
        asking->base.base.first = &lookup->errand;
    else
        say_verdict(&asking->base.base, verdict);
}

static void learn(struct work_errand *errand, struct errand *back)
{
    struct asking *asking = container_of(errand, struct asking, base);

    asking->rounds++;
    dns_facts_learn(&asking->facts, container_of(back, struct dns_lookup, errand));
    errand_free(back);
    ask(asking);
}

static void asking_free(struct errand *errand)
{
    struct asking *asking = asking_of(errand);

    errand_free(asking->base.base.first);
    dns_facts_clear(&asking->facts);
    free(asking->domain);
    free(asking);
}

/* Ours and address literals need no DNS. */
static char *domain_to_ask(const struct config *config, struct slice mail_from)
{
    size_t at = slice_find_last(mail_from, '@');
    struct slice domain = at == SIZE_MAX ? SLICE("") : slice_from(mail_from, at + 1);
    struct err ignored;
    char *canonical = NULL;

    if (config_hosts(config, domain) || (domain.len > 0 && domain.at[0] == '['))
        return NULL;
    return host_canonical(domain, &canonical, &ignored) ? canonical : must_dup("");
}

struct errand *work_outside_sender(struct smtp *smtp, struct slice mail_from)
{
    struct asking *asking = must_new(struct asking);

    asking->base.base.errand = (struct errand){.lane = LANE_QUICK, .free = asking_free, .ok = true};
    asking->base.fed = learn;
    asking->domain = domain_to_ask(smtp->parts.config, mail_from);
    asking->facts.memory = smtp->dns_memory;
    ask(asking);
    return &asking->base.base.errand;
}
