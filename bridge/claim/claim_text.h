/*
 * claim_text — what a signed mail to the key desk says (docs/claims.md): pure.
 *
 *     claim alice@example.org [key FINGERPRINT]      invite WORD      confirm WORD example.org
 *
 * Each stands on a line of its own; other lines are words to nobody.  And the clear-signed text (RFC 9580 7) is taken apart.
 */
#ifndef NESTBOX_BRIDGE_CLAIM_TEXT_H
#define NESTBOX_BRIDGE_CLAIM_TEXT_H

#include "bytes.h"
#include "id.h"
#include "scope.h"
#include "slice.h"

enum {
    CLAIM_TEXT_MAX = 16 * 1024,
    CLAIM_NAME_MAX = 64,
    CLAIM_DOMAIN_MAX = 253,
    CLAIM_INVITATION_LEN = 20
};
enum claim_says {
    CLAIM_SAYS_NOTHING,
    CLAIM_SAYS_CLAIM,   /* user, domain, fingerprint */
    CLAIM_SAYS_CONFIRM, /* word, domain */
    CLAIM_SAYS_ABROAD,  /* an address that is not ASCII */
    CLAIM_SAYS_BADLY,   /* more than one of them, or one that cannot be read */
};
struct claim_text { /* all lower case, but the fingerprint; "" what is not said */
    enum claim_says says;
    char user[CLAIM_NAME_MAX + 1], domain[CLAIM_DOMAIN_MAX + 1];
    char fingerprint[41]; /* upper case */
    char word[TOKEN_LEN + 1];
    char invitation[CLAIM_INVITATION_LEN + 1];
};
/* Of `text` CLAIM_TEXT_MAX octets are read, with LF or CRLF. */
void claim_text_read(struct slice text, struct claim_text *out);

struct clear_signed {
    struct bytes
        text; /* as it was signed: no dashes added, no space at ends of lines, CRLF between them */
    struct slice armor; /* the signature, of what was given */
};
void clear_signed_clear(struct clear_signed *it);
SCOPED_VALUE(clear_signed, clear_signed_clear)
/* `mail` is the text of a mail, with LF or CRLF.  What stands around the one clear-signed text is left out; false: there is
 * none, or several. */
bool clear_signed_read(struct slice mail, struct clear_signed *out);

#endif
