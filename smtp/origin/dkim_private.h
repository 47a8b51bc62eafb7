/* dkim_private — what the files of DKIM and ARC share. */
#ifndef NESTBOX_SMTP_DKIM_PRIVATE_H
#define NESTBOX_SMTP_DKIM_PRIVATE_H

#include "arc.h"

/* ---- tag=value lists (RFC 6376 3.2), dkim_tags.c ---- */
enum { DKIM_TAGS_MAX = 32 };
struct dkim_tags {
    struct dkim_tag {
        struct slice name;
        struct slice value; /* without the white space around it; may be folded inside */
        struct slice whole; /* all between "=" and ";" */
    } at[DKIM_TAGS_MAX];
    size_t count;
};
/* False: not such a list, one name twice, or too many. */
MUST_CHECK bool dkim_tags_read(struct slice list, struct dkim_tags *out);
/* NULL: there is none of that name. */
const struct dkim_tag *dkim_tag(const struct dkim_tags *tags, const char *name);
/* The value, or `otherwise`. */
struct slice dkim_tag_or(const struct dkim_tags *tags, const char *name, const char *otherwise);
/* Decodes base64 with white space in it; false leaves `out` as it was. */
MUST_CHECK bool dkim_base64(struct slice value, struct bytes *out);
/* Does the list, parted by colons, hold that word (case ignored)? */
bool dkim_list_has(struct slice list, const char *word);
/* The next word of a list parted by colons, trimmed; loop while (rest.at). */
struct slice dkim_list_next(struct slice *rest);

/* ---- canonical forms (RFC 6376 3.4), dkim_canon.c ---- */
enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED, DKIM_CANONS };
/* Appends the field (name, colon, value, folded or not, no line end behind it) with its CRLF. */
void dkim_canon_field(enum dkim_canon canon, struct slice field, struct bytes *out);
enum { DKIM_READY = 4096 };
struct dkim_body_run { /* over a body that comes in pieces; {.canon = …, .hash = sha256_start()} */
    enum dkim_canon canon;
    struct sha256_run *hash;
    int64_t len;            /* of the canonical form, so far */
    int64_t line_ends;      /* that came, and count only if more text comes */
    bool cr, space;         /* came, and wait for what follows */
    char ready[DKIM_READY]; /* canonical, not hashed yet */
    size_t ready_len;
};
void dkim_body_add(struct dkim_body_run *run, struct slice piece);
void dkim_body_end(struct dkim_body_run *run,
                   unsigned char out[SHA256_LEN]); /* frees what it holds */

/* ---- a mail's text, dkim_text.c ---- */
struct dkim_field {
    struct slice name;  /* as written, without white space */
    struct slice text;  /* all of it, without the last line end */
    struct slice value; /* behind the colon */
};
struct dkim_body { /* one canonical form */
    bool wanted;
    struct dkim_body_run run;
    unsigned char digest[SHA256_LEN];
    int64_t len;
};
struct dkim_text {
    enum dkim_use use;
    struct bytes header;
    size_t line_len; /* of the header's line that is being read */
    bool in_body, too_long;
    struct dkim_field *fields;
    size_t count, capacity;
    struct dkim_body bodies[DKIM_CANONS];
};
/* The field of that name that is the `nth` from the bottom, counted from 0; NULL: there is none. */
const struct dkim_field *dkim_field_up(const struct dkim_text *text, struct slice name, size_t nth);
bool dkim_field_is(const struct dkim_field *field, const char *name); /* case ignored */

/* ---- a signature, dkim_signature.c ---- */
enum dkim_form { DKIM_FIELD, DKIM_ARC_MESSAGE, DKIM_ARC_SEAL };
/* a=, d=, s=, b=, t=, x=; false: out->result says why not. */
MUST_CHECK bool dkim_signature_begin(struct dkim_signature *out, const struct dkim_tags *tags,
                                     int64_t now_ms);
/* A field that covers header and body: DKIM_FIELD or DKIM_ARC_MESSAGE.  Fills out->result. */
void dkim_signature_read(const struct dkim_text *text, const struct dkim_field *field,
                         enum dkim_form form, int64_t now_ms, struct dkim_signature *out);
/* Which canonical form of the body the field's signature covers; false: it cannot be read. */
bool dkim_signature_body(struct slice value, enum dkim_canon *out);
/* The field's canonical form with b= emptied and without the last CRLF. */
void dkim_canon_self(enum dkim_canon canon, const struct dkim_field *field,
                     const struct dkim_tags *tags, struct bytes *out);
bool dkim_refuse(struct dkim_signature *out, enum auth_result result, const char *why); /* false */

/* ---- our own, dkim_sign.c ---- */
bool dkim_can_sign(const struct dkim_text *text); /* it has a From, and its header was read whole */
/* Goes on with a field of ours up to "b=": h= and bh= of `text`.  `signatures`: fields that will stand above it, whose
 * DKIM-Signatures are covered too; or NULL.  `signed_text` gets what the private key signs, the field last. */
void dkim_cover(const struct dkim_text *text, const struct dkim_text *signatures,
                struct bytes *field, struct bytes *signed_text);
/* A field that ends with "b=", as it is signed: without its last CRLF. */
void dkim_cover_self(const struct bytes *field, struct bytes *signed_text);

/* False: its key is being asked for. */
bool dkim_signature_judge(struct dkim_signature *signature, struct dns_facts *facts,
                          const struct dkim_prover *prover);

/* ---- sets of ARC, arc.c ---- */
enum { ARC_NUMBER_MAX = 50 };                                    /* RFC 8617 4.2.1 */
enum arc_part { ARC_RESULTS, ARC_MESSAGE, ARC_SEAL, ARC_PARTS }; /* in the order of a seal */
struct arc_sets {
    const struct dkim_field *at[ARC_NUMBER_MAX + 1][ARC_PARTS]; /* by number; 0 is unused */
    size_t count;                                               /* the highest number */
};
MUST_CHECK bool arc_sets_read(const struct dkim_text *text,
                              struct arc_sets *out); /* false: broken, or there twice */
bool arc_sets_whole(const struct arc_sets *sets);
/* What the seal of that number covers (RFC 8617 5.1.1): all sets up to its own; itself is to follow. */
void arc_cover_sets(const struct arc_sets *sets, size_t number, struct bytes *out);

/* ---- a key record (RFC 6376 3.6.1), dkim_key.c ---- */
struct dkim_key_record {
    enum dkim_scheme scheme;
    struct bytes key; /* empty: revoked */
    bool testing, own_domain_only, for_mail, sha256;
};
void dkim_key_record_clear(struct dkim_key_record *record);
SCOPED_VALUE(dkim_key_record, dkim_key_record_clear)
/* False: it is no such record, or of a kind of key nobody knows. */
MUST_CHECK bool dkim_key_record_read(struct slice text, struct dkim_key_record *out);

#endif
