/*
 * Words and digests.  A word is made of a random seed under the server key and found by its digest, so neither the
 * database alone nor the key alone gives one away, and the same word can be written into many mails.
 */
#include "list_work.h"

#include "digest.h"
#include "id.h"
#include "memory.h"
#include "text.h"

#include <arpa/inet.h>

#define PURPOSE_LIST_WORD "list word"
#define PURPOSE_LIST_ADDRESS "list address"

static void mac_of(struct bridge *bridge, const char *what, struct slice value,
                   unsigned char out[32])
{
    scoped_value(bytes) data = {0};

    bytes_print(&data, "%s ", what);
    bytes_add(&data, value);
    vault_mac(bridge->vault, PURPOSE_LIST_ADDRESS, bytes_slice(&data), out);
}

/* ---- words ---- */
void list_token_word(struct bridge *bridge, const struct token *token, char out[LIST_WORD_LEN + 1])
{
    unsigned char mac[VAULT_MAC_LEN];
    unsigned char data[1 + TOKEN_SEED_LEN] = {(unsigned char)token->purpose};

    memcpy(data + 1, token->seed, sizeof token->seed);
    vault_mac(bridge->vault, PURPOSE_LIST_WORD, (struct slice){(const char *)data, sizeof data},
              mac);
    id_text((struct slice){(const char *)mac, sizeof mac}, LIST_WORD_LEN, out);
}

void list_token_make(struct bridge *bridge, enum token_purpose purpose, struct token *token)
{
    char word[LIST_WORD_LEN + 1];

    token->purpose = purpose;
    random_bytes(token->seed, sizeof token->seed);
    list_token_word(bridge, token, word);
    sha256(slice_of(word), token->digest);
}

bool list_word_digest(struct slice word, unsigned char out[TOKEN_DIGEST_LEN])
{
    char small[LIST_WORD_LEN];

    if (word.len != LIST_WORD_LEN)
        return false;
    for (size_t i = 0; i < sizeof small; i++) {
        char c = word.at[i];
        small[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    sha256((struct slice){small, sizeof small}, out);
    return true;
}

/* ---- addresses ---- */
static bool in_local_part(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           strchr("!#$%&'*+-/=?^_`{|}~.", c);
}

/* A dot-atom (RFC 5321 4.1.2).  Quoted local parts and other scripts are real and rare; their owners can follow. */
static bool is_local_part(struct slice local)
{
    if (slice_empty(local) || local.len > 64 || local.at[0] == '.' ||
        local.at[local.len - 1] == '.' || slice_has(local, ".."))
        return false;
    for (size_t i = 0; i < local.len; i++)
        if (!local.at[i] || !in_local_part(local.at[i]))
            return false;
    return true;
}

char *list_address_canonical(struct slice typed)
{
    struct slice text = slice_trim(typed), local, domain;
    scoped_text char *host = NULL;
    struct err ignored;

    if (text.len > LIST_ADDRESS_MAX || !address_split(text, &local, &domain) ||
        !is_local_part(local) || !host_canonical(domain, &host, &ignored) ||
        local.len + 1 + strlen(host) > LIST_ADDRESS_MAX) /* as A-labels it may have grown */
        return NULL;
    return must_print("%.*s@%s", SLICE_ARGS(local), host);
}

/* One mailbox has many names: case, and what stands behind '+'. */
static void mailbox_key(struct bridge *bridge, const char *what, const char *canonical,
                        unsigned char out[32])
{
    struct slice local, domain;
    scoped_value(bytes) name = {0};

    if (!address_split(slice_of(canonical), &local, &domain))
        local = slice_of(canonical), domain = SLICE("");
    size_t plus = slice_find(local, '+');
    bytes_add(&name, plus == SIZE_MAX || plus == 0 ? local : slice_first(local, plus));
    bytes_print(&name, "@%.*s", SLICE_ARGS(domain));
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] >= 'A' && name.at[i] <= 'Z')
            name.at[i] = (char)(name.at[i] - 'A' + 'a');
    mac_of(bridge, what, bytes_slice(&name), out);
}

void list_address_key(struct bridge *bridge, const char *canonical, unsigned char out[32])
{
    mailbox_key(bridge, "asked", canonical, out);
}

void list_never_key(struct bridge *bridge, const char *domain, const char *canonical,
                    unsigned char out[32])
{
    scoped_text char *what = must_print("never %s", domain);

    mailbox_key(bridge, what, canonical, out);
}

void list_left_key(struct bridge *bridge, int64_t account_id, const char *canonical,
                   unsigned char out[32])
{
    scoped_text char *what = must_print("left %lld", (long long)account_id);

    mailbox_key(bridge, what, canonical, out);
}

/* ---- networks ---- */
bool list_network_key(struct bridge *bridge, const char *network, unsigned char out[32])
{
    enum { V4_BLOCK = 3, V6_BLOCK = 7, LOOPBACK_NET = 127 };
    unsigned char block[sizeof(struct in6_addr)];
    static const struct in6_addr loopback = IN6ADDR_LOOPBACK_INIT;

    if (inet_pton(AF_INET, network, block) == 1) {
        mac_of(bridge, "network4", (struct slice){(const char *)block, V4_BLOCK}, out);
        return block[0] != LOOPBACK_NET;
    }
    if (inet_pton(AF_INET6, network, block) != 1)
        memset(block, 0, sizeof block); /* all who cannot be told apart share one limit */
    mac_of(bridge, "network6", (struct slice){(const char *)block, V6_BLOCK}, out);
    return memcmp(block, &loopback, sizeof loopback) != 0;
}
