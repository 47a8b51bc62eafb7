/* See freed.h. */
#include "freed.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static const char *needle;
static int found;

void __real_free(void *block);
void __wrap_free(void *block);
void *__wrap_reallocarray(void *old, size_t count, size_t each);

void __wrap_free(void *block)
{
    if (block && needle && memmem(block, malloc_usable_size(block), needle, strlen(needle)))
        found++;
    __real_free(block);
}

/* Always into another block, as it is where the one behind is taken. */
void *__wrap_reallocarray(void *old, size_t count, size_t each)
{
    size_t size = count * each, before = old ? malloc_usable_size(old) : 0;
    char *grown = malloc(size);

    if (!grown)
        return NULL;
    if (old)
        memcpy(grown, old, before < size ? before : size);
    __wrap_free(old);
    return grown;
}

void freed_watch(const char *words)
{
    needle = words;
    found = 0;
}

int freed_with_words(void)
{
    needle = NULL;
    return found;
}
