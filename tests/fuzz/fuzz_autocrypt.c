/* The Autocrypt field of a mail: the first line is the address, the rest the field. */
#include "autocrypt.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice field = {(const char *)data, size};
    struct slice address = slice_cut(&field, '\n');
    scoped_value(bytes) key = {0};

    bool valid = autocrypt_read(field, address, &key);
    assert(valid == (key.len > 0));
    assert(!valid || field.len <= AUTOCRYPT_MAX);
    return 0;
}
