/* Who logs in: the bridge says. */
#include "bridge_login.h"
#include "smtp_work.h"

static struct bridge *bridge_of(void *ctx)
{
    return ((struct smtp *)ctx)->parts.bridge;
}

struct errand *work_login(void *ctx, const struct peer *peer, struct slice name,
                          struct slice password)
{
    return bridge_login_errand(bridge_of(ctx), peer->text, name, password);
}

struct errand *work_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof)
{
    return bridge_proof_errand(bridge_of(ctx), name, auth_message, proof);
}

struct errand *work_challenge(void *ctx, struct slice name)
{
    return bridge_challenge_errand(bridge_of(ctx), name);
}
