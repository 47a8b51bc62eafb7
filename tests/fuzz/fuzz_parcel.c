/*
 * Files as a server sends them, which the client believes nothing.
 *
 * Beyond not crashing: what is handed on has a name that leads nowhere else, and is the same wherever the bytes were cut.
 */
#include "parcel.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, const struct parcel_piece *piece, struct err *err)
{
    const char *name = piece->name;

    (void)err;
    assert(*name && name[0] != '/' && strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 &&
           !strstr(name, "/../") && !strstr(name, "//") && !strchr(name, '\n'));
    assert(piece->modified_s >= 0);
    bytes_add_text(ctx, name);
    bytes_add(ctx, piece->bytes);
    return true;
}

static bool read_in_steps(struct slice bytes, size_t step, struct bytes *out, bool *out_whole)
{
    struct parcel parcel = {.take = take, .ctx = out};
    struct err err;
    bool good = true;

    while (good && bytes.len > 0) {
        struct slice some = slice_first(bytes, step);
        good = parcel_read(&parcel, some, &err);
        bytes = slice_from(bytes, some.len);
    }
    *out_whole = parcel_is_whole(&parcel);
    parcel_clear(&parcel);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = {(const char *)data, size};
    scoped_value(bytes) whole = {0};
    scoped_value(bytes) cut = {0};
    bool ended, ended_cut;

    bool good = read_in_steps(all, size ? size : 1, &whole, &ended);
    bool good_cut = read_in_steps(all, 7, &cut, &ended_cut);
    assert(good == good_cut);
    assert(!good || ended == ended_cut);
    return 0;
}
