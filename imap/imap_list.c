/*
 * LIST with its extensions (RFC 9051 6.3.9, RFC 5258, 5819, 6154), and LSUB.
 *
 * A line is a mailbox, a level above one, or a name to which somebody is subscribed though its mailbox is gone.  First
 * each is held against the patterns, and what is chosen but fits none is marked on the levels above it; then they are told.
 */
#include "imap_private.h"
#include "mailbox_name.h"
#include "memory.h"
#include "status.h"

enum { PATTERNS_MAX = 50 };

struct line {
    struct slice name;
    const struct imap_mailbox *mailbox; /* NULL: only a level, or gone */
    bool is_level;                      /* above a mailbox */
    bool subscribed;
    bool fits; /* a pattern */
    bool
        chosen_below; /* something that is chosen, and fits no pattern itself (RFC 5258 5, example 9) */
};
struct lines {
    struct line *at;
    size_t count, capacity;
};

struct listing {
    bool lsub;
    bool subscribed, recursive, special; /* what is chosen */
    unsigned status;                     /* items of STATUS to be told too; 0: none */
    char *patterns[PATTERNS_MAX];        /* UTF-8, reference in front */
    size_t pattern_count, pattern_octets;
    bool asks_for_delimiter; /* an empty pattern, whatever the reference (RFC 9051 6.3.9) */
    /* while it is told */
    struct errand *home;
    struct lines lines;
    size_t at;
    bool all_held; /* against the patterns: now they are told */
};

void listing_free(struct listing *listing)
{
    if (!listing)
        return;
    for (size_t i = 0; i < listing->pattern_count; i++)
        free(listing->patterns[i]);
    free(listing->lines.at);
    errand_free(listing->home);
    free(listing);
}
SCOPED(listing, listing_free)

/* ---- what is shown ---- */

static void add_line(struct lines *lines, struct line line)
{
    must_make_room(lines->at, lines->count, lines->capacity);
    lines->at[lines->count++] = line;
}

static int compare_lines(const void *a, const void *b)
{
    return slice_compare(((const struct line *)a)->name, ((const struct line *)b)->name);
}

/* Lines of one name, which stand together, become one. */
static void join_lines(struct lines *lines)
{
    size_t kept = 0;

    for (size_t i = 0; i < lines->count; i++) {
        const struct line *line = &lines->at[i];
        if (kept == 0 || !slice_eq(lines->at[kept - 1].name, line->name)) {
            lines->at[kept++] = *line;
            continue;
        }
        struct line *known = &lines->at[kept - 1];
        known->mailbox = known->mailbox ? known->mailbox : line->mailbox;
        known->is_level = known->is_level || line->is_level;
        known->subscribed = known->subscribed || line->subscribed;
    }
    lines->count = kept;
}

/* Every mailbox and every subscription, and every level above one. */
static void make_lines(const struct imap_listing *all, struct lines *out)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct imap_mailbox *mailbox = &all->at[i];
        struct slice name = slice_of(mailbox->name);
        add_line(out, (struct line){.name = name,
                                    .mailbox = mailbox->gone ? NULL : mailbox,
                                    .subscribed = mailbox->subscribed});
        for (size_t end = slice_find_last(name, '/'); end != SIZE_MAX;
             end = slice_find_last(name, '/')) {
            name = slice_first(name, end);
            add_line(out, (struct line){.name = name, .is_level = !mailbox->gone});
        }
    }
    if (out->count > 0)
        qsort(out->at, out->count, sizeof out->at[0], compare_lines);
    join_lines(out);
}

static bool fits_pattern(const struct listing *listing, struct slice name)
{
    for (size_t i = 0; i < listing->pattern_count; i++) {
        struct slice pattern = slice_of(listing->patterns[i]);
        if (mailbox_name_fits(name, pattern) ||
            (slice_is(name, "INBOX") && slice_is_nocase(pattern, "INBOX")))
            return true;
    }
    return false;
}

static bool is_special(const struct line *line)
{
    return line->mailbox && line->mailbox->special;
}

/* By itself, whatever its name. */
static bool is_wanted(const struct listing *listing, const struct line *line)
{
    return (!listing->special || is_special(line)) &&
           (listing->subscribed ? line->subscribed : line->mailbox || line->is_level);
}

