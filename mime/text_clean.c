/* text_clean — nothing leaves this room that is not UTF-8, or that could move a cursor, end a line or, in one, turn it around. */
#include "mime_private.h"

#include "memory.h"
#include "text.h"

enum { REPLACEMENT = 0xFFFD };

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

static bool is_no_character(uint32_t code) /* libxml2 refuses these as well */
{
    return (code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF);
}

static void add_control(struct bytes *out, uint32_t code, enum clean_as as)
{
    if (as != CLEAN_TEXT)
        bytes_add_char(out, ' ');
    else if (code == '\t' || code == '\n')
        bytes_add_char(out, (char)code);
    else if (code == '\r' || code == 0x2028 || code == 0x2029)
        bytes_add_char(out, '\n');
}

void clean_add(struct bytes *out, struct slice raw, enum clean_as as)
{
    while (raw.len > 0) {
        uint32_t code = REPLACEMENT;
        size_t len = utf8_read(raw, &code);

        if (raw.at[0] == '\r' && raw.len > 1 && raw.at[1] == '\n') {
            raw = slice_from(raw, 1);
            continue;
        }
        if (raw.at[0] == '\0') {
            code = 0;
            len = 1;
        } else if (len == 0 || is_no_character(code)) {
            code = REPLACEMENT;
            len = len ? len : 1;
        }
        if (is_control(code))
            add_control(out, code, as);
        else if (as != CLEAN_LINE || !utf8_turns_line(code))
            utf8_add(out, code);
        raw = slice_from(raw, len);
    }
}

char *clean_line(struct slice raw)
{
    scoped_value(bytes) clean = {0};

    clean_add(&clean, raw, CLEAN_LINE);
    return must_copy(slice_trim(bytes_slice(&clean)));
}

bool is_space_code(uint32_t code)
{
    return code == ' ' || (code >= '\t' && code <= '\r') || code == 0xA0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200B) || code == 0x202F || code == 0x205F ||
           code == 0x3000 || code == 0xFEFF || code == 0x2028 || code == 0x2029;
}

void squeeze_add(struct bytes *out, struct slice text)
{
    size_t start = out->len;
    bool space = false;

    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(text, &code);

        len = len ? len : 1;
        if (is_space_code(code)) {
            space = true;
        } else {
            if (space && out->len > start)
                bytes_add_char(out, ' ');
            space = false;
            bytes_add(out, slice_first(text, len));
        }
        text = slice_from(text, len);
    }
}
