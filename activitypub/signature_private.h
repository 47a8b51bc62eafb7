/*
 * signature_private — what the files of signature.h share: scanning of parameters, the value of a field, the
 * window of time.
 */
#ifndef NESTBOX_ACTIVITYPUB_SIGNATURE_PRIVATE_H
#define NESTBOX_ACTIVITYPUB_SIGNATURE_PRIVATE_H

#include "signature.h"

enum { COVERED_MAX = 32, BASE_MAX = 32 * 1024 };

/* Takes `c` from the front. */
bool scan_char(struct slice *rest, char c);
void scan_space(struct slice *rest);
/* A run of letters, digits and _-.*  Empty: there is none. */
struct slice scan_word(struct slice *rest);
/* A quoted string with its escapes undone; false if there is none, it has no end, or holds control bytes. */
MUST_CHECK bool scan_quoted(struct slice *rest, struct bytes *out);

/* The value of a field that must be there, several lines joined by ", " (neither scheme allows less). */
MUST_CHECK bool signature_field(const struct http_request *request, struct slice name,
                                struct bytes *out, struct err *err);

struct signature_time { /* seconds since 1970; 0: not said */
    int64_t created_s, expires_s;
};
MUST_CHECK bool signature_time_fits(const struct signature_time *time, int64_t now_ms,
                                    struct err *err);
/* "rsa-sha256" with the signature of another kind of key: 64 bytes are Ed25519's, RSA's are 128 at least. */
bool signature_length_fits(bool must_be_rsa, bool must_be_ed25519, size_t len);

MUST_CHECK bool cavage_read(const struct http_request *request, int64_t now_ms,
                            struct signature *out, struct err *err);
MUST_CHECK bool rfc9421_read(const struct http_request *request, int64_t now_ms,
                             struct signature *out, struct err *err);

struct rfc9421_input { /* one member of Signature-Input */
    struct slice label;
    struct slice raw;                  /* from '(' to the end, as sent */
    struct slice covered[COVERED_MAX]; /* names without quotes */
    size_t covered_count;
    struct signature_time time;
    struct bytes key_id, algorithm;
};
void rfc9421_input_clear(struct rfc9421_input *input);
MUST_CHECK bool rfc9421_input_read(struct slice value, struct rfc9421_input *out, struct err *err);
/* The signature base (RFC 9421 2.5). */
MUST_CHECK bool rfc9421_base(const struct http_request *request, const struct rfc9421_input *input,
                             struct bytes *out, struct err *err);
/* The host a signature speaks of: of Host, lower case, without the usual port. */
char *signature_authority(const struct http_request *request);

#endif
