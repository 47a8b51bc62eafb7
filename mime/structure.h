/*
 * structure — what IMAP tells of a mail without its text (RFC 9051 7.5.2): ENVELOPE, BODYSTRUCTURE, and where each part lies.
 *
 * Computed once, when a mail is stored; afterwards FETCH reads rows, and parts by offset.  Strings stand as in the
 * mail, unfolded and not decoded; those with 8-bit or control bytes are literals.
 */
#ifndef NESTBOX_MIME_STRUCTURE_H
#define NESTBOX_MIME_STRUCTURE_H

#include "mail.h"

struct mail_structure { /* `{0}` is an empty one */
    struct bytes envelope, structure;
    /*
     * One line a part: "NUMBER BEGIN BODY END INNER ENCODING".  NUMBER is IMAP's ("1.2"), "0" the mail itself; offsets
     * are octets of the mail: header, body, behind the last; INNER: where the body of the mail inside a
     * message/rfc822 begins, else 0; ENCODING: lower case, "7bit" where none is said.
     */
    struct bytes parts;
};
void mail_structure_clear(struct mail_structure *structure);
SCOPED_VALUE(mail_structure, mail_structure_clear)
/* Reads text parts once more, for their lines. */
MUST_CHECK bool mail_structure_of(struct mail *mail, struct mail_structure *out, struct err *err);

#endif
