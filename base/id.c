#include "id.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

void random_bytes(void *into, size_t len)
{
    char *at = into;

    while (len > 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            at += got;
            len -= (size_t)got;
        }
    }
}

void session_name(char out[SESSION_NAME_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bits[(SESSION_NAME_SIZE - 1) / 2];

    random_bytes(bits, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++) {
        out[2 * i] = digits[bits[i] >> 4];
        out[2 * i + 1] = digits[bits[i] & 15];
    }
    out[SESSION_NAME_SIZE - 1] = '\0';
}

void id_text(struct slice bits, size_t len, char *out)
{
    assert(len * 5 <= bits.len * 8);
    unsigned held = 0, waiting = 0;

    for (size_t i = 0; i < len; i++) {
        if (waiting < 5) {
            held = (held << 8 | (unsigned char)*bits.at++) & 0xfff;
            waiting += 8;
        }
        waiting -= 5;
        out[i] = alphabet[held >> waiting & 31];
    }
    out[len] = '\0';
}

void ref_new(char out[REF_LEN + 1])
{
    char bits[10];

    random_bytes(bits, sizeof bits);
    id_text((struct slice){bits, sizeof bits - 1}, REF_LEN, out);
    out[0] = (char)('0' + (unsigned char)bits[9] % 10);
}

void token_new(char out[TOKEN_LEN + 1])
{
    char bits[17];

    random_bytes(bits, sizeof bits);
    id_text((struct slice){bits, sizeof bits}, TOKEN_LEN, out);
}

bool ref_like(struct slice s)
{
    if (s.len < 12 || s.at[0] < '0' || s.at[0] > '9')
        return false;
    for (size_t i = 1; i < s.len; i++) {
        char c = s.at[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (!c || !strchr(alphabet, c))
            return false;
    }
    return true;
}
