/*
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677; bindings: RFC 9266, 5929): the wire's side.  Keys and proofs are
 * the vault's.
 *
 * A proof over a binding that is not ours says that somebody else's TLS stands between the client and us.
 */
#include "id.h"
#include "memory.h"
#include "smtp_private.h"
#include "text.h"

#include <stdio.h>

#define SOMEBODY_BETWEEN                                                                           \
    "Your TLS is not ours: somebody may stand between us. Log in from another network"

enum { NONCE_BYTES = 18 };
enum binding {
    BINDING_FINE,
    BINDING_MALFORMED,
    BINDING_UNKNOWN,
    BINDING_LOST, /* our offer did not reach the client (RFC 5802 6) */
};

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

static enum next challenge_made(struct smtp_session *s, struct smtp_errand *errand)
{
    struct smtp_challenge *challenge = container_of(errand, struct smtp_challenge, base);
    unsigned char random[NONCE_BYTES];
    scoped_value(bytes) nonce = {0};
    scoped_value(bytes) salt = {0};

    if (!errand->errand.ok)
        return auth_failed(s, &errand->errand.err);
    random_bytes(random, sizeof random);
    base64_add(&nonce, (struct slice){(char *)random, sizeof random});
    base64_add(&salt, (struct slice){(char *)challenge->salt, sizeof challenge->salt});
    s->auth.server_first = must_print("r=%s%s,s=%s,i=%d", s->auth.client_nonce, nonce.at, salt.at,
                                      challenge->iterations);
    return auth_challenge(s, slice_of(s->auth.server_first), AUTH_SCRAM_FINAL);
}

/* "n": the client cannot bind; "y": it can, and believes that we cannot; "p=NAME": it does (RFC 5802 6). */
static enum binding choose_binding(struct smtp_session *s, struct slice flag)
{
    bool offered = s->tls.channel_binding_len > 0 || s->tls.end_point_len > 0;

    if (slice_is(flag, "n"))
        return s->auth.binds ? BINDING_MALFORMED : BINDING_FINE;
    if (slice_is(flag, "y") && !s->auth.binds)
        return offered ? BINDING_LOST : BINDING_FINE;
    if (slice_is(flag, "p=tls-exporter"))
        s->auth.binding =
            (struct slice){(char *)s->tls.channel_binding, s->tls.channel_binding_len};
    else if (slice_is(flag, "p=tls-server-end-point"))
        s->auth.binding = (struct slice){(char *)s->tls.end_point, s->tls.end_point_len};
    else if (!slice_starts(flag, SLICE("p=")))
        return BINDING_MALFORMED;
    if (!s->auth.binds)
        return BINDING_MALFORMED;
    return s->auth.binding.len > 0 ? BINDING_FINE : BINDING_UNKNOWN;
}

/* gs2-header with our own name as authzid or none; then n=NAME,r=NONCE. */
static enum binding read_client_first(struct smtp_session *s, struct slice message)
{
    struct slice rest = message;
    struct slice flag = slice_cut(&rest, ',');
    struct slice authzid = rest.at ? slice_cut(&rest, ',') : SLICE("");
    struct slice name;
    struct slice nonce;

    if (!rest.at)
        return BINDING_MALFORMED;
    enum binding binding = choose_binding(s, flag);
    if (binding != BINDING_FINE)
        return binding;
    s->auth.gs2_header = must_copy(slice_first(message, message.len - rest.len));
    s->auth.client_first_bare = must_copy(rest);
    if (!take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce) || nonce.len == 0)
        return BINDING_MALFORMED;
    s->auth.client_nonce = must_copy(nonce);
    s->auth.name = scram_name(name);
    bool other = authzid.len > 0 &&
                 (!slice_starts(authzid, SLICE("a=")) || !slice_eq(slice_from(authzid, 2), name));
    return s->auth.name && !other ? BINDING_FINE : BINDING_MALFORMED;
}

enum next scram_first(struct smtp_session *s, struct slice message)
{
    enum next next;

    switch (utf8_valid(message) ? read_client_first(s, message) : BINDING_MALFORMED) {
    case BINDING_FINE: break;
    case BINDING_MALFORMED: return auth_malformed(s);
    case BINDING_UNKNOWN:
        auth_end(s);
        return reply_bad(s, 504, "5.5.4", "Bind to tls-exporter or tls-server-end-point");
    case BINDING_LOST: auth_end(s); return reply_bad(s, 535, "5.7.8", SOMEBODY_BETWEEN);
    }
    if (auth_must_wait(s, slice_of(s->auth.name), &next))
        return next;
    return send_errand(s, s->duties->challenge(s->duties->ctx, slice_of(s->auth.name)),
                       challenge_made);
}

static enum next proof_checked(struct smtp_session *s, struct smtp_errand *errand)
{
    struct smtp_proof *proof = container_of(errand, struct smtp_proof, login.base);
    scoped_value(bytes) message = {0};

    if (!errand->errand.ok)
        return auth_failed(s, &errand->errand.err);
    if (proof->login.account_id == 0)
        return auth_judge(s, &proof->login);
    s->auth.account_id = proof->login.account_id;
    snprintf(s->auth.address, sizeof s->auth.address, "%s", proof->login.address);
    bytes_add_text(&message, "v="); /* accepted when the client has checked it, and says so */
    base64_add(&message,
               (struct slice){(char *)proof->server_signature, sizeof proof->server_signature});
    return auth_challenge(s, bytes_slice(&message), AUTH_SCRAM_DONE);
}

/* c= repeats the gs2-header, and proves that both see the same TLS. */
static bool binding_is_right(const struct smtp_session *s, struct slice text)
{
    scoped_value(bytes) said = {0};
    scoped_value(bytes) right = {0};

    bytes_add_text(&right, s->auth.gs2_header);
    bytes_add(&right, s->auth.binding);
    return base64_read(text, &said) && slice_eq(bytes_slice(&said), bytes_slice(&right));
}

struct client_final {
    struct slice binding, nonce, proof; /* binding and proof in base64 */
    struct slice without_proof;
};

static bool read_client_final(struct slice message, struct client_final *out)
{
    struct slice rest = message;
    size_t proof_at = slice_find_text(message, SLICE(",p="));

    if (proof_at == SIZE_MAX || !take_attribute(&rest, 'c', &out->binding) ||
        !take_attribute(&rest, 'r', &out->nonce))
        return false;
    out->without_proof = slice_first(message, proof_at);
    out->proof = slice_from(message, proof_at + 3);
    return true;
}

/* r= repeats the whole nonce: then nothing was changed on the way. */
static bool nonce_is_right(const struct smtp_session *s, struct slice nonce)
{
    struct slice server_first = slice_of(s->auth.server_first);

    return slice_eq(nonce, slice_from(slice_cut(&server_first, ','), 2));
}

enum next scram_final(struct smtp_session *s, struct slice message)
{
    struct client_final final;
    scoped_value(bytes) proof = {0};

    if (!read_client_final(message, &final) || !nonce_is_right(s, final.nonce) ||
        !base64_read(final.proof, &proof))
        return auth_malformed(s);
    if (!binding_is_right(s, final.binding)) {
        auth_end(s);
        return reply_bad(s, 535, "5.7.8", SOMEBODY_BETWEEN);
    }
    scoped_text char *auth_message =
        must_print("%s,%s,%.*s", s->auth.client_first_bare, s->auth.server_first,
                   SLICE_ARGS(final.without_proof));
    return send_errand(s,
                       s->duties->prove(s->duties->ctx, slice_of(s->auth.name),
                                        slice_of(auth_message), bytes_slice(&proof)),
                       proof_checked);
}
