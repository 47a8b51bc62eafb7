/*
 * What strangers' web servers answer when a key is looked for.  The first line is the address, each further one an answer: its
 * first letter what became of the request (n: no such host, s: silent, b: blocked, l: too large; else a status of three digits),
 * the rest where it sends us, or the key.
 *
 * Beyond not crashing: the search ends, it asks by https alone unless it was sent elsewhere, and never more than five times.
 */
#include "../unit/smtp/fake_cipher.h"
#include "fetch.h"
#include "memory.h"
#include "out_keys.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    char *address, *domain;
    struct slice answers;
    int asked;
    bool known;
};

static struct errand *fake_cipher(void *ctx, int64_t delivery_id)
{
    const struct world *world = ctx;

    (void)delivery_id;
    return fake_cipher_new(world->known, world->address, world->domain);
}

static struct errand *fake_found(void *ctx, const struct out_cipher *wanted, enum key_answer answer,
                                 struct bytes *key)
{
    struct world *world = ctx;

    assert(strcmp(wanted->address, world->address) == 0);
    assert(answer != KEY_FOUND || key->len > 0);
    world->known = true;
    return fake_done_new();
}

static void answer(struct world *world, struct fetch *fetch)
{
    struct slice line = slice_cut(&world->answers, '\n');
    int64_t status = 0;

    assert(++world->asked <= 5);
    assert(world->asked > 1 || strncmp(fetch->url, "https://openpgpkey.", 19) == 0);
    char kind = line.len > 0 ? line.at[0] : 's';
    fetch->outcome = kind == 'n'   ? FETCH_NO_HOST
                     : kind == 's' ? FETCH_SILENT
                     : kind == 'b' ? FETCH_BLOCKED
                     : kind == 'l' ? FETCH_TOO_LARGE
                                   : FETCH_ANSWERED;
    fetch->errand.ok = fetch->outcome == FETCH_ANSWERED;
    (void)!slice_to_number(slice_first(line, 3), 999, &status);
    fetch->status = (int)status;
    struct slice rest = slice_from(line, 3);
    if (status / 100 == 3 && rest.len > 0)
        fetch->location = must_copy(rest);
    bytes_add(&fetch->answer, rest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = {(const char *)data, size};
    struct slice first = slice_cut(&in, '\n');
    struct world world = {.address = must_copy(first), .domain = must_dup("d.test"), .answers = in};
    const struct out_duties duties = {.ctx = &world, .cipher = fake_cipher, .found = fake_found};
    struct key_search it = {0};

    struct errand *errand = key_search_begin(&it, &duties, 1);
    while (errand) {
        if (it.step == KEYS_FETCH)
            answer(&world, container_of(errand, struct fetch, errand));
        errand = key_search_go_on(&it, errand);
    }
    assert(world.known && !it.failed);
    key_search_clear(&it);
    free(world.address);
    free(world.domain);
    return 0;
}
