#include "out_tls.h"

enum tls_demand tls_decide(const struct tls_circumstances *circumstances)
{
    if (circumstances->login)
        return TLS_PROVED;
    if (circumstances->at_once || circumstances->secret)
        return TLS_ALWAYS;
    /* Encryption that a stranger may strip anyway: better in clear than not at all. */
    return circumstances->handshake_failed ? TLS_CLEAR : TLS_IF_OFFERED;
}
