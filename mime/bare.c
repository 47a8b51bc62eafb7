/*
 * Addresses without the names beside them, for the outside of what is sealed.
 *
 * Keeps to what is surely an address: what stands in angle brackets, or a word with an @.  What cannot be told is left
 * out: it stands inside as it came.
 */
#include "faces.h"
#include "memory.h"

struct bare {
    struct slice rest;
    struct bytes words; /* outside of angle brackets, with blanks between */
    struct bytes angle;
    bool in_angle, has_angle;
    struct bytes out;
};

/* The word that is an address, or nothing. */
static struct slice address_in(struct slice words)
{
    while (words.at) {
        struct slice word = slice_trim(slice_cut(&words, ' '));
        size_t at = slice_find_last(word, '@');
        if (at != SIZE_MAX && at > 0 && at + 1 < word.len)
            return word;
    }
    return (struct slice){"", 0};
}

static void end_address(struct bare *bare)
{
    struct slice angle = slice_trim(bytes_slice(&bare->angle));
    struct slice found = bare->has_angle ? angle : address_in(bytes_slice(&bare->words));
    bool words = bare->has_angle && slice_find(angle, '"') == SIZE_MAX && slice_has(angle, " ");

    if (slice_find(found, '@') != SIZE_MAX && !words) {
        bytes_add_text(&bare->out, bare->out.len > 0 ? ",\r\n " : "");
        bytes_add(&bare->out, found);
    }
    bytes_reset(&bare->words);
    bytes_reset(&bare->angle);
    bare->in_angle = bare->has_angle = false;
}

static void skip_comment(struct bare *bare)
{
    int depth = 0;

    do {
        char c = bare->rest.at[0];
        depth += (c == '(') - (c == ')');
        bare->rest = slice_from(bare->rest, c == '\\' && bare->rest.len > 1 ? 2 : 1);
    } while (depth > 0 && bare->rest.len > 0);
}

/* A name in quotes goes, a local part in quotes stays. */
static void take_quoted(struct bare *bare)
{
    size_t end = 1;

    while (end < bare->rest.len && bare->rest.at[end] != '"')
        end += bare->rest.at[end] == '\\' && end + 1 < bare->rest.len ? 2 : 1;
    struct slice quoted = slice_first(bare->rest, end + 1);
    bare->rest = slice_from(bare->rest, quoted.len);
    bool is_local = bare->rest.len > 0 && bare->rest.at[0] == '@' && !slice_has(quoted, "\n") &&
                    (bare->in_angle || !slice_has(quoted, " "));
    if (is_local)
        bytes_add(bare->in_angle ? &bare->angle : &bare->words, quoted);
}

static void take_char(struct bare *bare, char c)
{
    bool ends = !bare->in_angle && (c == ',' || c == ';');

    if ((unsigned char)c <= ' ' || c == 0x7f)
        c = ' ';
    bare->rest = slice_from(bare->rest, 1);
    if (ends)
        end_address(bare);
    else if (!bare->in_angle && c == ':') /* the name of a group */
        bytes_reset(&bare->words);
    else if (c == '<' || c == '>')
        bare->has_angle |= bare->in_angle = c == '<';
    else
        bytes_add_char(bare->in_angle ? &bare->angle : &bare->words, c);
}

char *mail_bare_addresses(struct slice field)
{
    struct bare bare = {.rest = field};

    while (bare.rest.len > 0) {
        char c = bare.rest.at[0];
        if (c == '(')
            skip_comment(&bare);
        else if (c == '"')
            take_quoted(&bare);
        else
            take_char(&bare, c);
    }
    end_address(&bare);
    bytes_clear(&bare.words);
    bytes_clear(&bare.angle);
    return bare.out.len > 0 ? bytes_take(&bare.out) : NULL;
}
