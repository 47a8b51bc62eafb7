/*
 * AUTH under TLS alone (RFC 4954): PLAIN (RFC 4616), LOGIN, and SCRAM-SHA-256 with and without channel binding
 * (smtp_scram.c).
 *
 * PLAIN:  C: AUTH PLAIN [base64]                      S: 235
 * LOGIN:  C: AUTH LOGIN [name]   S: 334   C: name     S: 334   C: password   S: 235
 * SCRAM:  C: AUTH SCRAM-SHA-256 [first]   S: 334 r,s,i   C: c,r,p   S: 334 v   C: (empty)   S: 235
 *
 * An unknown name is asked and refused like a known one.  Wrong passwords are answered late, and base/logins.h says who
 * must wait before the next.
 */
#include "log.h"
#include "memory.h"
#include "smtp_private.h"
#include "text.h"

#include <stdio.h>

static const struct mechanism {
    const char *name;
    enum auth_step step;
    bool binds, costly; /* a password costs us as much as one who guesses */
    const char *asks;   /* what the first 334 says: base64 */
} mechanisms[] = {
    {"SCRAM-SHA-256-PLUS", AUTH_SCRAM_FIRST, true,  false, ""            },
    {"SCRAM-SHA-256",      AUTH_SCRAM_FIRST, false, false, ""            },
    {"PLAIN",              AUTH_PLAIN,       false, true,  ""            },
    {"LOGIN",              AUTH_LOGIN_NAME,  false, true,  "VXNlcm5hbWU6"}, /* Username: */
};

static bool is_offered(const struct smtp_session *s, const struct mechanism *mechanism)
{
    return !mechanism->binds || scram_can_bind(&s->tls);
}

void auth_offer(const struct smtp_session *s, struct bytes *out)
{
    bytes_add_text(out, "250-AUTH");
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (is_offered(s, &mechanisms[i]))
            bytes_print(out, " %s", mechanisms[i].name);
    bytes_add_text(out, "\r\n");
}

void auth_clear(struct auth *auth)
{
    free(auth->name);
    scram_clear(&auth->scram);
    *auth = (struct auth){0};
}

enum next auth_end(struct smtp_session *s)
{
    auth_clear(&s->auth);
    enter(s, GREETED);
    return NEXT_READ;
}

enum next auth_malformed(struct smtp_session *s)
{
    auth_end(s);
    return reply_bad(s, 501, "5.5.2", "This is not what the mechanism asks for");
}

enum next auth_failed(struct smtp_session *s, const struct err *err)
{
    log_error("s=%s smtp login failed: %s (%s)", s->id, err->said, err->cause);
    auth_end(s);
    return reply(s, 454, "4.7.0",
                 "The password cannot be checked just now. Please try again later");
}

bool auth_must_wait(struct smtp_session *s, struct slice name, enum next *out_next)
{
    char words[120];
    int64_t wait_min = logins_wait_min(s->duties->logins, &s->peer.address, name, session_now(s));

    if (wait_min == 0)
        return false;
    auth_end(s);
    log_info("s=%s smtp login not tried: too many were wrong from the network of %s", s->id,
             s->peer.text);
    snprintf(words, sizeof words,
             "Too many wrong passwords came from your network. Try again in %lld min",
             (long long)wait_min);
    reply(s, 421, "4.7.0", words);
    *out_next = NEXT_HANG_UP;
    return true;
}

enum next auth_refuse(struct smtp_session *s, struct slice name)
{
    int64_t wait_ms = logins_failed(s->duties->logins, &s->peer.address, name, session_now(s));

    auth_end(s);
    log_info("s=%s smtp login refused from %s", s->id, s->peer.text);
    if (++s->auth_failures < AUTH_FAILURES_MAX)
        return reply_late(s, wait_ms, 535, "5.7.8", "Address or password is wrong");
    reply(s, 421, "4.7.0", "Too many wrong passwords. Come again later");
    return NEXT_HANG_UP;
}

enum next auth_accept(struct smtp_session *s, int64_t account_id, const char *address)
{
    if (s->endings != s->duties->roll->endings) { /* it may have been the old password */
        auth_end(s);
        return reply(s, 454, "4.7.0", "A password was changed just now. Please log in again");
    }
    logins_succeeded(s->duties->logins, &s->peer.address, slice_of(address), session_now(s));
    if (tally_of(s->duties->owners, (uint64_t)account_id) >= CONNECTIONS_OF_ONE) {
        auth_end(s);
        reply(s, 421, "4.7.0", "Too many connections are logged in to your account. Close some");
        return NEXT_HANG_UP;
    }
    tally_enter(s->duties->owners, (uint64_t)account_id);
    s->account_id = account_id;
    roll_enter(s->duties->roll, &s->seat, account_id);
    snprintf(s->account, sizeof s->account, "%s", address);
    auth_end(s);
    log_info("s=%s smtp login account=%lld", s->id, (long long)account_id);
    return reply(s, 235, "2.7.0", "Welcome");
}

