/*
 * AUTH PLAIN and SCRAM-SHA-256, under TLS alone (RFC 4954, 4616, 5802, 7677).
 *
 * PLAIN:  C: AUTH PLAIN [base64]                      S: 235
 * SCRAM:  C: AUTH SCRAM-SHA-256 [first]   S: 334 r,s,i   C: c,r,p   S: 334 v   C: (empty)   S: 235
 *
 * An unknown name is asked and refused like a known one.
 */
#include "id.h"
#include "log.h"
#include "memory.h"
#include "smtp_private.h"
#include "text.h"

#include <stdio.h>

enum { NONCE_BYTES = 18 };

void auth_clear(struct auth *auth)
{
    free(auth->name);
    free(auth->client_first_bare);
    free(auth->server_first);
    free(auth->client_nonce);
    free(auth->gs2_header);
    *auth = (struct auth){0};
}

static enum next end_auth(struct smtp_session *s)
{
    auth_clear(&s->auth);
    enter(s, GREETED);
    return NEXT_READ;
}

static enum next refuse_auth(struct smtp_session *s)
{
    end_auth(s);
    log_info("s=%s smtp login refused from %s", s->id, s->peer.text);
    if (++s->auth_failures >= AUTH_FAILURES_MAX) {
        reply(s, 421, "4.7.0", "Too many wrong passwords. Come again later");
        return NEXT_HANG_UP;
    }
    return reply_bad(s, 535, "5.7.8", "Address or password is wrong");
}

static enum next malformed_auth(struct smtp_session *s)
{
    end_auth(s);
    return reply_bad(s, 501, "5.5.2", "This is not what the mechanism asks for");
}

static enum next accept_auth(struct smtp_session *s, int64_t account_id, const char *address)
{
    s->account_id = account_id;
    snprintf(s->account, sizeof s->account, "%s", address);
    end_auth(s);
    log_info("s=%s smtp login account=%lld", s->id, (long long)account_id);
    return reply(s, 235, "2.7.0", "Welcome");
}

/* ---- PLAIN ---- */

static enum next plain_checked(struct smtp_session *s, struct smtp_errand *errand)
{
    struct smtp_login *login = container_of(errand, struct smtp_login, base);

    if (!errand->errand.ok) {
        end_auth(s);
        return reply(s, 454, "4.7.0", "The password cannot be checked just now");
    }
    return login->account_id ? accept_auth(s, login->account_id, login->address) : refuse_auth(s);
}

/* [authzid] NUL authcid NUL password; acting for another is not offered. */
static enum next plain_message(struct smtp_session *s, struct slice message)
{
    struct slice rest = message;
    struct slice actor = slice_cut(&rest, '\0');
    struct slice name = rest.at ? slice_cut(&rest, '\0') : SLICE("");

    if (!rest.at || name.len == 0 || name.len >= ADDRESS_SIZE || slice_find(rest, '\0') != SIZE_MAX)
        return malformed_auth(s);
    if (actor.len > 0 && !slice_eq_nocase(actor, name))
        return refuse_auth(s);
    return send_errand(s, s->duties->login(s->duties->ctx, name, rest), plain_checked);
}

/* ---- SCRAM ---- */

/* "r=…" and the like: cuts one attribute of that letter off the head. */
static bool take_attribute(struct slice *rest, char letter, struct slice *out)
{
    if (!rest->at || rest->len < 2 || rest->at[0] != letter || rest->at[1] != '=')
        return false;
    struct slice attribute = slice_cut(rest, ',');
    *out = slice_from(attribute, 2);
    return true;
}

/* =2C is a comma and =3D an equals sign (RFC 5802 5.1). */
static char *scram_name(struct slice raw)
{
    scoped_value(bytes) name = {0};

    for (size_t i = 0; i < raw.len; i++) {
        struct slice here = slice_from(raw, i);
        if (raw.at[i] != '=') {
            bytes_add_char(&name, raw.at[i]);
        } else if (slice_starts(here, SLICE("=2C")) || slice_starts(here, SLICE("=3D"))) {
            bytes_add_char(&name, here.at[2] == 'C' ? ',' : '=');
            i += 2;
        } else {
            return NULL;
        }
    }
    return name.len > 0 && name.len < ADDRESS_SIZE ? bytes_take(&name) : NULL;
}

static enum next send_challenge(struct smtp_session *s, struct slice text, enum auth_step step)
{
    scoped_value(bytes) line = {0};

    base64_add(&line, text);
    s->auth.step = step;
    return reply(s, 334, "", line.at ? line.at : "");
}

static enum next challenge_made(struct smtp_session *s, struct smtp_errand *errand)
{
    struct smtp_challenge *challenge = container_of(errand, struct smtp_challenge, base);
    unsigned char random[NONCE_BYTES];
    scoped_value(bytes) nonce = {0};
    scoped_value(bytes) salt = {0};

    if (!errand->errand.ok) {
        end_auth(s);
        return reply(s, 454, "4.7.0", "The password cannot be checked just now");
    }
    random_bytes(random, sizeof random);
    base64_add(&nonce, (struct slice){(char *)random, sizeof random});
    base64_add(&salt, (struct slice){(char *)challenge->salt, sizeof challenge->salt});
    s->auth.server_first = must_print("r=%s%s,s=%s,i=%d", s->auth.client_nonce, nonce.at, salt.at,
                                      challenge->iterations);
    return send_challenge(s, slice_of(s->auth.server_first), AUTH_SCRAM_FINAL);
}

