/* Who logs in: the bridge says. */
#include "bridge_login.h"
#include "imap_work.h"

static struct bridge *bridge_of(void *ctx)
{
    return ((struct imap *)ctx)->parts.bridge;
}

struct errand *duty_login(void *ctx, const struct peer *peer, struct slice name,
                          struct slice password)
{
    return bridge_login_errand(bridge_of(ctx), peer->text, name, password);
}

struct errand *duty_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof)
{
    return bridge_proof_errand(bridge_of(ctx), name, auth_message, proof);
}

struct errand *duty_challenge(void *ctx, struct slice name)
{
    return bridge_challenge_errand(bridge_of(ctx), name);
}
