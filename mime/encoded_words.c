/*
 * encoded_words — "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=" (RFC 2047).
 *
 * GMime's reader stops at the first padded base64 word of several (3.2.13) and remembers every name of a
 * character set for ever, so words are read here, and what GMime gets to see names no set but UTF-8.
 */
#include "mime_private.h"

#include "memory.h"
#include "text.h"

enum { MAX_WORD = 1024 }; /* RFC 2047 2 says 75; some programs do not count */

struct word {
    struct slice charset, text;
    bool base64;
    size_t len; /* of all of it */
};

/* Read as GMime does, only the length is bounded, so that none of what it would take for a word is left. */
static bool read_word(struct slice at, struct word *out)
{
    struct slice rest = slice_from(slice_first(at, MAX_WORD), 2);
    struct slice charset = slice_cut(&rest, '?');
    struct slice encoding = rest.at ? slice_cut(&rest, '?') : (struct slice){"", 0};
    size_t end = rest.at ? slice_find_text(rest, SLICE("?=")) : SIZE_MAX;

    if (end == SIZE_MAX || encoding.len != 1 || !strchr("BbQq", encoding.at[0]))
        return false;
    *out = (struct word){.charset = slice_cut(&charset, '*'), /* RFC 2231 5: *language */
                         .text = slice_first(rest, end),
                         .base64 = encoding.at[0] == 'B' || encoding.at[0] == 'b',
                         .len = (size_t)(rest.at + end + 2 - at.at)};
    return true;
}

static void add_base64(struct slice text, struct bytes *out)
{
    GMimeEncoding state;

    g_mime_encoding_init_decode(&state, GMIME_CONTENT_ENCODING_BASE64);
    char *into = bytes_reserve(out, g_mime_encoding_outlen(&state, text.len));
    out->len += g_mime_encoding_step(&state, text.at, text.len, into);
}

static void add_quoted(struct slice text, struct bytes *out)
{
    for (size_t i = 0; i < text.len; i++) {
        bool code = text.at[i] == '=' && i + 2 < text.len && g_ascii_isxdigit(text.at[i + 1]) &&
                    g_ascii_isxdigit(text.at[i + 2]);

        if (code) {
            int high = g_ascii_xdigit_value(text.at[i + 1]);
            bytes_add_char(out, (char)(high * 16 + g_ascii_xdigit_value(text.at[i + 2])));
            i += 2;
        } else if (text.at[i] == '_') {
            bytes_add_char(out, ' ');
        } else {
            bytes_add_char(out, text.at[i]);
        }
    }
}

static struct slice skip_blanks(struct slice text)
{
    while (text.len > 0 && (text.at[0] == ' ' || text.at[0] == '\t'))
        text = slice_from(text, 1);
    return text;
}

/* One word and those that follow it, parted by blanks alone: a letter may be torn between two of one set. */
static struct slice read_words(struct slice text, struct word word, struct bytes *out)
{
    scoped_value(bytes) raw = {0}, utf8 = {0};

    for (;;) {
        if (word.base64)
            add_base64(word.text, &raw);
        else
            add_quoted(word.text, &raw);
        text = slice_from(text, word.len);
        struct slice behind = skip_blanks(text);
        struct word next;
        bool more = slice_starts(behind, SLICE("=?")) && read_word(behind, &next);
        if (!more || !slice_eq_nocase(word.charset, next.charset)) {
            charset_to_utf8(bytes_slice(&raw), word.charset, &utf8);
            bytes_reset(&raw);
        }
        if (!more)
            break;
        word = next;
        text = behind;
    }
    clean_add(out, bytes_slice(&utf8), CLEAN_LINE);
    return text;
}

static void add_as_word(struct bytes *out, struct slice utf8)
{
    bytes_add_text(out, "=?utf-8?B?");
    base64_add(out, utf8);
    bytes_add_text(out, "?=");
}

void encoded_words_read(struct slice text, enum words_as as, struct bytes *out)
{
    while (text.len > 0) {
        scoped_value(bytes) utf8 = {0};
        size_t at = slice_find_text(text, SLICE("=?"));
        struct word word;

        if (at == SIZE_MAX) {
            bytes_add(out, text);
            return;
        }
        bytes_add(out, slice_first(text, at));
        text = slice_from(text, at);
        if (!read_word(text, &word)) {
            bytes_add_text(out, as == WORDS_ONLY ? " ?" : "=?");
            text = slice_from(text, 2);
            continue;
        }
        text = read_words(text, word, &utf8);
        if (as == WORDS_AS_TEXT)
            bytes_add(out, bytes_slice(&utf8));
        else
            add_as_word(out, bytes_slice(&utf8));
    }
}