/* gs2-header "n,," or "y,,", with our own name as authzid or none; then n=NAME,r=NONCE. */
static bool read_client_first(struct smtp_session *s, struct slice message)
{
    struct slice rest = message;
    struct slice flag = slice_cut(&rest, ',');
    struct slice authzid = rest.at ? slice_cut(&rest, ',') : SLICE("");
    struct slice name;
    struct slice nonce;

    if (!rest.at || !(slice_is(flag, "n") || slice_is(flag, "y")))
        return false; /* p=: channel binding was not offered */
    s->auth.gs2_header = must_copy(slice_first(message, message.len - rest.len));
    s->auth.client_first_bare = must_copy(rest);
    if (!take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce) || nonce.len == 0)
        return false;
    s->auth.client_nonce = must_copy(nonce);
    s->auth.name = scram_name(name);
    if (authzid.len > 0 &&
        (!slice_starts(authzid, SLICE("a=")) || !slice_eq(slice_from(authzid, 2), name)))
        return false;
    return s->auth.name != NULL;
}

static enum next scram_first(struct smtp_session *s, struct slice message)
{
    if (!utf8_valid(message) || !read_client_first(s, message))
        return malformed_auth(s);
    return send_errand(s, s->duties->challenge(s->duties->ctx, slice_of(s->auth.name)),
                       challenge_made);
}

static enum next proof_checked(struct smtp_session *s, struct smtp_errand *errand)
{
    struct smtp_proof *proof = container_of(errand, struct smtp_proof, login.base);
    scoped_value(bytes) message = {0};

    if (!errand->errand.ok) {
        end_auth(s);
        return reply(s, 454, "4.7.0", "The password cannot be checked just now");
    }
    if (proof->login.account_id == 0)
        return refuse_auth(s);
    s->auth.account_id = proof->login.account_id;
    snprintf(s->auth.address, sizeof s->auth.address, "%s", proof->login.address);
    bytes_add_text(&message, "v=");
    base64_add(&message,
               (struct slice){(char *)proof->server_signature, sizeof proof->server_signature});
    return send_challenge(s, bytes_slice(&message), AUTH_SCRAM_DONE);
}

/* c= repeats the gs2-header, r= the whole nonce: then nothing was changed on the way. */
static bool read_client_final(const struct smtp_session *s, struct slice message,
                              struct slice *out_without_proof, struct bytes *out_proof)
{
    struct slice rest = message;
    struct slice binding;
    struct slice nonce;
    scoped_value(bytes) header = {0};

    size_t proof_at = slice_find_text(message, SLICE(",p="));
    if (proof_at == SIZE_MAX || !take_attribute(&rest, 'c', &binding) ||
        !take_attribute(&rest, 'r', &nonce) || !base64_read(binding, &header))
        return false;
    struct slice server_first = slice_of(s->auth.server_first);
    struct slice whole_nonce = slice_from(slice_cut(&server_first, ','), 2);
    *out_without_proof = slice_first(message, proof_at);
    return slice_is(bytes_slice(&header), s->auth.gs2_header) && slice_eq(nonce, whole_nonce) &&
           base64_read(slice_from(message, proof_at + 3), out_proof);
}

static enum next scram_final(struct smtp_session *s, struct slice message)
{
    struct slice without_proof;
    scoped_value(bytes) proof = {0};

    if (!read_client_final(s, message, &without_proof, &proof))
        return malformed_auth(s);
    scoped_text char *auth_message = must_print("%s,%s,%.*s", s->auth.client_first_bare,
                                                s->auth.server_first, SLICE_ARGS(without_proof));
    return send_errand(s,
                       s->duties->prove(s->duties->ctx, slice_of(s->auth.name),
                                        slice_of(auth_message), bytes_slice(&proof)),
                       proof_checked);
}

/* ---- the exchange ---- */

static enum next take_message(struct smtp_session *s, struct slice message)
{
    switch (s->auth.step) {
    case AUTH_PLAIN: return plain_message(s, message);
    case AUTH_SCRAM_FIRST: return scram_first(s, message);
    case AUTH_SCRAM_FINAL: return scram_final(s, message);
    case AUTH_SCRAM_DONE: return accept_auth(s, s->auth.account_id, s->auth.address);
    case AUTH_NONE: break;
    }
    __builtin_unreachable();
}

enum next auth_line(struct smtp_session *s, struct slice line)
{
    scoped_value(bytes) message = {0};

    if (slice_is(line, "*")) {
        end_auth(s);
        return reply_bad(s, 501, "5.7.0", "Given up, as you wish");
    }
    if (!base64_read(line, &message))
        return malformed_auth(s);
    enum next next = take_message(s, bytes_slice(&message));
    if (message.at)
        explicit_bzero(message.at, message.capacity);
    return next;
}

enum next on_auth(struct smtp_session *s, struct slice args)
{
    struct slice initial = args;
    struct slice mechanism = slice_cut(&initial, ' ');

    if (s->door != SMTP_DOOR_SUBMISSION)
        return reply_bad(s, 502, "5.5.1", "There is no log-in on this port; use 587 or 465");
    if (!s->secured)
        return reply_bad(s, 538, "5.7.11", "Encryption required: use STARTTLS first");
    if (s->account_id)
        return reply_bad(s, 503, "5.5.1", "You are logged in already");
    if (slice_is_nocase(mechanism, "PLAIN")) {
        if (s->duties->is_login_busy && s->duties->is_login_busy(s->duties->ctx))
            return reply(s, 454, "4.7.0", "Too many log in just now. Please try again in a minute");
        s->auth.step = AUTH_PLAIN;
    } else if (slice_is_nocase(mechanism, "SCRAM-SHA-256")) {
        s->auth.step = AUTH_SCRAM_FIRST;
    } else {
        return reply_bad(s, 504, "5.5.4", "This mechanism is not offered");
    }
    enter(s, AUTHENTICATING);
    if (!initial.at)
        return reply(s, 334, "", "");
    return auth_line(s, slice_is(initial, "=") ? SLICE("") : slice_trim(initial));
}
