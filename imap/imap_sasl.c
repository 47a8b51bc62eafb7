/* AUTHENTICATE: PLAIN and SCRAM-SHA-256, -PLUS, with or without an initial response (RFC 4616, 4959, 5802). */
#include "imap_private.h"
#include "memory.h"
#include "text.h"

static const struct mechanism {
    const char *name;
    enum sasl_step step;
    bool binds;
} mechanisms[] = {
    {"SCRAM-SHA-256-PLUS", SASL_SCRAM_FIRST, true },
    {"SCRAM-SHA-256",      SASL_SCRAM_FIRST, false},
    {"PLAIN",              SASL_PLAIN,       false},
};

static bool is_offered(const struct imap_session *s, const struct mechanism *mechanism)
{
    return !mechanism->binds || scram_can_bind(&s->tls);
}

void add_mechanisms(const struct imap_session *s, struct bytes *out)
{
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (is_offered(s, &mechanisms[i]))
            bytes_print(out, " AUTH=%s", mechanisms[i].name);
}

void sasl_clear(struct sasl *sasl)
{
    free(sasl->name);
    scram_clear(&sasl->scram);
    *sasl = (struct sasl){0};
}

static void leave(struct imap_session *s)
{
    sasl_clear(&s->sasl);
    s->mode = MODE_COMMAND;
}

static enum next malformed(struct imap_session *s)
{
    leave(s);
    return bad(s, "This is not what the mechanism asks for");
}

/* "+ base64" */
static enum next say_challenge(struct imap_session *s, struct slice message, enum sasl_step step)
{
    bytes_add_text(s->turn->out, "+ ");
    base64_add(s->turn->out, message);
    bytes_add_text(s->turn->out, "\r\n");
    s->sasl.step = step;
    s->mode = MODE_SASL;
    return NEXT_READ;
}

/* [authzid] NUL authcid NUL password; acting for another is not offered. */
static enum next plain_message(struct imap_session *s, struct slice message)
{
    struct slice rest = message;
    struct slice actor = slice_cut(&rest, '\0');
    struct slice name = rest.at ? slice_cut(&rest, '\0') : SLICE("");

    if (!rest.at || slice_find(rest, '\0') != SIZE_MAX)
        return malformed(s);
    if (actor.len > 0 && !slice_eq_nocase(actor, name)) {
        leave(s);
        return no(s, "AUTHORIZATIONFAILED", "Log in as yourself");
    }
    s->mode = MODE_COMMAND;
    return check_password(s, name, rest);
}

/* ---- SCRAM ---- */

static enum next refuse_scram(struct imap_session *s, enum scram_verdict verdict)
{
    switch (verdict) {
    case SCRAM_MALFORMED: return malformed(s);
    case SCRAM_UNKNOWN_BINDING:
        leave(s);
        return no(s, "CANNOT", "Bind to tls-exporter or tls-server-end-point");
    case SCRAM_SOMEBODY_BETWEEN:
        leave(s);
        return no(s, "AUTHENTICATIONFAILED",
                  "Your TLS is not ours: somebody may stand between us. Log in from another "
                  "network");
    case SCRAM_FINE: break;
    }
    __builtin_unreachable();
}

static enum next challenge_made(struct imap_session *s, struct errand *back)
{
    const struct challenge_errand *challenge = container_of(back, struct challenge_errand, errand);
    struct slice salt = {(const char *)challenge->salt, sizeof challenge->salt};
    scoped_value(bytes) message = {0};

    if (!back->ok) {
        leave(s);
        return no_errand(s, back);
    }
    scram_challenge(&s->sasl.scram, salt, challenge->iterations, &message);
    errand_free(back);
    return say_challenge(s, bytes_slice(&message), SASL_SCRAM_FINAL);
}

static enum next first_message(struct imap_session *s, struct slice message)
{
    enum scram_verdict verdict = scram_first(&s->sasl.scram, message, &s->tls);
    enum next next;

    if (verdict != SCRAM_FINE)
        return refuse_scram(s, verdict);
    s->sasl.name = must_dup(s->sasl.scram.name);
    if (login_must_wait(s, slice_of(s->sasl.name), &next))
        return next;
    return await_errand(s, s->duties->challenge(s->duties->ctx, slice_of(s->sasl.name)),
                        challenge_made);
}

static enum next proof_checked(struct imap_session *s, struct errand *back)
{
    const struct login_errand *proof = container_of(back, struct login_errand, errand);
    struct slice signature = {(const char *)proof->server_signature,
                              sizeof proof->server_signature};
    scoped_value(bytes) message = {0};

    if (!back->ok || proof->account_id == 0) {
        s->mode = MODE_COMMAND;
        return judge_login(s, back);
    }
    s->sasl.account_id = proof->account_id;
    scram_last(signature, &message);
    errand_free(back);
    return say_challenge(s, bytes_slice(&message), SASL_SCRAM_DONE);
}

static enum next final_message(struct imap_session *s, struct slice message)
{
    scoped_value(bytes) auth_message = {0};
    scoped_value(bytes) proof = {0};
    enum scram_verdict verdict = scram_final(&s->sasl.scram, message, &auth_message, &proof);

    if (verdict != SCRAM_FINE)
        return refuse_scram(s, verdict);
    s->endings = s->duties->roll->endings;
    return await_errand(s,
                        s->duties->prove(s->duties->ctx, slice_of(s->sasl.name),
                                         bytes_slice(&auth_message), bytes_slice(&proof)),
                        proof_checked);
}

/* ---- the exchange ---- */

static enum next take_message(struct imap_session *s, struct slice message)
{
    switch (s->sasl.step) {
    case SASL_PLAIN: return plain_message(s, message);
    case SASL_SCRAM_FIRST: return first_message(s, message);
    case SASL_SCRAM_FINAL: return final_message(s, message);
    case SASL_SCRAM_DONE: s->mode = MODE_COMMAND; return accept_login(s, s->sasl.account_id);
    case SASL_NONE: break;
    }
    __builtin_unreachable();
}

enum next sasl_line(struct imap_session *s, struct slice line)
{
    scoped_value(bytes) message = {0};

    if (slice_is(line, "*")) {
        leave(s);
        return bad(s, "Given up, as you wish");
    }
    if (!base64_read(line, &message))
        return malformed(s);
    enum next next = take_message(s, bytes_slice(&message));
    bytes_wipe(&message);
    return next;
}

static const struct mechanism *find_mechanism(const struct imap_session *s, struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(mechanisms); i++)
        if (slice_is_nocase(name, mechanisms[i].name) && is_offered(s, &mechanisms[i]))
            return &mechanisms[i];
    return NULL;
}

enum next imap_on_authenticate(struct imap_session *s)
{
    struct slice word;

    if (!s->secured)
        return no(s, "PRIVACYREQUIRED", "Use STARTTLS first");
    if (!lex_space(&s->lexer) || !lex_atom(&s->lexer, &word))
        return bad(s, "AUTHENTICATE wants a mechanism");
    const struct mechanism *mechanism = find_mechanism(s, word);
    if (!mechanism)
        return no(s, "CANNOT", "This mechanism is not offered; CAPABILITY says which are");
    s->sasl.step = mechanism->step;
    s->sasl.scram.binds = mechanism->binds;
    if (!lex_space(&s->lexer))
        return say_challenge(s, SLICE(""), mechanism->step);
    s->mode = MODE_SASL;
    struct slice initial = s->lexer.rest;
    return sasl_line(s, slice_is(initial, "=") ? SLICE("") : initial);
}