enum next auth_judge(struct smtp_session *s, struct errand *back)
{
    const struct login_errand *login = container_of(back, struct login_errand, errand);
    scoped_text char *name = steal(&s->auth.name);

    if (!back->ok)
        return auth_failed(s, &back->err);
    if (login->closed) {
        auth_end(s);
        return reply_bad(s, 525, "5.7.13", "This account is closed. Ask the administrator");
    }
    if (login->account_id)
        return auth_accept(s, login->account_id, login->address);
    return auth_refuse(s, slice_of(name));
}

enum next auth_challenge(struct smtp_session *s, struct slice text, enum auth_step step)
{
    scoped_value(bytes) line = {0};

    base64_add(&line, text);
    s->auth.step = step;
    return reply(s, 334, "", line.at ? line.at : "");
}

/* ---- PLAIN and LOGIN ---- */

static enum next check_password(struct smtp_session *s, struct slice password)
{
    struct slice name = slice_of(s->auth.name);
    enum next next;

    if (auth_must_wait(s, name, &next))
        return next;
    s->endings = s->duties->roll->endings;
    return send_login(s, s->duties->login(s->duties->ctx, &s->peer, name, password), auth_judge);
}

static bool take_name(struct smtp_session *s, struct slice name)
{
    if (name.len == 0 || name.len >= ADDRESS_SIZE || slice_find(name, '\0') != SIZE_MAX)
        return false;
    s->auth.name = must_copy(name);
    return true;
}

/* [authzid] NUL authcid NUL password; acting for another is not offered. */
static enum next plain_message(struct smtp_session *s, struct slice message)
{
    struct slice rest = message;
    struct slice actor = slice_cut(&rest, '\0');
    struct slice name = rest.at ? slice_cut(&rest, '\0') : SLICE("");

    if (!rest.at || slice_find(rest, '\0') != SIZE_MAX || !take_name(s, name))
        return auth_malformed(s);
    if (actor.len > 0 && !slice_eq_nocase(actor, name))
        return auth_refuse(s, name);
    return check_password(s, rest);
}

static enum next login_name(struct smtp_session *s, struct slice message)
{
    if (!take_name(s, message))
        return auth_malformed(s);
    return auth_challenge(s, SLICE("Password:"), AUTH_LOGIN_PASSWORD);
}

/* ---- the exchange ---- */

static enum next take_message(struct smtp_session *s, struct slice message)
{
    switch (s->auth.step) {
    case AUTH_PLAIN: return plain_message(s, message);
    case AUTH_LOGIN_NAME: return login_name(s, message);
    case AUTH_LOGIN_PASSWORD: return check_password(s, message);
    case AUTH_SCRAM_FIRST: return auth_scram_first(s, message);
    case AUTH_SCRAM_FINAL: return auth_scram_final(s, message);
    case AUTH_SCRAM_DONE: return auth_accept(s, s->auth.account_id, s->auth.address);
    case AUTH_NONE: break;
    }
    __builtin_unreachable();
}

enum next auth_line(struct smtp_session *s, struct slice line)
{
    scoped_value(bytes) message = {0};

    if (slice_is(line, "*")) {
        auth_end(s);
        return reply_bad(s, 501, "5.7.0", "Given up, as you wish");
    }
    if (!base64_read(line, &message))
        return auth_malformed(s);
    enum next next = take_message(s, bytes_slice(&message));
    bytes_wipe(&message);
    return next;
}

static const struct mechanism *find_mechanism(const struct smtp_session *s, struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (slice_is_nocase(name, mechanisms[i].name) && is_offered(s, &mechanisms[i]))
            return &mechanisms[i];
    return NULL;
}

enum next on_auth(struct smtp_session *s, struct slice args)
{
    struct slice initial = args;
    struct slice word = slice_cut(&initial, ' ');

    if (s->door != SMTP_DOOR_SUBMISSION)
        return reply_bad(s, 502, "5.5.1", "There is no log-in on this port; use 587 or 465");
    if (!s->secured)
        return reply_bad(s, 538, "5.7.11", "Encryption required: use STARTTLS first");
    if (s->account_id)
        return reply_bad(s, 503, "5.5.1", "You are logged in already");
    const struct mechanism *mechanism = find_mechanism(s, word);
    if (!mechanism)
        return reply_bad(s, 504, "5.5.4", "This mechanism is not offered; EHLO says which are");
    if (mechanism->costly && s->duties->is_login_busy && s->duties->is_login_busy(s->duties->ctx))
        return reply(s, 454, "4.7.0", "Too many log in just now. Please try again in a minute");
    s->auth.step = mechanism->step;
    s->auth.scram.binds = mechanism->binds;
    enter(s, AUTHENTICATING);
    if (!initial.at)
        return reply(s, 334, "", mechanism->asks);
    return auth_line(s, slice_is(initial, "=") ? SLICE("") : slice_trim(initial));
}
