#include "out_text.h"

enum { PIECE = 16 * 1024 };

static void end_line(struct out_text *text, struct bytes *out)
{
    bytes_add(out, SLICE("\r\n"));
    text->at_start = true;
    text->cr = false;
}

static bool is_plain(char c)
{
    return c != '\r' && c != '\n' && c != '\0';
}

/* Up to the next byte that needs a thought. */
static size_t plain_run(struct slice piece)
{
    size_t len = 0;

    while (len < piece.len && is_plain(piece.at[len]))
        len++;
    return len;
}

static void add_run(struct out_text *text, struct slice run, struct bytes *out)
{
    if (text->cr)
        bytes_add_char(out, ' ');
    else if (text->at_start && run.at[0] == '.' && !text->as_read)
        bytes_add_char(out, '.');
    bytes_add(out, run);
    text->cr = text->at_start = false;
}

/* A byte that is not plain. */
static void add_special(struct out_text *text, char c, struct bytes *out)
{
    if (c == '\n') {
        end_line(text, out);
        return;
    }
    if (text->cr)
        bytes_add_char(out, ' ');
    text->cr = c == '\r';
    text->at_start = text->at_start && text->cr;
    if (c == '\0')
        bytes_add_char(out, ' ');
}

void out_text_add(struct out_text *text, struct slice piece, struct bytes *out)
{
    while (piece.len > 0) {
        size_t run = plain_run(piece);
        if (run > 0)
            add_run(text, slice_first(piece, run), out);
        else
            add_special(text, piece.at[0], out);
        piece = slice_from(piece, run > 0 ? run : 1);
    }
}

void out_text_end(struct out_text *text, struct bytes *out)
{
    if (text->cr)
        bytes_add_char(out, ' ');
    if (text->cr || !text->at_start)
        end_line(text, out);
    if (!text->as_read)
        bytes_add(out, SLICE(".\r\n"));
}

struct census { /* of a text, piece by piece */
    struct out_text text;
    struct out_facts facts;
    bool in_body;
    char line[40];   /* how the header line under way begins */
    size_t line_len; /* of all of it */
};

static bool waives_tls(struct slice line)
{
    static const char name[] = "TLS-Required:";

    return slice_starts_nocase(line, name) &&
           slice_is_nocase(slice_trim(slice_from(line, strlen(name))), "No");
}

static void count_header(struct census *census, struct slice sent)
{
    for (size_t i = 0; i < sent.len && !census->in_body; i++) {
        if ((unsigned char)sent.at[i] >= 0x80)
            census->facts.utf8_header = true;
        if (sent.at[i] == '\n') {
            if (census->line_len < sizeof census->line)
                census->facts.tls_optional |=
                    waives_tls((struct slice){census->line, census->line_len});
            census->in_body = census->line_len == 0;
            census->line_len = 0;
        } else if (sent.at[i] != '\r') {
            if (census->line_len < sizeof census->line)
                census->line[census->line_len] = sent.at[i];
            census->line_len++;
        }
    }
}

static void count(struct census *census, struct slice sent)
{
    count_header(census, sent);
    for (size_t i = 0; i < sent.len && !census->facts.eight_bit; i++)
        census->facts.eight_bit = (unsigned char)sent.at[i] >= 0x80;
    census->facts.size += (int64_t)sent.len;
}

bool out_text_facts(struct source *body, struct out_facts *out, struct err *err)
{
    struct census census = {.text = {.at_start = true}};
    scoped_value(bytes) sent = {0};
    char piece[PIECE];
    int64_t offset = 0;
    size_t len;

    do {
        if (!source_read(body, offset, piece, sizeof piece, &len, err))
            return false;
        offset += (int64_t)len;
        bytes_reset(&sent);
        out_text_add(&census.text, (struct slice){piece, len}, &sent);
        count(&census, bytes_slice(&sent));
    } while (len > 0);
    bytes_reset(&sent);
    out_text_end(&census.text, &sent);
    census.facts.size += (int64_t)sent.len - 3;
    *out = census.facts;
    return true;
}
