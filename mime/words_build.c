/*
 * words_build — the lines that are left become passages: hard-wrapped paragraphs are joined, bare addresses of
 * the web become links, pictures are sorted into kept and cut.
 */
#include "words_private.h"

#include "memory.h"
#include "mime_private.h"
#include "text.h"

enum { WRAP_MIN = 60, WRAP_MAX = 78, LONGEST_URL = 2048 };

struct line *lines_add(struct lines *lines)
{
    must_make_room(lines->at, lines->count, lines->capacity);
    lines->at[lines->count] = (struct line){0};
    return &lines->at[lines->count++];
}

static void clear_line(struct line *line)
{
    for (size_t i = 0; i < line->count; i++) {
        bytes_clear(&line->pieces[i].text);
        free(line->pieces[i].href);
    }
    for (size_t i = 0; i < line->picture_count; i++) {
        free(line->pictures[i].content_id);
        free(line->pictures[i].alt);
    }
    free(line->pieces);
    free(line->pictures);
    free(line->text);
}

void lines_clear(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        clear_line(&lines->at[i]);
    free(lines->at);
    *lines = (struct lines){0};
}

static bool same_link(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void add_piece(struct line *line, const char *href)
{
    must_make_room(line->pieces, line->count, line->capacity);
    line->pieces[line->count++] = (struct piece){.href = must_dup(href)};
}

void line_add_text(struct line *line, struct slice text, const char *href)
{
    if (line->count == 0 || !same_link(line->pieces[line->count - 1].href, href))
        add_piece(line, href);
    bytes_add(&line->pieces[line->count - 1].text, text);
}

void line_finish(struct line *line)
{
    scoped_value(bytes) all = {0}, squeezed = {0};

    for (size_t i = 0; i < line->count; i++)
        bytes_add(&all, bytes_slice(&line->pieces[i].text));
    squeeze_add(&squeezed, bytes_slice(&all));
    line->text = bytes_take(&squeezed);
}

static void add_run(struct passage *passage, struct slice text, const char *href)
{
    if (text.len == 0)
        return;
    must_make_room(passage->runs, passage->count, passage->capacity);
    passage->runs[passage->count++] = (struct run){.text = must_copy(text), .href = must_dup(href)};
}

/* Where an address of the web that begins at `text` ends: not in the punctuation behind it. */
static size_t url_end(struct slice text)
{
    size_t len = 0;
    int open = 0;

    text = slice_first(text, LONGEST_URL);
    while (len < text.len && (unsigned char)text.at[len] > ' ' && !strchr("<>\"", text.at[len])) {
        open += text.at[len] == '(';
        if (text.at[len] == ')' && --open < 0)
            break;
        len++;
    }
    while (len > 0 && strchr(".,;:!?'*_]}", text.at[len - 1]))
        len--;
    return len;
}

static size_t find_url(struct slice text, size_t *out_len)
{
    for (size_t from = 0; from < text.len;) {
        size_t at = slice_find_text_nocase(slice_from(text, from), "http");
        if (at == SIZE_MAX)
            return SIZE_MAX;
        at += from;
        struct slice rest = slice_from(text, at);
        bool scheme = slice_starts_nocase(rest, "http://") || slice_starts_nocase(rest, "https://");
        bool inside = at > 0 && g_ascii_isalnum(text.at[at - 1]);
        struct url url;
        size_t len = scheme && !inside ? url_end(rest) : 0;
        if (len > 0 && url_read(slice_first(rest, len), &url)) {
            *out_len = len;
            return at;
        }
        from = at + 4;
    }
    return SIZE_MAX;
}

static void add_plain(struct passage *passage, struct slice text)
{
    size_t len = 0;

    for (size_t at = find_url(text, &len); at != SIZE_MAX; at = find_url(text, &len)) {
        scoped_text char *href = must_copy((struct slice){text.at + at, len});

        add_run(passage, slice_first(text, at), NULL);
        add_run(passage, slice_of(href), href);
        text = slice_from(text, at + len);
    }
    add_run(passage, text, NULL);
}

/* Programs make a mail link of the address in "@bob@social.example"; here it is a name again. */
static bool is_made_by_program(struct slice before, const struct piece *piece)
{
    bool named =
        slice_starts(bytes_slice(&piece->text), SLICE("@")) || slice_ends(before, SLICE("@"));
    return piece->href && named && slice_starts_nocase(slice_of(piece->href), "mailto:");
}

static void add_pieces(struct passage *passage, const struct line *line)
{
    scoped_value(bytes) plain = {0}; /* text without a link, gathered so that names are not torn */

    for (size_t i = 0; i < line->count; i++) {
        const struct piece *piece = &line->pieces[i];

        if (!piece->href || is_made_by_program(bytes_slice(&plain), piece)) {
            bytes_add(&plain, bytes_slice(&piece->text));
            continue;
        }
        add_plain(passage, bytes_slice(&plain));
        bytes_reset(&plain);
        add_run(passage, bytes_slice(&piece->text), piece->href);
    }
    add_plain(passage, bytes_slice(&plain));
}

static enum passage_kind kind_of(const struct line *line)
{
    return line->quote > 0 || line->own_quote ? PASSAGE_QUOTE : PASSAGE_PARAGRAPH;
}

/* Does line i go on the paragraph of line i - 1? */
static bool goes_on(const struct lines *lines, size_t i)
{
    const struct line *line = &lines->at[i];

    return i > 0 && !line->breaks && !lines->at[i - 1].cut && lines->at[i - 1].count > 0 &&
           kind_of(line) == kind_of(&lines->at[i - 1]);
}

static size_t paragraph_end(const struct lines *lines, size_t first)
{
    size_t end = first + 1;

    while (end < lines->count && !lines->at[end].cut && lines->at[end].count > 0 &&
           goes_on(lines, end))
        end++;
    return end;
}

static bool is_wrapped(const struct lines *lines, size_t first, size_t end)
{
    if (!lines->wrapped || end - first < 2 || kind_of(&lines->at[first]) == PASSAGE_QUOTE)
        return false;
    for (size_t i = first; i + 1 < end; i++)
        if (lines->at[i].columns < WRAP_MIN || lines->at[i].columns > WRAP_MAX)
            return false;
    return true;
}

/* Blanks at the ends of a line say nothing. */
static void trim_line(struct line *line)
{
    struct bytes *first = &line->pieces[0].text;
    struct bytes *last = &line->pieces[line->count - 1].text;

    while (last->len > 0 && strchr(" \t", last->at[last->len - 1]))
        bytes_cut(last, last->len - 1);
    while (first->len > 0 && strchr(" \t", first->at[0]))
        bytes_drop_front(first, 1);
}

static void add_paragraph(struct lines *lines, size_t first, size_t end, struct words *out)
{
    const char *between = is_wrapped(lines, first, end) ? " " : "\n";

    must_make_room(out->passages, out->count, out->capacity);
    struct passage *passage = &out->passages[out->count++];
    *passage = (struct passage){.kind = kind_of(&lines->at[first])};
    for (size_t i = first; i < end; i++) {
        if (i > first)
            add_run(passage, slice_of(between), NULL);
        trim_line(&lines->at[i]);
        add_pieces(passage, &lines->at[i]);
    }
}

static bool in_list(char *const *list, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], what) == 0)
            return true;
    return false;
}

