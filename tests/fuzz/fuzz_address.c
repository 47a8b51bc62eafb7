/*
 * Address words, account names and person words (behaviour.md 2).
 *
 * Beyond not crashing: what was read has the parts of its kind and nothing else, reading it again says the
 * same, and a person's word leads back to that person.
 */
#include "address.h"
#include "config.h"
#include "id.h"
#include "memory.h"
#include "text.h"

#include <assert.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct config *settings(void)
{
    static struct config config;

    if (config.domain_count == 0) {
        config_defaults(&config);
        strcpy(config.domains[0], "example.org");
        strcpy(config.domains[1], "second.example");
        config.domain_count = 2;
    }
    return &config;
}

static void check_parts(const struct address *address)
{
    bool has_ref =
        address->kind == ADDRESS_COMMAND || (address->kind == ADDRESS_PUBLISH && *address->ref);

    assert(has_ref == (*address->ref != 0));
    assert(!*address->ref || ref_like(slice_of(address->ref)));
    assert(!*address->host || strchr(address->host, '.'));
    assert((address->choices != 0) == (address->word == WORD_VOTE));
    if (address->kind == ADDRESS_COMMAND || address->kind == ADDRESS_PUBLISH)
        assert(address->word);
    if (address->kind == ADDRESS_ACCOUNT || address->kind == ADDRESS_PERSON)
        assert(*address->user && !*address->token);
    if (address->kind == ADDRESS_FOREIGN || address->kind == ADDRESS_MALFORMED)
        assert(!*address->user && !*address->ref && !address->word);
    if (address->kind != ADDRESS_FOREIGN && address->kind != ADDRESS_MALFORMED)
        assert(config_hosts(settings(), slice_of(address->domain)));
}

static void check_again(const struct address *address)
{
    char text[400];
    struct address again;

    snprintf(text, sizeof text, "%s@%s", address->local, address->domain);
    address_read(settings(), slice_of(text), &again);
    assert(again.kind == address->kind && again.word == address->word);
    assert(!strcmp(again.user, address->user) && !strcmp(again.host, address->host));
    assert(!strcmp(again.ref, address->ref) && !strcmp(again.token, address->token));
}

/* However long or odd a handle is, its word with the longest command is an address of the same person. */
static void check_word(struct slice user, struct slice host)
{
    char word[65], text[400];
    struct address address;
    struct err err;
    scoped_text char *canonical = NULL;

    if (!host_canonical(host, &canonical, &err))
        return;
    person_word(user, slice_of(canonical), "0123456789abcdefghjk", word);
    snprintf(text, sizeof text, "%s+unsubscribe@example.org", word);
    assert(strlen(text) - strlen("@example.org") <= 64);
    address_read(settings(), slice_of(text), &address);
    assert(address.kind == ADDRESS_UNSUBSCRIBE);
    assert(!*address.host || strcmp(address.host, canonical) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct address address;

    address_read(settings(), text, &address);
    check_parts(&address);
    if (address.kind != ADDRESS_MALFORMED && address.kind != ADDRESS_FOREIGN && *address.local &&
        slice_find(text, '@') != SIZE_MAX)
        check_again(&address);
    struct slice host = text;
    struct slice user = slice_cut(&host, '@');
    check_word(user, host.at ? host : SLICE(""));
    if (!account_name_trouble(settings(), user)) {
        scoped_text char *name = must_copy(user);
        scoped_text char *own = must_print("%s@example.org", name);
        address_read(settings(), slice_of(own), &address);
        assert(address.kind == ADDRESS_ACCOUNT && !strcmp(address.user, name));
    }
    return 0;
}
