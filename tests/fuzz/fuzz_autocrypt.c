/* The Autocrypt field of a mail: the first line is the address, the rest the field. */
#include "autocrypt.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Folded and unfolded again it says the same. */
static void check_printed(struct slice field, struct slice address, struct slice key)
{
    scoped_value(bytes) printed = {0};
    scoped_value(bytes) unfolded = {0};
    scoped_value(bytes) again = {0};

    (void)!autocrypt_is_mutual(field);
    autocrypt_print(field, &printed);
    struct slice rest = bytes_slice(&printed);
    if (slice_empty(rest)) /* too much in front of the key */
        return;
    assert(slice_starts(rest, SLICE("Autocrypt:")));
    rest = slice_from(rest, strlen("Autocrypt:"));
    while (rest.len > 0) {
        struct slice line = slice_line(&rest);
        assert(line.len < 600);
        bytes_add(&unfolded, line);
    }
    bool valid = autocrypt_read(bytes_slice(&unfolded), address, &again);
    assert(unfolded.len > AUTOCRYPT_MAX || (valid && slice_eq(bytes_slice(&again), key)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice field = {(const char *)data, size};
    struct slice address = slice_cut(&field, '\n');
    scoped_value(bytes) key = {0};

    bool valid = autocrypt_read(field, address, &key);
    assert(valid == (key.len > 0));
    assert(!valid || field.len <= AUTOCRYPT_MAX);
    for (size_t i = 0; i < address.len; i++)
        if (memchr(" \t\r", address.at[i], 3)) /* no address */
            return 0;
    if (valid)
        check_printed(field, address, bytes_slice(&key));
    return 0;
}
