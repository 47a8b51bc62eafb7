/*
 * id — random names.  Alphabet: 0-9 a-z without i l o u (32 letters, 5 bits each).
 */
#ifndef NESTBOX_BASE_ID_H
#define NESTBOX_BASE_ID_H

#include "slice.h"

enum { REF_LEN = 14, TOKEN_LEN = 26 };

void random_bytes(void *into, size_t len); /* getrandom; aborts if the kernel has none */
void ref_new(char out[REF_LEN + 1]);       /* a digit and 13 more: names, never authorises */
void token_new(char out[TOKEN_LEN + 1]);   /* 130 bits: authorises one thing once */
/* The first len*5 bits of `bits` in the alphabet, NUL behind. */
void id_text(struct slice bits, size_t len, char *out);
/* What a session is called in the log: eight hexadecimal digits. */
enum { SESSION_NAME_SIZE = 9 };
void session_name(char out[SESSION_NAME_SIZE]);
bool ref_like(struct slice s); /* a digit and at least 11 more, case ignored */

#endif
