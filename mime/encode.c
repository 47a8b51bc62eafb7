/* encode — see encode_private.h */
#include "encode_private.h"

#include "mime_private.h"
#include "text.h"

enum {
    FOLD_COLUMN = 76,
    MAX_LINE = 78,
    WORD_FRAME = 12,    /* "=?utf-8?B?" and "?=" */
    WORD_BYTES = 42,    /* of UTF-8 in one encoded word: 56 of base64 and the frame */
    LONGEST_WORD = 400, /* an unbroken piece above that is encoded, or lines would pass 998 */
    BASE64_LINE = 57,   /* octets: 76 columns */
};

static bool needs_words(struct slice text)
{
    size_t word = 0;

    for (size_t i = 0; i < text.len; i++) {
        word = text.at[i] == ' ' ? 0 : word + 1;
        if ((unsigned char)text.at[i] >= 0x7F || word > LONGEST_WORD)
            return true;
    }
    return slice_has(text, "=?");
}

static size_t fold(struct bytes *out)
{
    bytes_add_text(out, "\r\n ");
    return 1;
}

size_t encode_word(struct bytes *out, struct slice word, size_t column)
{
    if (column > 1 && column + word.len > FOLD_COLUMN) {
        if (out->len > 0 && out->at[out->len - 1] == ' ')
            bytes_cut(out, out->len - 1);
        column = fold(out);
    }
    bytes_add(out, word);
    return column + word.len;
}

/* Bytes of UTF-8 that fit behind `column` as one encoded word; a whole line's worth if too few do. */
static size_t room_for_word(size_t column)
{
    size_t room =
        column + WORD_FRAME < FOLD_COLUMN ? (FOLD_COLUMN - column - WORD_FRAME) / 4 * 3 : 0;

    return room < 9 || room > WORD_BYTES ? WORD_BYTES : room;
}

/* Whole code points only (RFC 2047 5). */
static struct slice first_letters(struct slice text, size_t max)
{
    size_t take = 0;

    while (take < text.len) {
        uint32_t code;
        size_t len = utf8_read(slice_from(text, take), &code);

        len = len ? len : 1;
        if (take + len > max)
            break;
        take += len;
    }
    return slice_first(text, take);
}

static size_t encode_words(struct bytes *out, struct slice text, size_t column)
{
    for (bool first = true; text.len > 0; first = false) {
        scoped_value(bytes) word = {0};
        struct slice letters = first_letters(text, first ? room_for_word(column) : WORD_BYTES);

        bytes_add_text(&word, "=?utf-8?B?");
        base64_add(&word, letters);
        bytes_add_text(&word, "?=");
        if (!first) {
            bytes_add_char(out, ' ');
            column++;
        }
        column = encode_word(out, bytes_slice(&word), column);
        text = slice_from(text, letters.len);
    }
    return column;
}

static size_t encode_atoms(struct bytes *out, struct slice text, size_t column)
{
    bool first = true;

    while (text.at) {
        struct slice word = slice_cut(&text, ' ');

        if (word.len == 0)
            continue;
        if (!first) {
            bytes_add_char(out, ' ');
            column++;
        }
        column = encode_word(out, word, column);
        first = false;
    }
    return column;
}

size_t encode_header_text(struct bytes *out, struct slice text, size_t column)
{
    scoped_value(bytes) clean = {0};

    clean_add(&clean, text, CLEAN_LINE);
    struct slice line = slice_trim(bytes_slice(&clean));
    return needs_words(line) ? encode_words(out, line, column) : encode_atoms(out, line, column);
}

size_t encode_phrase(struct bytes *out, struct slice text, size_t column)
{
    scoped_value(bytes) clean = {0}, quoted = {0};

    clean_add(&clean, text, CLEAN_LINE);
    struct slice line = slice_trim(bytes_slice(&clean));
    if (needs_words(line) || line.len > LONGEST_WORD)
        return encode_words(out, line, column);
    quoted_add(&quoted, line);
    return encode_word(out, bytes_slice(&quoted), column);
}

static bool line_is_plain(struct slice line)
{
    if (line.len > MAX_LINE || slice_starts(line, SLICE("From ")) ||
        (line.len > 0 && line.at[line.len - 1] == ' '))
        return false;
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != '\t' && (line.at[i] < ' ' || line.at[i] == 0x7F))
            return false;
    return line.len == 0 || line.at[line.len - 1] != '\t';
}

bool encode_is_plain(struct slice text)
{
    while (text.at)
        if (!line_is_plain(slice_line(&text)))
            return false;
    return true;
}

void encode_lines(struct bytes *out, struct slice text)
{
    while (text.at && text.len > 0) {
        bytes_add(out, slice_line(&text));
        bytes_add_text(out, "\r\n");
    }
}

static bool stands_for_itself(struct slice line, size_t i)
{
    char c = line.at[i];
    bool last = i + 1 == line.len;

    if (c == ' ' || c == '\t')
        return !last; /* no blank may end a line */
    if (c == '.' && i == 0)
        return false;
    if (c == 'F' && i == 0 && slice_starts(line, SLICE("From ")))
        return false;
    return c > ' ' && c < 0x7F && c != '=';
}

static void add_quoted_line(struct bytes *out, struct slice line)
{
    size_t column = 0;

    for (size_t i = 0; i < line.len; i++) {
        bool itself = stands_for_itself(line, i);
        size_t width = itself ? 1 : 3;

        if (column + width >= FOLD_COLUMN) {
            bytes_add_text(out, "=\r\n");
            column = 0;
        }
        if (itself)
            bytes_add_char(out, line.at[i]);
        else
            bytes_print(out, "=%02X", (unsigned)(unsigned char)line.at[i]);
        column += width;
    }
}

void encode_quoted_printable(struct bytes *out, struct slice text)
{
    while (text.at && text.len > 0) {
        add_quoted_line(out, slice_line(&text));
        bytes_add_text(out, "\r\n");
    }
}

void encode_base64_lines(struct bytes *out, struct slice raw)
{
    for (; raw.len > 0; raw = slice_from(raw, BASE64_LINE)) {
        base64_add(out, slice_first(raw, BASE64_LINE));
        bytes_add_text(out, "\r\n");
    }
}
