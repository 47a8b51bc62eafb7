/* Log-ins as errands; who is right, login.c says. */
#include "login_errand.h"

#include "bridge_login.h"
#include "memory.h"

#include <stdio.h>

struct question {
    struct login_errand told;
    struct bridge *bridge;
    struct login_question asked;
    struct login_answer answer;
};

static struct question *question_of(struct errand *errand)
{
    return container_of(errand, struct question, told.errand);
}

static void tell(struct question *it)
{
    const struct login_answer *answer = &it->answer;

    it->told.account_id = answer->account_id;
    it->told.closed = answer->closed;
    memcpy(it->told.address, answer->address, sizeof it->told.address);
    memcpy(it->told.server_signature, answer->server_signature, sizeof it->told.server_signature);
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct question *it = question_of(errand);

    if (!bridge_login_record(it->bridge, tx, &it->asked, &it->answer, err))
        return false;
    tell(it);
    return true;
}

static bool check(struct errand *errand, struct err *err)
{
    struct question *it = question_of(errand);

    if (!bridge_login(it->bridge, &it->asked, &it->answer, err))
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

static struct errand *ask(struct bridge *bridge, struct slice name, struct slice secret,
                          struct slice auth_message)
{
    struct question *it = must_new(struct question);

    it->told.errand = (struct errand){.lane = LANE_HEAVY, .work = check, .free = question_free};
    it->bridge = bridge;
    login_question_init(&it->asked, name, secret, auth_message);
    return &it->told.errand;
}

struct errand *bridge_login_errand(struct bridge *bridge, const char *network, struct slice name,
                                   struct slice password)
{
    struct errand *errand = ask(bridge, name, password, SLICE(""));

    question_of(errand)->asked.network = must_dup(network);
    errand->one_by_one = true; /* slow on purpose: no crowd of them has all the workers */
    return errand;
}

struct errand *bridge_proof_errand(struct bridge *bridge, struct slice name,
                                   struct slice auth_message, struct slice proof)
{
    return ask(bridge, name, proof, auth_message);
}

/* ---- SCRAM's challenge ---- */
struct challenge {
    struct challenge_errand told;
    struct bridge *bridge;
    char *name;
};

static bool find_challenge(struct errand *errand, struct err *err)
{
    struct challenge *it = container_of(errand, struct challenge, told.errand);

    return bridge_login_challenge(it->bridge, slice_of(it->name), it->told.salt,
                                  &it->told.iterations, err);
}

static void challenge_free(struct errand *errand)
{
    struct challenge *it = container_of(errand, struct challenge, told.errand);

    free(it->name);
    free(it);
}

struct errand *bridge_challenge_errand(struct bridge *bridge, struct slice name)
{
    struct challenge *it = must_new(struct challenge);

    it->told.errand =
        (struct errand){.lane = LANE_QUICK, .work = find_challenge, .free = challenge_free};
    it->bridge = bridge;
    it->name = must_copy(name);
    return &it->told.errand;
}
