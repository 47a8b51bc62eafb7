/* words_plain — plain text to lines: quotation depth, format=flowed (RFC 3676), blank lines. */
#include "words_private.h"

#include "memory.h"
#include "mime_private.h"
#include "text.h"

struct flow { /* what the line before leaves open */
    bool soft;
    int quote;
};

/* Takes the ">" from the front; blanks between them as programs write them ("> > "), unless the text is
 * flowed, where a blank ends them. */
static int take_quote_marks(struct slice *text, bool flowed)
{
    int depth = 0;
    struct slice rest = *text;

    while (rest.len > 0 && (rest.at[0] == '>' || (rest.at[0] == ' ' && depth > 0 && !flowed))) {
        depth += rest.at[0] == '>';
        rest = slice_from(rest, 1);
    }
    if (depth > 0)
        *text = rest;
    return depth;
}

static struct slice trim_end(struct slice text)
{
    while (text.len > 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* A flowed line ends with a blank; "-- " is the signature mark and does not flow (RFC 3676 4.3). */
static bool is_soft(struct slice text)
{
    return text.len > 0 && text.at[text.len - 1] == ' ' && !slice_is(text, "-- ");
}

static bool is_blank_text(struct slice text)
{
    scoped_value(bytes) squeezed = {0};

    squeeze_add(&squeezed, text);
    return squeezed.len == 0;
}

/* Delta Chat writes U+200B between dashes that would look like a signature mark; here they are dashes again. */
static void unescape_dashes(struct lines *lines)
{
    static const struct slice escaped = SLICE("-\xE2\x80\x8B-");

    for (size_t i = 0; i < lines->count; i++) {
        struct line *line = &lines->at[i];
        struct bytes *text = &line->pieces[0].text; /* plain lines have one */

        if (slice_starts(bytes_slice(text), escaped)) {
            bytes_drop_front(text, escaped.len - 2);
            memcpy(text->at, "--", 2);
        }
    }
}

static bool add_line(struct lines *lines, const struct words_orders *orders, struct slice raw,
                     struct flow *flow, bool *blank)
{
    struct slice text = raw;
    int quote = take_quote_marks(&text, orders->flowed);

    if (orders->flowed && slice_starts(text, SLICE(" ")))
        text = slice_from(text, 1); /* space-stuffed */
    bool continues = flow->soft && flow->quote == quote && !slice_is(text, "-- ");
    bool soft = orders->flowed && is_soft(text);
    if (soft && orders->del_sp)
        text.len--;
    *flow = (struct flow){.soft = soft, .quote = quote};
    if (is_blank_text(text) && !continues) {
        *blank = true;
        flow->soft = false;
        return true;
    }
    if (lines->count >= WORDS_MAX_LINES)
        return false;
    if (!continues) {
        struct line *line = lines_add(lines);
        line->breaks = *blank;
        line->quote = quote;
        line->columns = utf8_count(trim_end(text));
    }
    *blank = false;
    line_add_text(&lines->at[lines->count - 1], text, NULL);
    return true;
}

bool words_from_plain(struct slice text, const struct words_orders *orders, struct words *out,
                      struct err *err)
{
    scoped_value(bytes) clean = {0};
    scoped_value(lines) lines = {.wrapped = !orders->flowed && !orders->chat};
    struct flow flow = {0};
    bool blank = false;

    if (text.len > WORDS_MAX_BYTES)
        return err_set(err, ERR_TOO_LARGE, "The text is too long");
    clean_add(&clean, text, CLEAN_TEXT);
    struct slice rest = bytes_slice(&clean);
    while (rest.at && rest.len > 0) {
        if (!add_line(&lines, orders, slice_line(&rest), &flow, &blank))
            return err_set(err, ERR_TOO_LARGE, "The text has too many lines");
    }
    for (size_t i = 0; i < lines.count; i++)
        line_finish(&lines.at[i]);
    words_cut(&lines, orders, out);
    if (orders->chat)
        unescape_dashes(&lines);
    words_build(&lines, out);
    return true;
}
