/*
 * A backup, as somebody may have changed it: block by block.
 *
 * Beyond not crashing: what is read has a size that can be skipped, a name that ends, and one that is ours leads nowhere
 * but into the data folder.
 */
#include "archive.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The sum is put right, so that what is behind it is reached. */
static void read_one(const uint8_t *data, size_t size)
{
    char block[ARCHIVE_BLOCK] = "", again[ARCHIVE_BLOCK];
    struct archive_entry entry = {.name = "tls/x"}, second;

    archive_header(&entry, 0, block);
    memcpy(block, data, size < sizeof block ? size : sizeof block);
    unsigned sum = 0;
    memset(block + 148, ' ', 8);
    for (size_t i = 0; i < sizeof block; i++)
        sum += (unsigned char)block[i];
    for (int i = 5; i >= 0; i--, sum >>= 3)
        block[148 + i] = (char)('0' + (sum & 7));
    block[154] = '\0';
    if (archive_read(block, &entry) != ARCHIVE_FILE)
        return;
    assert(entry.size >= 0 && entry.size < (int64_t)1 << 56);
    assert(archive_padding(entry.size) < ARCHIVE_BLOCK);
    assert(strlen(entry.name) < ARCHIVE_NAME_SIZE);
    if (archive_name_is_ours(entry.name))
        assert(entry.name[0] != '/' && !strstr(entry.name, "/.") && !strstr(entry.name, "//"));
    archive_header(&entry, 0, again);
    assert(archive_read(again, &second) == ARCHIVE_FILE);
    assert(second.size == entry.size && strcmp(second.name, entry.name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct archive_entry entry;

    if (size >= ARCHIVE_BLOCK)
        (void)archive_read((const char *)data, &entry);
    read_one(data, size);
    return 0;
}
