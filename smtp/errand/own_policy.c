#include "own_policy.h"

#include "digest.h"
#include "text.h"

#include <stdio.h>

/* While it is tried out a mistake should be forgotten soon. */
enum { TRIAL_AGE_S = 86400, AGE_S = 7 * 86400 };

void own_policy_text(const struct config *config, struct bytes *out)
{
    static const char *const modes[] = {
        [OWN_STS_NONE] = "none", [OWN_STS_TESTING] = "testing", [OWN_STS_ENFORCE] = "enforce"};

    bytes_print(out, "version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: %d\r\n",
                modes[config->mta_sts], config->hostname,
                config->mta_sts == OWN_STS_ENFORCE ? AGE_S : TRIAL_AGE_S);
}

void own_policy_id(const struct config *config, char out[OWN_POLICY_ID_SIZE])
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) text = {0};
    scoped_value(bytes) hex = {0};

    own_policy_text(config, &text);
    sha256(bytes_slice(&text), digest);
    hex_add(&hex, (struct slice){(const char *)digest, sizeof digest});
    snprintf(out, OWN_POLICY_ID_SIZE, "%s", hex.at);
}

static enum next on_policy(void *face, struct http_turn *turn)
{
    scoped_value(bytes) text = {0};

    own_policy_text(face, &text);
    http_add_field(turn->response, "X-Content-Type-Options", "nosniff");
    http_answer(turn->response, 200, "text/plain", bytes_slice(&text));
    return NEXT_READ;
}

static const struct http_route routes[] = {
    {"GET", "/.well-known/mta-sts.txt", ACCEPT_ANY, on_policy, NULL, NULL},
};

struct http_face own_policy_face(struct config *config)
{
    return (struct http_face){.routes = routes, .count = COUNT_OF(routes), .face = config};
}
