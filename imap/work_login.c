/* Passwords: PLAIN and SCRAM against the same keys; an unknown name costs the same and says the same. */
#include "bridge_login.h"
#include "imap_work.h"

#include <stdio.h>

struct question { /* by name; a proof is a login too */
    struct imap_proof proof;
    struct imap *imap;
    char *name;
    struct bytes secret;       /* PLAIN: the password; SCRAM: the proof */
    struct bytes auth_message; /* SCRAM */
};

static struct question *question_of(struct errand *errand)
{
    return container_of(errand, struct question, proof.login.base.errand);
}

static void accept_if(struct question *asked, const struct login_keys *found, bool right)
{
    asked->proof.login.account_id = right && !found->asleep ? found->account_id : 0;
    snprintf(asked->proof.login.address, sizeof asked->proof.login.address, "%s", found->address);
}

static bool check_password(struct errand *errand, struct err *err)
{
    struct question *asked = question_of(errand);
    struct login_keys found;

    if (!bridge_login_keys(asked->imap->parts.bridge, slice_of(asked->name), &found, err))
        return false;
    accept_if(asked, &found, scram_password_is(&found.keys, bytes_slice(&asked->secret)));
    return true;
}

static bool check_proof(struct errand *errand, struct err *err)
{
    struct question *asked = question_of(errand);
    struct login_keys found;

    if (!bridge_login_keys(asked->imap->parts.bridge, slice_of(asked->name), &found, err))
        return false;
    accept_if(asked, &found,
              scram_proof_is(&found.keys, bytes_slice(&asked->auth_message),
                             bytes_slice(&asked->secret), asked->proof.server_signature));
    return true;
}

static void question_free(struct errand *errand)
{
    struct question *asked = question_of(errand);

    if (asked->secret.at)
        explicit_bzero(asked->secret.at, asked->secret.capacity);
    bytes_clear(&asked->secret);
    bytes_clear(&asked->auth_message);
    free(asked->name);
    free(asked);
}

static struct question *question_new(struct imap *imap, struct slice name, struct slice secret,
                                     bool (*work)(struct errand *, struct err *))
{
    struct question *asked = must_new(struct question);

    asked->proof.login.base.errand =
        (struct errand){.lane = LANE_HEAVY, .work = work, .free = question_free};
    asked->imap = imap;
    asked->name = must_copy(name);
    bytes_add(&asked->secret, secret);
    return asked;
}

struct errand *duty_login(void *ctx, struct slice name, struct slice password)
{
    return &question_new(ctx, name, password, check_password)->proof.login.base.errand;
}

struct errand *duty_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof)
{
    struct question *asked = question_new(ctx, name, proof, check_proof);

    bytes_add(&asked->auth_message, auth_message);
    return &asked->proof.login.base.errand;
}

struct challenge {
    struct imap_challenge base;
    struct imap *imap;
    char *name;
};

static bool find_challenge(struct errand *errand, struct err *err)
{
    struct challenge *challenge = container_of(errand, struct challenge, base.base.errand);
    struct login_keys found;

    if (!bridge_login_keys(challenge->imap->parts.bridge, slice_of(challenge->name), &found, err))
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

struct errand *duty_challenge(void *ctx, struct slice name)
{
    struct challenge *challenge = must_new(struct challenge);

    challenge->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = find_challenge, .free = challenge_free};
    challenge->imap = ctx;
    challenge->name = must_copy(name);
    return &challenge->base.base.errand;
}
