/* What must hold for every text that leaves mime. */
#ifndef NESTBOX_FUZZ_MIME_CHECKS_H
#define NESTBOX_FUZZ_MIME_CHECKS_H

#include "text.h"
#include "words.h"

#include <assert.h>

static inline void check_text(struct slice text, bool lines)
{
    assert(utf8_valid(text));
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        assert(c >= ' ' || (lines && (c == '\n' || c == '\t')));
        assert(c != 0x7F);
    }
}

static inline void check_words(const struct words *words)
{
    scoped_value(bytes) plain = {0};

    words_plain(words, &plain);
    check_text(bytes_slice(&plain), true);
    for (size_t i = 0; i < words->count; i++)
        for (size_t k = 0; k < words->passages[i].count; k++) {
            const struct run *run = &words->passages[i].runs[k];
            assert(run->text[0]);
            assert(!run->href || slice_starts_nocase(slice_of(run->href), "http://") ||
                   slice_starts_nocase(slice_of(run->href), "https://") ||
                   slice_starts_nocase(slice_of(run->href), "mailto:"));
        }
}

#endif