enum { MAX_PICTURES = 100 };

static void keep_pictures(const struct line *line, struct words *out)
{
    for (size_t i = 0; i < line->picture_count; i++) {
        const struct picture_ref *ref = &line->pictures[i];
        size_t count = out->kept_content_id_count;

        if (count >= MAX_PICTURES || in_list(out->kept_content_ids, count, ref->content_id))
            continue;
        out->kept_content_ids[count] = must_dup(ref->content_id);
        out->image_alts[count] = must_dup(ref->alt);
        out->kept_content_id_count++;
    }
}

static void note_cut_pictures(const struct line *line, struct words *out)
{
    for (size_t i = 0; i < line->picture_count; i++) {
        const char *id = line->pictures[i].content_id;
        size_t count = out->cut_content_id_count;

        if (count >= MAX_PICTURES || in_list(out->cut_content_ids, count, id) ||
            in_list(out->kept_content_ids, out->kept_content_id_count, id))
            continue;
        out->cut_content_ids[out->cut_content_id_count++] = must_dup(id);
    }
}

static void build_pictures(const struct lines *lines, struct words *out)
{
    out->kept_content_ids = must_alloc_array(MAX_PICTURES, sizeof(char *));
    out->image_alts = must_alloc_array(MAX_PICTURES, sizeof(char *));
    out->cut_content_ids = must_alloc_array(MAX_PICTURES, sizeof(char *));
    for (size_t i = 0; i < lines->count; i++)
        if (!lines->at[i].cut)
            keep_pictures(&lines->at[i], out);
    for (size_t i = 0; i < lines->count; i++)
        if (lines->at[i].cut)
            note_cut_pictures(&lines->at[i], out);
}

void words_build(struct lines *lines, struct words *out)
{
    size_t end = 0;

    for (size_t i = 0; i < lines->count; i = end) {
        end = i + 1;
        if (lines->at[i].cut || lines->at[i].count == 0)
            continue;
        end = paragraph_end(lines, i);
        add_paragraph(lines, i, end, out);
    }
    build_pictures(lines, out);
}
