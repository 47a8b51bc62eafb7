/*
 * Reports of TLS that others send: the first byte says whether gzip is around the rest ('G') or not ('J').
 *
 * Beyond not crashing: what is unpacked has its bound, and what was read is a domain, a day and counts.
 */
#include "clock.h"
#include "gzip.h"
#include "memory.h"
#include "text.h"
#include "tls_heard.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_json(struct slice json)
{
    struct tls_heard heard;
    scoped_text char *domain = NULL;
    struct err err;

    if (!tls_heard_read(json, &heard, &err))
        return;
    assert(host_canonical(slice_of(heard.domain), &domain, &err));
    assert(strcmp(domain, heard.domain) == 0);
    assert(heard.day >= 0 && heard.good >= 0 && heard.bad >= 0);
    for (const char *c = heard.trouble; *c; c++)
        assert(*c == '-' || (*c >= 'a' && *c <= 'z'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 64 * 1024, PIECE = 16 * 1024 };
    scoped_value(bytes) json = {0};
    struct err err;

    if (size == 0)
        return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    if (data[0] == 'J')
        read_json(rest);
    if (data[0] != 'G')
        return 0;
    if (gzip_read(rest, MOST, &json, &err))
        read_json(bytes_slice(&json));
    assert(json.len <= MOST + PIECE);
    return 0;
}
