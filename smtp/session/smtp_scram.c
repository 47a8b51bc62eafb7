/* SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (base/scram.h): the session's side. */
#include "memory.h"
#include "smtp_private.h"

#include <stdio.h>

#define SOMEBODY_BETWEEN                                                                           \
    "Your TLS is not ours: somebody may stand between us. Log in from another network"

static enum next refuse(struct smtp_session *s, enum scram_verdict verdict)
{
    switch (verdict) {
    case SCRAM_MALFORMED: return auth_malformed(s);
    case SCRAM_UNKNOWN_BINDING:
        auth_end(s);
        return reply_bad(s, 504, "5.5.4", "Bind to tls-exporter or tls-server-end-point");
    case SCRAM_SOMEBODY_BETWEEN: auth_end(s); return reply_bad(s, 535, "5.7.8", SOMEBODY_BETWEEN);
    case SCRAM_FINE: break;
    }
    __builtin_unreachable();
}

static enum next challenge_made(struct smtp_session *s, struct errand *back)
{
    const struct challenge_errand *challenge = container_of(back, struct challenge_errand, errand);
    struct slice salt = {(const char *)challenge->salt, sizeof challenge->salt};
    scoped_value(bytes) message = {0};

    if (!back->ok)
        return auth_failed(s, &back->err);
    scram_challenge(&s->auth.scram, salt, challenge->iterations, &message);
    return auth_challenge(s, bytes_slice(&message), AUTH_SCRAM_FINAL);
}

enum next auth_scram_first(struct smtp_session *s, struct slice message)
{
    struct scram *scram = &s->auth.scram;
    enum scram_verdict verdict = scram_first(scram, message, &s->tls);
    enum next next;

    if (verdict != SCRAM_FINE)
        return refuse(s, verdict);
    s->auth.name = must_dup(scram->name);
    if (auth_must_wait(s, slice_of(s->auth.name), &next))
        return next;
    return send_login(s, s->duties->challenge(s->duties->ctx, slice_of(s->auth.name)),
                      challenge_made);
}

static enum next proof_checked(struct smtp_session *s, struct errand *back)
{
    const struct login_errand *proof = container_of(back, struct login_errand, errand);
    struct slice signature = {(const char *)proof->server_signature,
                              sizeof proof->server_signature};
    scoped_value(bytes) message = {0};

    if (!back->ok)
        return auth_failed(s, &back->err);
    if (proof->account_id == 0)
        return auth_judge(s, back);
    s->auth.account_id = proof->account_id;
    snprintf(s->auth.address, sizeof s->auth.address, "%s", proof->address);
    scram_last(signature, &message); /* accepted when the client has checked it, and says so */
    return auth_challenge(s, bytes_slice(&message), AUTH_SCRAM_DONE);
}

enum next auth_scram_final(struct smtp_session *s, struct slice message)
{
    scoped_value(bytes) auth_message = {0};
    scoped_value(bytes) proof = {0};
    enum scram_verdict verdict = scram_final(&s->auth.scram, message, &auth_message, &proof);

    if (verdict != SCRAM_FINE)
        return refuse(s, verdict);
    s->endings = s->duties->roll->endings;
    return send_login(s,
                      s->duties->prove(s->duties->ctx, slice_of(s->auth.name),
                                       bytes_slice(&auth_message), bytes_slice(&proof)),
                      proof_checked);
}