static bool is_chosen(const struct listing *listing, const struct line *line)
{
    return line->fits && (is_wanted(listing, line) ||
                          ((listing->recursive || listing->lsub) && line->chosen_below));
}

static void mark_levels_above(struct lines *lines, const struct line *line)
{
    struct line level = {.name = line->name};

    for (size_t end = slice_find_last(level.name, '/'); end != SIZE_MAX;
         end = slice_find_last(level.name, '/')) {
        level.name = slice_first(level.name, end);
        struct line *found = bsearch(&level, lines->at, lines->count, sizeof level, compare_lines);
        found->chosen_below = true; /* make_lines() made it */
    }
}

static void hold_against_patterns(struct listing *listing, struct line *line)
{
    line->fits = fits_pattern(listing, line->name);
    if (!line->fits && is_wanted(listing, line))
        mark_levels_above(&listing->lines, line);
}

static const char *const special_names[] = {
    [SPECIAL_NONE] = "",          [SPECIAL_SENT] = " \\Sent", [SPECIAL_DRAFTS] = " \\Drafts",
    [SPECIAL_TRASH] = " \\Trash", [SPECIAL_JUNK] = " \\Junk", [SPECIAL_ARCHIVE] = " \\Archive",
};

static void add_attributes(const struct imap_session *s, const struct listing *listing,
                           const struct line *line, struct bytes *out)
{
    scoped_value(bytes) words = {0};

    if (!line->mailbox) /* who asks with options knows the newer word (RFC 5258 3) */
        bytes_add_text(&words, s->rev2 || listing->subscribed ? " \\NonExistent" : " \\Noselect");
    bytes_add_text(&words, line->is_level ? " \\HasChildren" : " \\HasNoChildren");
    if (line->subscribed)
        bytes_add_text(&words, " \\Subscribed");
    if (line->mailbox)
        bytes_add_text(&words, special_names[line->mailbox->special]);
    bytes_add(out, slice_from(bytes_slice(&words), 1));
}

static void add_child_info(const struct listing *listing, struct bytes *out)
{
    const char *both = listing->subscribed && listing->special ? " " : "";

    bytes_print(out, " (\"CHILDINFO\" (%s%s%s))", listing->subscribed ? "\"SUBSCRIBED\"" : "", both,
                listing->special ? "\"SPECIAL-USE\"" : "");
}

static void tell_line(struct imap_session *s, const struct listing *listing,
                      const struct line *line)
{
    struct bytes *out = s->turn->out;
    scoped_text char *name = must_copy(line->name);

    bytes_print(out, "* %s (", listing->lsub ? "LSUB" : "LIST");
    if (!listing->lsub)
        add_attributes(s, listing, line, out);
    else if (!line->subscribed || !line->mailbox)
        bytes_add_text(out, "\\Noselect");
    bytes_add_text(out, ") \"/\" ");
    add_mailbox(s, out, name);
    if (listing->recursive && line->chosen_below)
        add_child_info(listing, out);
    bytes_add_text(out, "\r\n");
    if (listing->status && line->mailbox)
        tell_status(s, line->mailbox, listing->status);
}

/* Some at a time, for the loop has others to serve: fewer where each is held against long patterns. */
static size_t lines_at_once(const struct listing *listing)
{
    enum { LINES_AT_ONCE = 200, OCTETS_AT_ONCE = 10000 };
    size_t most = 1 + OCTETS_AT_ONCE / (listing->pattern_octets + 1);

    return listing->all_held || most > LINES_AT_ONCE ? LINES_AT_ONCE : most;
}

static enum next list_some(struct imap_session *s)
{
    struct listing *listing = s->listing;
    struct lines *lines = &listing->lines;

    for (size_t left = lines_at_once(listing); left > 0 && listing->at < lines->count; left--) {
        struct line *line = &lines->at[listing->at++];
        if (!listing->all_held)
            hold_against_patterns(listing, line);
        else if (is_chosen(listing, line))
            tell_line(s, listing, line);
    }
    if (listing->at == lines->count && listing->all_held) {
        listing_free(listing);
        s->listing = NULL;
        return finish(s, "", "That is all");
    }
    if (listing->at == lines->count) {
        listing->all_held = true;
        listing->at = 0;
    }
    s->more = list_some;
    return NEXT_MORE;
}

