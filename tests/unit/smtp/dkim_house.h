/*
 * dkim_house — a vault with an Ed25519 and an RSA key, and the DNS that publishes them: for tests of signatures.
 *
 * Texts are written with LF; mails are made of them with CRLF.
 */
#ifndef NESTBOX_TESTS_SMTP_DKIM_HOUSE_H
#define NESTBOX_TESTS_SMTP_DKIM_HOUSE_H

#include "dkim_private.h"
#include "vault.h"

#define HOUSE_NOW_MS INT64_C(1795342200000) /* Sun, 22 Nov 2026 08:30:00 +0000 */
#define HOUSE_NOW_S "1795342200"

int house_open(void **state); /* set-up and tear-down of a group */
int house_close(void **state);

char *house_crlf(const char *text);
/* The record of our key of that scheme, "v=DKIM1; …". */
const char *house_record(enum dkim_scheme scheme);
/* Signs with our keys. */
void house_sign(enum dkim_scheme scheme, struct slice data, struct bytes *out);
/* vault_verify_digest() as dkim.h wants it. */
extern const struct dkim_prover house_prover;
enum dkim_proof house_prove(void *ctx, enum dkim_scheme scheme, struct slice key,
                            const unsigned char digest[SHA256_LEN], struct slice signature);

/* `mail` behind a field "NAME: `tags` b=…", signed with the Ed25519 key; `mail` has LF or CRLF, the result CRLF.  What
 * stands in `tags` need make no sense. */
char *house_signed(const char *field_name, const char *tags, const char *mail);

/* Another set of ARC in front of `mail`, signed with the Ed25519 key: tags of ARC-Seal and ARC-Message-Signature without b=,
 * and the ARC-Authentication-Results. */
char *house_sealed(const char *seal, const char *message, const char *results, const char *mail);

/* An answer with one TXT record of that text; NULL: there is no such name.  To be cleared. */
void house_answer(const char *record, struct dns_answer *out);
/* Answers every open question with that; NULL: with the record of ours that the selector names, "r…" or another. */
void house_learn(struct dns_facts *facts, const struct dns_answer *answer);
/* Reads and judges all signatures of a mail; each key is answered as above. */
void house_judge(struct slice mail, const struct dns_answer *answer, struct dkim *out);
struct dkim_text *house_text(struct slice mail);

#endif
