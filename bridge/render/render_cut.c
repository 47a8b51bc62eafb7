/*
 * Long HTML cut short: of our own making, so well-formed, of known elements, no comments.
 */
#include "activity_work.h"

enum { DEPTH_MAX = 64, NAME_MAX_LEN = 15 };

struct cutting {
    struct slice open[DEPTH_MAX]; /* names of elements */
    size_t depth;
};

struct cut_point {
    size_t at;
    struct cutting state;
};

static struct slice tag_name(struct slice tag)
{
    size_t len = 0;

    while (len < tag.len && len < NAME_MAX_LEN && tag.at[len] != ' ' && tag.at[len] != '>' &&
           tag.at[len] != '/')
        len++;
    return slice_first(tag, len);
}

/* `tag`: what stands between < and >. */
static bool apply_tag(struct cutting *cutting, struct slice tag)
{
    if (tag.len > 0 && tag.at[0] == '/') {
        if (cutting->depth > 0)
            cutting->depth--;
        return true;
    }
    struct slice name = tag_name(tag);
    if (slice_is(name, "br") || slice_is(name, "hr") || slice_is(name, "img") ||
        slice_ends(tag, SLICE("/")))
        return true;
    if (cutting->depth == DEPTH_MAX)
        return false;
    cutting->open[cutting->depth++] = name;
    return true;
}

/* The last place before `max` behind a whole block, and the last between two words. */
static void find_points(struct slice html, size_t max, struct cut_point *block,
                        struct cut_point *word)
{
    struct cutting now = {.depth = 0};
    size_t i = 0;

    while (i < html.len && i < max) {
        if (html.at[i] != '<') {
            if (html.at[i] == ' ' || html.at[i] == '\n')
                *word = (struct cut_point){i, now};
            i++;
            continue;
        }
        struct slice rest = slice_from(html, i + 1);
        size_t end = slice_find(rest, '>');
        if (end == SIZE_MAX || i + 1 + end >= max || !apply_tag(&now, slice_first(rest, end)))
            return;
        i += end + 2;
        if (now.depth == 0)
            *block = (struct cut_point){i, now};
    }
}

/* A stretch without a blank: between two characters that are no part of a tag or an escape. */
static size_t between_characters(struct slice html, size_t max)
{
    size_t open, escape;

    while (max > 0 && ((unsigned char)html.at[max] & 0xC0) == 0x80)
        max--;
    open = slice_find_last(slice_first(html, max), '<');
    if (open != SIZE_MAX && slice_find(slice_from(slice_first(html, max), open), '>') == SIZE_MAX)
        return open;
    escape = slice_find_last(slice_first(html, max), '&');
    if (escape != SIZE_MAX &&
        slice_find(slice_from(slice_first(html, max), escape), ';') == SIZE_MAX)
        return escape;
    return max;
}

static void close_elements(const struct cutting *state, struct bytes *out)
{
    for (size_t i = state->depth; i > 0; i--)
        bytes_print(out, "</%.*s>", SLICE_ARGS(state->open[i - 1]));
}

static struct cut_point hard_point(struct slice html, size_t max)
{
    struct cut_point point = {.at = between_characters(html, max)};
    size_t i = 0;

    while (i < point.at) {
        size_t open = slice_find(slice_from(slice_first(html, point.at), i), '<');
        if (open == SIZE_MAX)
            break;
        struct slice rest = slice_from(html, i + open + 1);
        size_t end = slice_find(rest, '>');
        if (end == SIZE_MAX || !apply_tag(&point.state, slice_first(rest, end)))
            break;
        i += open + end + 2;
    }
    return point;
}

bool html_cut(struct slice html, size_t max, struct bytes *out)
{
    struct cut_point block = {0}, word = {0};

    if (html.len <= max)
        return false;
    find_points(html, max, &block, &word);
    struct cut_point point = block.at > max / 2 ? block : word;
    if (point.at <= max / 2 && block.at == 0)
        point = hard_point(html, max);
    bytes_add(out, slice_first(html, point.at));
    close_elements(&point.state, out);
    return true;
}