static enum next listed(struct imap_session *s, struct errand *back)
{
    if (errand_failed(back)) {
        listing_free(s->listing);
        s->listing = NULL;
        return no_errand(s, back);
    }
    s->listing->home = back;
    make_lines(container_of(back, struct imap_listing, base.errand), &s->listing->lines);
    return list_some(s);
}

/* ---- what is asked ---- */

static bool read_select_options(struct lexer *lexer, struct listing *listing)
{
    struct slice word;

    while (!lex_char(lexer, ')')) {
        if (!lex_word(lexer, &word))
            return false;
        if (slice_is_nocase(word, "SUBSCRIBED"))
            listing->subscribed = true;
        else if (slice_is_nocase(word, "RECURSIVEMATCH"))
            listing->recursive = true;
        else if (slice_is_nocase(word, "SPECIAL-USE"))
            listing->special = true;
        else if (!slice_is_nocase(word, "REMOTE"))
            return false;
        lex_space(lexer);
    }
    return !listing->recursive || listing->subscribed || listing->special;
}

static bool read_return_options(struct lexer *lexer, struct listing *listing)
{
    struct slice word;

    if (!lex_is(lexer, "RETURN") || !lex_space(lexer) || !lex_char(lexer, '('))
        return false;
    while (!lex_char(lexer, ')')) {
        if (!lex_word(lexer, &word))
            return false;
        if (slice_is_nocase(word, "STATUS")) {
            if (!lex_space(lexer) || !read_status_items(lexer, &listing->status))
                return false;
        } else if (!slice_is_nocase(word, "SUBSCRIBED") && !slice_is_nocase(word, "CHILDREN") &&
                   !slice_is_nocase(word, "SPECIAL-USE")) {
            return false;
        }
        lex_space(lexer);
    }
    return true;
}

static bool add_pattern(struct imap_session *s, struct listing *listing, const char *reference)
{
    struct slice written;

    if (listing->pattern_count >= PATTERNS_MAX || !lex_list_mailbox(&s->lexer, &written))
        return false;
    scoped_text char *pattern = read_mailbox(s, written);
    if (!pattern)
        return false;
    listing->asks_for_delimiter = listing->asks_for_delimiter || pattern[0] == '\0';
    listing->patterns[listing->pattern_count] =
        must_print("%s%s", pattern[0] == '/' ? "" : reference, pattern);
    listing->pattern_octets += strlen(listing->patterns[listing->pattern_count++]);
    return true;
}

static bool read_patterns(struct imap_session *s, struct listing *listing, const char *reference)
{
    if (!lex_char(&s->lexer, '('))
        return add_pattern(s, listing, reference);
    do {
        if (!add_pattern(s, listing, reference))
            return false;
    } while (lex_space(&s->lexer));
    return lex_char(&s->lexer, ')');
}

static bool read_arguments(struct imap_session *s, struct listing *listing)
{
    struct lexer *lexer = &s->lexer;
    struct slice written;

    if (!lex_space(lexer))
        return false;
    if (!listing->lsub && lex_char(lexer, '(') &&
        (!read_select_options(lexer, listing) || !lex_space(lexer)))
        return false;
    if (!lex_astring(lexer, &written))
        return false;
    scoped_text char *reference = read_mailbox(s, written);
    if (!reference || !lex_space(lexer) || !read_patterns(s, listing, reference))
        return false;
    if (!listing->lsub && lex_space(lexer) && !read_return_options(lexer, listing))
        return false;
    return lexer_at_end(lexer);
}

static enum next begin_listing(struct imap_session *s, bool lsub)
{
    scoped(listing) listing = must_new(struct listing);

    listing->lsub = lsub;
    listing->subscribed = lsub;
    if (!read_arguments(s, listing))
        return bad(s, "This is not how LIST is written");
    if (listing->asks_for_delimiter && listing->pattern_count == 1) {
        say(s, "%s (\\Noselect) \"/\" \"\"", lsub ? "LSUB" : "LIST");
        return finish(s, "", "Levels are parted by /");
    }
    s->listing = steal(&listing);
    return await_errand(s, s->duties->list(s->duties->ctx, s->account_id, s->listing->status != 0),
                        listed);
}

enum next imap_on_list(struct imap_session *s)
{
    return begin_listing(s, false);
}

enum next imap_on_lsub(struct imap_session *s)
{
    return begin_listing(s, true);
}
