/*
 * What else `nestbox import` reads: a list of Mastodon's, a name in somebody's Maildir, counts.
 *
 * Beyond not crashing: a row is found for each step, no longer than what is left; a mailbox has a good name.
 */
#include "csv.h"
#include "import_files.h"
#include "import_name.h"
#include "mailbox_name.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = {(const char *)data, size}, rest = all;
    scoped_value(bytes) text = {0};
    struct import_counts counts = {0};
    int64_t line = 0;
    unsigned flags = 0;

    for (size_t left = rest.len; csv_first_column(&rest, &text, &line); left = rest.len) {
        assert(text.len > 0 && text.len <= left && rest.len < left);
        assert(line > 0 && line <= (int64_t)size);
    }
    if (import_name(all, &text, &flags))
        assert(mailbox_name_good(bytes_slice(&text)) && flags < 32);
    (void)!import_counts_add(all, &counts);
    return 0;
}
