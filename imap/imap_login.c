/*
 * Who logs in, by LOGIN or AUTHENTICATE: wrong passwords are answered late, and base/logins.h says who must wait before
 * the next.
 */
#include "clock.h"
#include "imap_private.h"
#include "log.h"
#include "memory.h"

enum { NAME_MOST = 320 };

int64_t watched_topic(const struct imap_session *s)
{
    if (s->selected.id)
        return topic_of(TOPIC_MAILBOX, s->selected.id);
    return s->account_id ? topic_of(TOPIC_LOGIN, s->account_id) : 0;
}

enum next accept_login(struct imap_session *s, int64_t account_id)
{
    if (s->endings != s->duties->roll->endings) { /* it may have been the old password */
        sasl_clear(&s->sasl);
        return no(s, "UNAVAILABLE", "A password was changed just now. Please log in again");
    }
    logins_succeeded(s->duties->logins, &s->peer.address, slice_of(s->sasl.name), imap_now(s));
    sasl_clear(&s->sasl);
    if (tally_of(s->duties->owners, (uint64_t)account_id) >= CONNECTIONS_OF_ONE)
        return no(s, "LIMIT", "Too many connections are logged in to your account. Close some");
    tally_enter(s->duties->owners, (uint64_t)account_id);
    s->account_id = account_id;
    roll_enter(s->duties->roll, &s->seat, account_id);
    s->login_failures = 0;
    enter_state(s, AUTHENTICATED);
    log_info("s=%s imap login account=%lld", s->id, (long long)account_id);
    bytes_print(s->turn->out, "%s OK [CAPABILITY ", s->tag);
    add_capabilities(s, s->turn->out);
    bytes_add_text(s->turn->out, "] Welcome\r\n");
    return NEXT_READ;
}

bool login_must_wait(struct imap_session *s, struct slice name, enum next *out_next)
{
    int64_t wait_min = logins_wait_min(s->duties->logins, &s->peer.address, name, imap_now(s));

    if (wait_min == 0)
        return false;
    log_info("s=%s imap login not tried: too many were wrong from the network of %s", s->id,
             s->peer.text);
    bytes_print(s->turn->out,
                "* BYE Too many wrong passwords came from your network. Try again in %lld min\r\n",
                (long long)wait_min);
    *out_next = NEXT_HANG_UP;
    return true;
}

static enum next refuse_login(struct imap_session *s)
{
    int64_t wait_ms =
        logins_failed(s->duties->logins, &s->peer.address, slice_of(s->sasl.name), imap_now(s));

    sasl_clear(&s->sasl);
    log_info("s=%s imap login refused from %s", s->id, s->peer.text);
    if (++s->login_failures >= LOGIN_FAILURES_MAX) {
        no(s, "AUTHENTICATIONFAILED", "Address or password is wrong");
        bytes_add_text(s->turn->out, "* BYE Too many wrong passwords. Come again later\r\n");
        return NEXT_HANG_UP;
    }
    s->late = must_print("%s NO [AUTHENTICATIONFAILED] Address or password is wrong\r\n", s->tag);
    s->late_at_ms = imap_now(s) + wait_ms;
    return NEXT_READ;
}

enum next judge_login(struct imap_session *s, struct errand *back)
{
    int64_t account_id = container_of(back, struct login_errand, errand)->account_id;

    if (!back->ok) {
        sasl_clear(&s->sasl);
        return no_errand(s, back);
    }
    errand_free(back);
    return account_id ? accept_login(s, account_id) : refuse_login(s);
}

enum next check_password(struct imap_session *s, struct slice name, struct slice password)
{
    enum next next;

    if (name.len == 0 || name.len > NAME_MOST || slice_find(name, '\0') != SIZE_MAX)
        return bad(s, "An address is missing");
    free(s->sasl.name);
    s->sasl.name = must_copy(name);
    if (login_must_wait(s, name, &next))
        return next;
    if (s->duties->is_login_busy && s->duties->is_login_busy(s->duties->ctx)) {
        sasl_clear(&s->sasl);
        return no(s, "UNAVAILABLE", "Too many log in just now. Please try again in a minute");
    }
    s->endings = s->duties->roll->endings;
    return await_errand(s, s->duties->login(s->duties->ctx, &s->peer, name, password), judge_login);
}

enum next imap_on_login(struct imap_session *s)
{
    struct slice name;
    struct slice password;

    if (!s->secured)
        return no(s, "PRIVACYREQUIRED", "Use STARTTLS first");
    if (!lex_space(&s->lexer) || !lex_astring(&s->lexer, &name))
        return bad(s, "LOGIN wants an address and a password");
    scoped_text char *address = must_copy(name); /* the password may use the lexer's room */
    if (!lex_space(&s->lexer) || !lex_astring(&s->lexer, &password) || !lexer_at_end(&s->lexer))
        return bad(s, "LOGIN wants an address and a password");
    enum next next = check_password(s, slice_of(address), password);
    if (s->command.at)
        explicit_bzero(s->command.at, s->command.capacity);
    if (s->lexer.unquoted.at)
        explicit_bzero(s->lexer.unquoted.at, s->lexer.unquoted.capacity);
    return next;
}
