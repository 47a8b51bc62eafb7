/*
 * The form of readers by mail (behaviour.md 7): a body as posted, to the address that is written to.
 *
 * Beyond not crashing: what comes out can stand in an envelope and a header as it is, names one mailbox, and read again
 * says the same.
 */
#include "http.h"
#include "list_work.h"
#include "memory.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *canonical)
{
    struct slice text = slice_of(canonical), local, domain;

    for (size_t i = 0; i < text.len; i++)
        assert(text.at[i] > ' ' && text.at[i] < 0x7F && !strchr("<>(),;:\"[]\\", text.at[i]));
    assert(slice_find(text, '@') == slice_find_last(text, '@'));
    assert(address_split(text, &local, &domain));
    assert(local.len <= 64 && slice_find(domain, '.') != SIZE_MAX);
    scoped_text char *again = list_address_canonical(text);
    assert(again && strcmp(again, canonical) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = {(const char *)data, size};
    unsigned char digest[TOKEN_DIGEST_LEN];
    scoped_text char *typed = http_form_value(body, "address");
    scoped_text char *of_form = typed ? list_address_canonical(slice_of(typed)) : NULL;
    scoped_text char *bare = list_address_canonical(body);

    if (of_form)
        check(of_form);
    if (bare)
        check(bare);
    (void)list_word_digest(body, digest);
    return 0;
}
