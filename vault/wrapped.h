/*
 * wrapped — bytes too many to hold, under the server key: what rests here and must be read by the server alone.
 *
 * Each body has a key of its own, made at random; that key, wrapped by the server key, is for the caller to keep
 * beside the bytes.  So a new server key means a new wrapped key, and the bytes stay as they are.  The bytes:
 *
 *     piece 0 | piece 1 | … | last piece      16 KiB of text each, the last 0 to 16 KiB
 *
 * each sealed by AES-256-GCM, its tag behind it.  The nonce is the piece's number, and whether it is the last: so
 * pieces that were cut off, changed or put in another order are told from what was written.  Memory: one piece.
 */
#ifndef NESTBOX_VAULT_WRAPPED_H
#define NESTBOX_VAULT_WRAPPED_H

#include "stream.h"
#include "vault.h"

struct wrapping; /* writing: any thread, one at a time */
/* What is written to its sink goes, wrapped, to `into` (borrowed).  *out_key: the wrapped key, for the caller to keep. */
struct wrapping *wrapping_new(struct vault *vault, struct sink *into, struct bytes *out_key);
struct sink *wrapping_sink(struct wrapping *wrapping);
/* Writes the last piece; nothing may be written after it. */
MUST_CHECK bool wrapping_finish(struct wrapping *wrapping, struct err *err);
int64_t wrapping_size(const struct wrapping *wrapping); /* of the text so far */
void wrapping_free(struct wrapping *wrapping);
SCOPED(wrapping, wrapping_free)

/* How many octets a text of that size is, wrapped. */
int64_t wrapped_size(int64_t size);
/* The text, read at any offset.  Takes `wrapped`, also on failure.  NULL: another server key, or altered. */
struct source *wrapped_source(struct vault *vault, struct slice key, struct source *wrapped,
                              struct err *err);
/* vault_rewrap() for such a key. */
MUST_CHECK bool wrapped_key_rewrap(struct vault *vault, struct slice key, struct bytes *out,
                                   struct err *err);

#endif
