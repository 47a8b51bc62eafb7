/* A picture of a stranger: what was cleaned is clean. */
#include "picture.h"
#include "scope.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct picture once = {0};
    struct picture twice = {0};
    struct err err;

    if (!picture_clean((struct slice){(const char *)data, size}, &once, &err))
        return 0;
    assert(once.width > 0 && once.height > 0 && once.type);
    bool again = picture_clean(bytes_slice(&once.content), &twice, &err);
    assert(again && slice_eq(bytes_slice(&once.content), bytes_slice(&twice.content)));
    assert(once.width == twice.width && once.height == twice.height);
    picture_clear(&once);
    picture_clear(&twice);
    return 0;
}
