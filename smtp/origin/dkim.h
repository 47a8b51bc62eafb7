/*
 * dkim — whose domain answers for a mail (RFC 6376, 8301, 8463), and our own signatures.  Pure.
 *
 * Verifying, between which steps only values are held:
 *
 *     dkim_text_read()            one pass: the header fields, and the body hashed for all signatures at once
 *     dkim_read()                 the signatures; what is wrong with them without asking anybody
 *     dkim_judge()                one question to DNS for each that is still open; again until none is
 *
 * A mail is judged by the bytes as they arrived, with lines that end in CRLF and before anything is added to it.
 * What a stranger can make large is bounded: DKIM_HEADER_MAX octets of header, DKIM_SIGNATURES_MAX signatures (from the
 * top; more are passed over), DKIM_NAMES_MAX names in h=.  Runs on any thread; a body belongs to a HEAVY or BULK
 * worker.  Nothing here is secret and nothing decides: DMARC does, by the domains that passed.
 */
#ifndef NESTBOX_SMTP_DKIM_H
#define NESTBOX_SMTP_DKIM_H

#include "auth.h"
#include "digest.h"
#include "dns_facts.h"
#include "stream.h"

enum {
    DKIM_HEADER_MAX = 512 * 1024,
    DKIM_SIGNATURES_MAX = 8,
    DKIM_NAMES_MAX = 256,
    DKIM_DOMAIN_SIZE = 256,
    DKIM_B_SIZE = 9,
};

enum dkim_scheme { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };
const char *dkim_scheme_name(enum dkim_scheme scheme); /* "rsa-sha256": a=, header.a */

/* What the vault says of a signature over a SHA-256 digest.  `key` is what stands in p=, decoded: an RSA key as
 * SubjectPublicKeyInfo or RSAPublicKey (DER), or the 32 octets of an Ed25519 one. */
enum dkim_proof { DKIM_PROVED, DKIM_DISPROVED, DKIM_KEY_WEAK, DKIM_KEY_BROKEN };
struct dkim_prover {
    enum dkim_proof (*prove)(void *ctx, enum dkim_scheme scheme, struct slice key,
                             const unsigned char digest[SHA256_LEN], struct slice signature);
    void *ctx;
};

/* ---- a mail's text ---- */
struct dkim_text; /* its header fields, and digests of its body */
/* A text that comes in pieces of any size. */
enum dkim_use { DKIM_TO_VERIFY, DKIM_TO_SIGN };
struct dkim_text *dkim_text_new(enum dkim_use use);
void dkim_text_add(struct dkim_text *text, struct slice piece);
void dkim_text_end(struct dkim_text *text); /* once; then it can be asked */
/* All of `mail`, to verify; borrowed for the call.  A header too long is no failure: such a mail has no
 * signature that counts. */
struct dkim_text *dkim_text_read(struct source *mail, struct err *err); /* NULL on failure */
void dkim_text_free(struct dkim_text *text);
SCOPED(dkim_text, dkim_text_free)

/* ---- signatures of others ---- */
struct dkim_signature {
    enum auth_result result; /* NONE while it waits for its key */
    const char *why;         /* in a few words, for a comment; "" if it passed */
    enum dkim_scheme scheme;
    char domain[DKIM_DOMAIN_SIZE];   /* d=, canonical; "" if it could not be read */
    char selector[DKIM_DOMAIN_SIZE]; /* s= */
    char b[DKIM_B_SIZE]; /* the first of b=, to tell two of one domain apart (RFC 6008) */
    bool testing;        /* the key says t=y; what fails under it is neutral */
    bool covers_key;     /* every Autocrypt field of the mail is signed; also where there is none */
    bool own_domain_only; /* inside: i= is of a subdomain, which t=s forbids */
    unsigned char digest[SHA256_LEN];
    struct bytes value; /* b=, decoded */
};
struct dkim {
    struct dkim_signature signatures[DKIM_SIGNATURES_MAX];
    size_t count;
    size_t passed_over; /* signatures beyond the bound */
};
void dkim_read(const struct dkim_text *text, int64_t now_ms, struct dkim *out);
void dkim_clear(struct dkim *dkim);
SCOPED_VALUE(dkim, dkim_clear)

/* Judges those whose keys are known; true: there is nothing open any more.  False: answer the questions, call again. */
bool dkim_judge(struct dkim *dkim, struct dns_facts *facts, const struct dkim_prover *prover);

/* Did this very domain (case ignored) sign it?  For mail that says it is our own. */
bool dkim_passed(const struct dkim *dkim, struct slice domain);

/* ---- our own ---- */
struct dkim_orders {
    const char *domain, *selector;
    enum dkim_scheme scheme;
    int64_t now_ms;
};
enum { DKIM_LIFE_DAYS = 7 }; /* x=: what was signed is no proof any more afterwards */

/* The domain in From of a text: of its one address, lower case.  False: there is not exactly one. */
bool dkim_author_domain(const struct dkim_text *text, char out[DKIM_DOMAIN_SIZE]);
/* Begins a DKIM-Signature field, up to "b=".  *out_signed is what the private key signs: for RSA hashed by the signing
 * function, for Ed25519 its SHA-256 already.  False: this text cannot be signed (its header is too long, or it has no
 * From). */
bool dkim_sign_begin(const struct dkim_text *text, const struct dkim_orders *orders,
                     struct bytes *out_field, struct bytes *out_signed);
/* Ends the field with the signature; it goes in front of the text. */
void dkim_sign_end(struct bytes *field, struct slice signature);

#endif
