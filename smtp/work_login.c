/* Passwords: PLAIN and SCRAM against the same keys; an unknown name costs the same and says the same. */
#include "bridge_login.h"
#include "smtp_work.h"

#include <stdio.h>

struct question { /* by name; `login` first so that a proof is a login too */
    struct smtp_proof proof;
    struct smtp *smtp;
    char *name;
    struct bytes secret;       /* PLAIN: the password; SCRAM: the proof */
    struct bytes auth_message; /* SCRAM */
};

struct challenge {
    struct smtp_challenge base;
    struct smtp *smtp;
    char *name;
};

static struct question *asked_of(struct errand *errand)
{
    return container_of(errand, struct question, proof.login.base.errand);
}

static void tell(struct smtp_login *login, const struct login_keys *found, bool right)
{
    login->account_id = right && !found->asleep ? found->account_id : 0;
    login->closed = right && found->asleep;
    snprintf(login->address, sizeof login->address, "%s", found->address);
}

static bool check_password(struct errand *errand, struct err *err)
{
    struct question *asked = asked_of(errand);
    struct login_keys found;

    if (!bridge_login_keys(asked->smtp->parts.bridge, slice_of(asked->name), &found, err))
        return false;
    tell(&asked->proof.login, &found, scram_password_is(&found.keys, bytes_slice(&asked->secret)));
    return true;
}

static bool check_proof(struct errand *errand, struct err *err)
{
    struct question *asked = asked_of(errand);
    struct login_keys found;

    if (!bridge_login_keys(asked->smtp->parts.bridge, slice_of(asked->name), &found, err))
        return false;
    tell(&asked->proof.login, &found,
         scram_proof_is(&found.keys, bytes_slice(&asked->auth_message), bytes_slice(&asked->secret),
                        asked->proof.server_signature));
    return true;
}

static void asked_free(struct errand *errand)
{
    struct question *asked = asked_of(errand);

    if (asked->secret.at)
        explicit_bzero(asked->secret.at, asked->secret.capacity);
    bytes_clear(&asked->secret);
    bytes_clear(&asked->auth_message);
    free(asked->name);
    free(asked);
}

static struct question *asked_new(struct smtp *smtp, struct slice name, struct slice secret,
                                  bool (*work)(struct errand *, struct err *))
{
    struct question *asked = must_new(struct question);

    asked->proof.login.base.errand =
        (struct errand){.lane = LANE_HEAVY, .work = work, .free = asked_free};
    asked->smtp = smtp;
    asked->name = must_copy(name);
    bytes_add(&asked->secret, secret);
    return asked;
}

struct errand *work_login(void *ctx, struct slice name, struct slice password)
{
    struct question *asked = asked_new(ctx, name, password, check_password);

    asked->proof.login.base.errand.one_by_one =
        true; /* slow on purpose: no crowd of them has all the workers */
    return &asked->proof.login.base.errand;
}

struct errand *work_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof)
{
    struct question *asked = asked_new(ctx, name, proof, check_proof);

    bytes_add(&asked->auth_message, auth_message);
    return &asked->proof.login.base.errand;
}

static bool find_challenge(struct errand *errand, struct err *err)
{
    struct challenge *challenge = container_of(errand, struct challenge, base.base.errand);
    struct login_keys found;

    if (!bridge_login_keys(challenge->smtp->parts.bridge, slice_of(challenge->name), &found, err))
        return false;
    memcpy(challenge->base.salt, found.keys.salt, sizeof challenge->base.salt);
    challenge->base.iterations = found.keys.iterations;
    return true;
}

static void challenge_free(struct errand *errand)
{
    struct challenge *challenge = container_of(errand, struct challenge, base.base.errand);

    free(challenge->name);
    free(challenge);
}

struct errand *work_challenge(void *ctx, struct slice name)
{
    struct challenge *challenge = must_new(struct challenge);

    challenge->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = find_challenge, .free = challenge_free};
    challenge->smtp = ctx;
    challenge->name = must_copy(name);
    return &challenge->base.base.errand;
}
