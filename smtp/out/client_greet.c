/* Greeting, EHLO, STARTTLS and log-in. */
#include "client_private.h"

#include "memory.h"
#include "text.h"

enum next client_hello(struct client *c)
{
    bytes_print(c->turn->out, "EHLO %s\r\n", c->talk->duties->hostname);
    client_enter(c, CLIENT_EHLO);
    return NEXT_READ;
}

enum next client_greeted(struct client *c, const struct smtp_reply *reply)
{
    if (reply->code != 220)
        return client_turned_away(c, reply);
    return client_hello(c);
}

static enum next start_tls(struct client *c)
{
    bytes_add(c->turn->out, SLICE("STARTTLS\r\n"));
    client_enter(c, CLIENT_STARTTLS);
    return NEXT_READ;
}

/* RFC 4616: nobody to act for, who, the password. */
static enum next log_in(struct client *c)
{
    const struct out_mail *mail = c->talk->mail;
    scoped_value(bytes) message = {0};

    bytes_add_char(&message, '\0');
    bytes_add_text(&message, mail->login);
    bytes_add_char(&message, '\0');
    bytes_add_text(&message, mail->password);
    bytes_add(c->turn->out, SLICE("AUTH PLAIN "));
    base64_add(c->turn->out, bytes_slice(&message));
    bytes_add(c->turn->out, SLICE("\r\n"));
    bytes_wipe(&message);
    client_enter(c, CLIENT_AUTH);
    return NEXT_READ;
}

/* Known well enough: what comes next depends on what TLS and log-in are still to be had. */
static enum next go_on(struct client *c)
{
    struct out_talk *talk = c->talk;

    if (!c->secured && talk->tls >= TLS_ALWAYS)
        return client_end(c, TALK_WITHOUT_TLS, "their server offers no TLS, which is demanded");
    if (talk->mail->terms.require_tls && !c->offers.require_tls) {
        talk->code = 550;
        return client_end(c, TALK_UNPROMISED,
                          "550 5.7.30 Their server does not promise TLS for the further way");
    }
    if (!talk->mail->login)
        return client_mail(c);
    if (c->offers.plain)
        return log_in(c);
    talk->login_refused = true;
    return client_end(c, TALK_TURNED_AWAY, "the relay offers no AUTH PLAIN");
}

enum next client_ehlo_answered(struct client *c, const struct smtp_reply *reply)
{
    if (reply_is(reply, 5)) { /* from before 1995, or in a mood */
        bytes_print(c->turn->out, "HELO %s\r\n", c->talk->duties->hostname);
        client_enter(c, CLIENT_HELO);
        return NEXT_READ;
    }
    if (!reply_is(reply, 2))
        return client_turned_away(c, reply);
    smtp_offers_read(reply, &c->offers);
    c->talk->outcome.heard = true;
    c->talk->outcome.offered |= c->secured || c->offers.starttls;
    if (!c->secured && c->offers.starttls && c->talk->tls != TLS_CLEAR)
        return start_tls(c);
    return go_on(c);
}

enum next client_helo_answered(struct client *c, const struct smtp_reply *reply)
{
    if (!reply_is(reply, 2))
        return client_turned_away(c, reply);
    c->talk->outcome.heard = true;
    return go_on(c);
}

enum next client_starttls_answered(struct client *c, const struct smtp_reply *reply)
{
    if (!reply_is(reply, 2))
        return go_on(c);
    client_enter(c, CLIENT_HANDSHAKE);
    c->talk->outcome.tried = true;
    return NEXT_START_TLS;
}

enum next client_auth_answered(struct client *c, const struct smtp_reply *reply)
{
    if (reply_is(reply, 2))
        return client_mail(c);
    c->talk->login_refused = true;
    return client_turned_away(c, reply);
}
