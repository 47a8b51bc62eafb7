/*
 * dial — the value of a DIAL errand (LANE_DIAL): a conversation on a connection of our own making.
 *
 * The addresses are tried in turn; on the first that answers, `session` begins.  The errand comes home when that
 * session has ended and was freed, so whoever sent it may lend the session what it works on.  From sessions on the
 * outward loop alone: there both live.
 */
#ifndef NESTBOX_BASE_DIAL_H
#define NESTBOX_BASE_DIAL_H

#include "bytes.h"
#include "session.h"

enum dial_outcome {
    DIAL_TALKED,  /* the session began, however it ended */
    DIAL_BLOCKED, /* no address is one a stranger may lead us to */
    DIAL_SILENT,  /* no connection: may work later */
};
enum { DIAL_ADDRESSES_MAX = 8, DIAL_TLSA_MAX = 16, DIAL_NAMES_MAX = 3 };

struct dial_tlsa { /* RFC 6698 2.1 */
    unsigned char usage, selector, matching;
    struct bytes data;
};

struct dial {
    struct errand errand; /* ok: DIAL_TALKED */
    /* inputs */
    char host[256];      /* a name or an address: for `connect_to`, SNI and the certificate */
    int port;            /* of every address */
    const char *service; /* a literal, becomes peer.service */
    struct sockaddr_storage addresses[DIAL_ADDRESSES_MAX];
    size_t address_count; /* may be 0 where `connect_to` says the way */
    bool named_by_admin;  /* private addresses are allowed */
    bool tls_at_once;     /* as on port 465; else the session asks by NEXT_START_TLS */
    bool verify;          /* the certificate must be right, or the handshake fails */
    /* DANE (RFC 7672 3): with records, they judge the certificate, and no authority.  The first name is then their base
     * and the SNI; the others may stand in a certificate below a trust anchor of theirs (usage 2) as well. */
    struct dial_tlsa tlsa[DIAL_TLSA_MAX];
    size_t tlsa_count;
    char *names[DIAL_NAMES_MAX];
    size_t name_count;
    const struct session_kind *kind;
    void *session; /* given away when it begins, else freed with the errand */
    /* results */
    enum dial_outcome outcome;
    size_t tried;         /* how many addresses; the last of them is the one that was talked to */
    enum tls_trust trust; /* why the handshake failed, if it was for the certificate */
};
struct dial *dial_new(const char *host, int port, const struct session_kind *kind, void *session);
void dial_free(struct errand *errand);
/* Another address, its port does not count; false: there is no room, or it is neither IPv4 nor IPv6. */
bool dial_add(struct dial *dial, const struct sockaddr_storage *address);
/* Both copy; what is beyond their number is left out. */
void dial_add_tlsa(struct dial *dial, const struct dial_tlsa *tlsa);
void dial_add_name(struct dial *dial, const char *name);

#endif
