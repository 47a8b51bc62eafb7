/* How much of a mail goes into one transaction, and over one connection: what they said of it (RFC 9422). */
#include "client_private.h"

#include "memory.h"

static const char *domain_of(const struct out_recipient *recipient)
{
    const char *at = strrchr(recipient->address, '@');

    return at ? at + 1 : "";
}

static bool is_known(const struct client *c, const char *domain)
{
    for (size_t i = 0; i < c->domain_count; i++)
        if (slice_is_nocase(slice_of(domain), c->domains[i]))
            return true;
    return false;
}

static bool has_room_for_domain(const struct client *c, const char *domain)
{
    size_t room = (size_t)c->offers.limits.domains;

    if (room == 0 || is_known(c, domain))
        return true;
    return c->domain_count < (room < CLIENT_DOMAINS_MAX ? room : CLIENT_DOMAINS_MAX);
}

static bool has_room_for(const struct client *c, const struct out_recipient *recipient)
{
    int most = c->offers.limits.recipients;

    return !c->full && (most == 0 || c->named < most) &&
           has_room_for_domain(c, domain_of(recipient));
}

size_t client_next_open(const struct client *c, size_t at)
{
    const struct out_mail *mail = c->talk->mail;

    while (at < mail->count && mail->recipients[at].fate != OUT_OPEN)
        at++;
    return at;
}

size_t client_next_to_name(const struct client *c, size_t at)
{
    const struct out_mail *mail = c->talk->mail;
    size_t next = client_next_open(c, at);

    return next < mail->count && has_room_for(c, &mail->recipients[next]) ? next : mail->count;
}

void client_named(struct client *c, const struct out_recipient *recipient)
{
    c->named++;
    if (c->offers.limits.domains > 0 && !is_known(c, domain_of(recipient)))
        c->domains[c->domain_count++] = must_dup(domain_of(recipient));
}

bool client_may_say_mail(const struct client *c)
{
    return c->offers.limits.mails == 0 || c->mails_said < c->offers.limits.mails;
}

static bool any_accepted(const struct client *c)
{
    for (size_t i = 0; i < c->talk->mail->count; i++)
        if (c->accepted[i])
            return true;
    return false;
}

/* Of the first it would be its mailbox that is full. */
bool client_hears_too_many(const struct client *c, const struct smtp_reply *reply)
{
    struct slice lines = reply->lines;

    if (!any_accepted(c))
        return false;
    return reply->code == 552 ||
           (reply->code == 452 && slice_starts_nocase(smtp_reply_text(&lines), "4.5.3"));
}

void client_forget_domains(struct client *c)
{
    while (c->domain_count > 0)
        free(c->domains[--c->domain_count]);
}
