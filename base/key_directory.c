#include "key_directory.h"

#include "bytes.h"
#include "digest.h"
#include "memory.h"

void key_directory_hash(struct slice local, char out[KEY_HASH_LEN + 1])
{
    static const char letters[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
    enum { GROUP_OCTETS = 5, GROUP_LETTERS = 8, LETTER_BITS = 5 };
    scoped_value(bytes) small = {0};
    unsigned char digest[SHA1_LEN];

    for (size_t i = 0; i < local.len; i++) {
        char c = local.at[i];
        bytes_add_char(&small, (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c));
    }
    sha1(bytes_slice(&small), digest);
    for (size_t group = 0; group < SHA1_LEN / GROUP_OCTETS; group++) {
        uint64_t bits = 0;
        for (size_t i = 0; i < GROUP_OCTETS; i++)
            bits = bits << 8 | digest[GROUP_OCTETS * group + i];
        for (size_t i = GROUP_LETTERS; i > 0; i--, bits >>= LETTER_BITS)
            out[GROUP_LETTERS * group + i - 1] = letters[bits & 31];
    }
    out[KEY_HASH_LEN] = '\0';
}

static bool stands_for_itself(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

char *key_directory_url(enum directory_way way, struct slice local, const char *domain)
{
    struct bytes url = {0};
    char hash[KEY_HASH_LEN + 1];

    key_directory_hash(local, hash);
    if (way == DIRECTORY_ADVANCED)
        bytes_print(&url, "https://openpgpkey.%s/.well-known/openpgpkey/%s/hu/%s?l=", domain,
                    domain, hash);
    else
        bytes_print(&url, "https://%s/.well-known/openpgpkey/hu/%s?l=", domain, hash);
    for (size_t i = 0; i < local.len; i++)
        if (stands_for_itself(local.at[i]))
            bytes_add_char(&url, local.at[i]);
        else
            bytes_print(&url, "%%%02X", (unsigned)(unsigned char)local.at[i]);
    return bytes_take(&url);
}
