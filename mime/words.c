/* words — questions about the words that were kept, and taking lines out of them. */
#include "words.h"

#include "memory.h"
#include "mime_private.h"

static void clear_runs(struct run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(runs[i].text);
        free(runs[i].href);
    }
}

static void clear_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void words_clear(struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        clear_runs(words->passages[i].runs, words->passages[i].count);
        free(words->passages[i].runs);
    }
    free(words->passages);
    bytes_clear(&words->other);
    free(words->other_from);
    clear_texts(words->kept_content_ids, words->kept_content_id_count);
    clear_texts(words->image_alts, words->kept_content_id_count);
    clear_texts(words->cut_content_ids, words->cut_content_id_count);
    *words = (struct words){0};
}

static bool is_break(const struct run *run)
{
    return strcmp(run->text, "\n") == 0;
}

static bool runs_blank(const struct run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        scoped_value(bytes) squeezed = {0};

        squeeze_add(&squeezed, slice_of(runs[i].text));
        if (squeezed.len > 0)
            return false;
    }
    return true;
}

bool words_empty(const struct words *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (!runs_blank(words->passages[i].runs, words->passages[i].count))
            return false;
    return true;
}

static void add_passage(const struct passage *passage, struct bytes *out)
{
    const char *mark = passage->kind == PASSAGE_QUOTE ? "> " : "";

    bytes_add_text(out, mark);
    for (size_t i = 0; i < passage->count; i++) {
        bytes_add_text(out, passage->runs[i].text);
        if (is_break(&passage->runs[i]))
            bytes_add_text(out, mark);
    }
}

void words_plain(const struct words *words, struct bytes *out)
{
    for (size_t i = 0; i < words->count; i++) {
        if (i > 0)
            bytes_add_text(out, "\n\n");
        add_passage(&words->passages[i], out);
    }
}

/* Runs of the line that begins at `from`, without the break behind it. */
static size_t line_length(const struct passage *passage, size_t from)
{
    size_t end = from;

    while (end < passage->count && !is_break(&passage->runs[end]))
        end++;
    return end - from;
}

static char *line_text(const struct passage *passage, size_t from, size_t count)
{
    scoped_value(bytes) text = {0}, squeezed = {0};

    for (size_t i = from; i < from + count; i++)
        bytes_add_text(&text, passage->runs[i].text);
    squeeze_add(&squeezed, bytes_slice(&text));
    return bytes_take(&squeezed);
}

/* Takes a line out together with the break that parted it; a passage that holds nothing any more goes as well.
 * True if the passage went. */
static bool drop_line(struct words *words, size_t at, size_t from, size_t count)
{
    struct passage *passage = &words->passages[at];
    size_t first = from;
    size_t behind = from + count;

    if (behind < passage->count)
        behind++;
    else if (first > 0)
        first--;
    clear_runs(passage->runs + first, behind - first);
    memmove(passage->runs + first, passage->runs + behind,
            (passage->count - behind) * sizeof *passage->runs);
    passage->count -= behind - first;
    if (passage->count > 0)
        return false;
    free(passage->runs);
    memmove(passage, passage + 1, (words->count - at - 1) * sizeof *passage);
    words->count--;
    return true;
}

char *words_first_line(const struct words *words)
{
    if (words->count == 0)
        return NULL;
    const struct passage *passage = &words->passages[0];
    return line_text(passage, 0, line_length(passage, 0));
}

void words_drop_first_line(struct words *words)
{
    if (words->count > 0)
        (void)drop_line(words, 0, 0, line_length(&words->passages[0], 0));
}

/* Takes matching lines out of one passage; true if nothing was left of it. */
static bool take_from_passage(struct words *words, size_t at, const char *prefix,
                              void (*each)(void *ctx, struct slice rest), void *ctx)
{
    size_t from = 0;

    while (from < words->passages[at].count) {
        size_t count = line_length(&words->passages[at], from);
        scoped_text char *text = line_text(&words->passages[at], from, count);

        if (!slice_starts_nocase(slice_of(text), prefix)) {
            from += count + 1;
            continue;
        }
        each(ctx, slice_trim(slice_from(slice_of(text), strlen(prefix))));
        if (drop_line(words, at, from, count))
            return true;
    }
    return false;
}

void words_take_lines(struct words *words, const char *prefix,
                      void (*each)(void *ctx, struct slice rest), void *ctx)
{
    size_t at = 0;

    while (at < words->count)
        if (!take_from_passage(words, at, prefix, each, ctx))
            at++;
}

bool words_sign(uint32_t code)
{
    return code == '_' || g_unichar_isalnum(code) || g_unichar_ismark(code);
}
