/*
 * autocrypt — the field by which a mail program tells its key (Autocrypt Level 1, 2.1).
 *
 *     Autocrypt: addr=alice@example.org; prefer-encrypt=mutual; keydata=BASE64
 *
 * Pure.  Whose mail it is, and whether it may teach us anything, its caller knows (mail_key.c).
 */
#ifndef NESTBOX_BRIDGE_AUTOCRYPT_H
#define NESTBOX_BRIDGE_AUTOCRYPT_H

#include "bytes.h"
#include "err.h"

enum { AUTOCRYPT_MAX = 10 * 1024 }; /* octets of the field; a longer one is not valid */

/* The key (binary, not looked at) that an unfolded field tells for `address`.  False: it is not valid, or for another
 * address; nothing is added to `out_key`. */
MUST_CHECK bool autocrypt_read(struct slice field, struct slice address, struct bytes *out_key);

/* Of a field that is valid: does its owner prefer mail to be encrypted? */
bool autocrypt_is_mutual(struct slice field);
/* The field again, with its end of line, in lines that mail may have; `field` is unfolded.  Nothing, if it is not valid or
 * has more than 512 octets in front of its key. */
void autocrypt_print(struct slice field, struct bytes *out);

#endif
