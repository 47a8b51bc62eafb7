/* AUTHENTICATE PLAIN (RFC 4616), with or without an initial response (RFC 4959). */
#include "imap_private.h"
#include "memory.h"
#include "text.h"

enum { NAME_MAX_LEN = 320 };

void sasl_clear(struct sasl *sasl)
{
    free(sasl->name);
    free(sasl->client_first_bare);
    free(sasl->server_first);
    free(sasl->client_nonce);
    free(sasl->gs2_header);
    *sasl = (struct sasl){0};
}

static void leave(struct imap_session *s)
{
    sasl_clear(&s->sasl);
    s->mode = MODE_COMMAND;
}

static enum next plain_checked(struct imap_session *s, struct errand *back)
{
    int64_t account_id = container_of(back, struct imap_login, base.errand)->account_id;

    leave(s);
    if (errand_failed(back))
        return no_errand(s, back);
    errand_free(back);
    return account_id ? accept_login(s, account_id) : refuse_login(s);
}

/* [authzid] NUL authcid NUL password; acting for another is not offered. */
static enum next plain_message(struct imap_session *s, struct slice message)
{
    struct slice rest = message;
    struct slice actor = slice_cut(&rest, '\0');
    struct slice name = rest.at ? slice_cut(&rest, '\0') : SLICE("");

    if (!rest.at || name.len == 0 || name.len > NAME_MAX_LEN ||
        slice_find(rest, '\0') != SIZE_MAX) {
        leave(s);
        return bad(s, "This is not what PLAIN asks for");
    }
    if (actor.len > 0 && !slice_eq_nocase(actor, name)) {
        leave(s);
        return no(s, "AUTHORIZATIONFAILED", "Log in as yourself");
    }
    return await_errand(s, s->duties->login(s->duties->ctx, name, rest), plain_checked);
}

enum next sasl_line(struct imap_session *s, struct slice line)
{
    scoped_value(bytes) message = {0};

    if (slice_is(line, "*") || !base64_read(line, &message)) {
        leave(s);
        return bad(s, slice_is(line, "*") ? "Given up, as you wish" : "This is not base64");
    }
    enum next next = plain_message(s, bytes_slice(&message));
    if (message.at)
        explicit_bzero(message.at, message.capacity);
    return next;
}

enum next imap_on_authenticate(struct imap_session *s)
{
    struct slice mechanism, initial;

    if (!s->secured)
        return no(s, "PRIVACYREQUIRED", "Use STARTTLS first");
    if (!lex_space(&s->lexer) || !lex_atom(&s->lexer, &mechanism))
        return bad(s, "AUTHENTICATE wants a mechanism");
    if (!slice_is_nocase(mechanism, "PLAIN"))
        return no(s, "CANNOT", "This mechanism is not offered");
    s->sasl.step = SASL_PLAIN;
    if (lex_space(&s->lexer)) {
        initial = s->lexer.rest;
        return sasl_line(s, slice_is(initial, "=") ? SLICE("") : initial);
    }
    s->mode = MODE_SASL;
    bytes_add_text(s->turn->out, "+ \r\n");
    return NEXT_READ;
}
