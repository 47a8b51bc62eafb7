/* What must hold for every text that leaves mime. */
#ifndef NESTBOX_FUZZ_MIME_CHECKS_H
#define NESTBOX_FUZZ_MIME_CHECKS_H

#include "text.h"
#include "words.h"

#include <assert.h>

static inline void check_letter(unsigned char c, bool lines)
{
    assert(c >= ' ' || (lines && (c == '\n' || c == '\t')));
    assert(c != 0x7F);
}

static inline void check_text(struct slice text, bool lines)
{
    bool valid = utf8_valid(text);

    assert(valid);
    for (size_t i = 0; i < text.len; i++)
        check_letter((unsigned char)text.at[i], lines);
}

static inline void check_run(const struct run *run)
{
    struct slice href = slice_of(run->href);
    bool allowed = slice_starts_nocase(href, "http://") || slice_starts_nocase(href, "https://") ||
                   slice_starts_nocase(href, "mailto:");

    assert(run->text[0]);
    assert(!run->href || allowed);
}

static inline void check_words(const struct words *words)
{
    scoped_value(bytes) plain = {0};

    words_plain(words, &plain);
    check_text(bytes_slice(&plain), true);
    for (size_t i = 0; i < words->count; i++)
        for (size_t k = 0; k < words->passages[i].count; k++)
            check_run(&words->passages[i].runs[k]);
}

#endif
