/*
 * faces — the two faces of a mail that is sealed (RFC 9788): what stays readable outside, and what goes inside.
 *
 * Inside goes the whole mail with every field it had, its Content-Type marked hp="cipher" (and protected-headers="v1",
 * which programs older than RFC 9788 look for) and an HP-Outer field for each field that stands outside too.  Outside
 * stands what delivery and threads need: the trace, From, Sender, To, Cc (their addresses alone), Date, Message-ID, In-Reply-To, References, List-Id
 * and the like, and "Subject: [...]".
 */
#ifndef NESTBOX_MIME_FACES_H
#define NESTBOX_MIME_FACES_H

#include "mail.h"

struct mail_faces {     /* `{0}` is an empty one */
    struct bytes outer; /* fields with their CRLF; neither those of MIME nor the empty line */
    struct bytes inner; /* header of what is sealed, with the empty line */
    int64_t body;       /* where in the source the rest of it begins */
};
void mail_faces_clear(struct mail_faces *faces);
SCOPED_VALUE(mail_faces, mail_faces_clear)

/* Takes anything: what has no header that can be read goes inside whole, as text. */
MUST_CHECK bool mail_faces_of(struct source *mail, struct mail_faces *out, struct err *err);

/* The addresses alone of a field like From, without the names beside them, which are words of people.  NULL: none. */
char *mail_bare_addresses(struct slice field);

/* Does the mail call itself encrypted, in the one shape that may rest as it came (RFC 3156 4, RFC 8551 3.3)?  Then
 * *out_part is the body of the part that must prove it, as it stands in the source (kept as a borrow). */
enum mail_claims { MAIL_CLAIMS_NOTHING, MAIL_CLAIMS_OPENPGP, MAIL_CLAIMS_CMS };
MUST_CHECK bool mail_claims_encryption(struct mail *mail, enum mail_claims *out,
                                       struct source **out_part, struct err *err);

#endif
