/* Log-ins as errands; what is right the bridge says (bridge_login.h). */
#include "bridge_login.h"
#include "imap_work.h"

#include <stdio.h>

struct question { /* a proof is a login too */
    struct imap_proof proof;
    struct imap *imap;
    struct login_question asked;
    struct login_answer answer;
};

static struct question *question_of(struct errand *errand)
{
    return container_of(errand, struct question, proof.login.base.errand);
}

static void tell(struct question *it)
{
    struct imap_login *login = &it->proof.login;

    login->account_id = it->answer.account_id;
    snprintf(login->address, sizeof login->address, "%s", it->answer.address);
    memcpy(it->proof.server_signature, it->answer.server_signature,
           sizeof it->proof.server_signature);
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct question *it = question_of(errand);

    if (!bridge_login_record(it->imap->parts.bridge, tx, &it->asked, &it->answer, err))
        return false;
    tell(it);
    return true;
}

static bool check(struct errand *errand, struct err *err)
{
    struct question *it = question_of(errand);

    if (!bridge_login(it->imap->parts.bridge, &it->asked, &it->answer, err))
        return false;
    errand->write = it->answer.to_record ? record : NULL;
    tell(it);
    return true;
}

static void question_free(struct errand *errand)
{
    struct question *it = question_of(errand);

    login_question_clear(&it->asked);
    free(it);
}

static struct errand *ask(struct imap *imap, struct slice name, struct slice secret,
                          struct slice auth_message)
{
    struct question *it = must_new(struct question);

    it->proof.login.base.errand =
        (struct errand){.lane = LANE_HEAVY, .work = check, .free = question_free};
    it->imap = imap;
    login_question_init(&it->asked, name, secret, auth_message);
    return &it->proof.login.base.errand;
}

struct errand *duty_login(void *ctx, const struct peer *peer, struct slice name,
                          struct slice password)
{
    struct errand *errand = ask(ctx, name, password, SLICE(""));

    question_of(errand)->asked.network = must_dup(peer->text);

    errand->one_by_one = true; /* slow on purpose: no crowd of them has all the workers */
    return errand;
}

struct errand *duty_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof)
{
    return ask(ctx, name, proof, auth_message);
}

struct challenge {
    struct imap_challenge base;
    struct imap *imap;
    char *name;
};

static bool find_challenge(struct errand *errand, struct err *err)
{
    struct challenge *it = container_of(errand, struct challenge, base.base.errand);

    return bridge_login_challenge(it->imap->parts.bridge, slice_of(it->name), it->base.salt,
                                  &it->base.iterations, err);
}

static void challenge_free(struct errand *errand)
{
    struct challenge *it = container_of(errand, struct challenge, base.base.errand);

    free(it->name);
    free(it);
}

struct errand *duty_challenge(void *ctx, struct slice name)
{
    struct challenge *it = must_new(struct challenge);

    it->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = find_challenge, .free = challenge_free};
    it->imap = ctx;
    it->name = must_copy(name);
    return &it->base.base.errand;
}
