/* A field that names a mailing list, and the sender of a mail that says it came through it: a line each. */
#include "contact.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size}, sender = slice_line(&rest), address;

    for (size_t left = rest.len + 1; contact_list_next(&rest, &address); left = rest.len) {
        assert(rest.len < left && slice_find(address, '?') == SIZE_MAX);
        if (contact_list_speaks(sender, address)) {
            assert(sender.len > 0);
            assert(slice_find_last(sender, '@') != SIZE_MAX);
        }
    }
    return 0;
}
