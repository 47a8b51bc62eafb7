/* SEARCH and UID SEARCH, with ESEARCH (RFC 4731), SEARCHRES (RFC 5182) and CONDSTORE. */
#include "imap_private.h"
#include "memory.h"
#include "text.h"

enum search_return {
    RETURN_MIN = 1,
    RETURN_MAX = 2,
    RETURN_ALL = 4,
    RETURN_COUNT = 8,
    RETURN_SAVE = 16,
};

static bool read_return(struct lexer *lexer, unsigned *out)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {
        {"MIN",   RETURN_MIN  },
        {"MAX",   RETURN_MAX  },
        {"ALL",   RETURN_ALL  },
        {"COUNT", RETURN_COUNT},
        {"SAVE",  RETURN_SAVE },
    };

    *out = 0;
    if (!lex_space(lexer) || !lex_char(lexer, '('))
        return false;
    while (!lex_char(lexer, ')')) {
        bool found = false;
        for (size_t i = 0; i < COUNT_OF(words) && !found; i++)
            if (lex_is(lexer, words[i].word)) {
                *out |= words[i].bit;
                found = true;
            }
        if (!found)
            return false;
        lex_space(lexer);
    }
    if (*out == 0)
        *out = RETURN_ALL;
    return true;
}

static uint32_t shown(const struct imap_session *s, uint32_t uid)
{
    return s->uid ? uid : number_of(&s->selected, uid);
}

static void tell_plain(struct imap_session *s, const struct imap_found *found)
{
    struct bytes *out = s->turn->out;

    bytes_add_text(out, s->search_order.shape == SHAPE_SORTED ? "* SORT" : "* SEARCH");
    for (size_t i = 0; i < found->count; i++)
        if (shown(s, found->uids[i]))
            bytes_print(out, " %u", shown(s, found->uids[i]));
    if (s->search_modseq && found->count > 0)
        bytes_print(out, " (MODSEQ %lld)", (long long)found->modseq);
    bytes_add_text(out, "\r\n");
}

/* "(2)(3 6 (4 23)(44 7 96))" */
static void tell_threads(struct imap_session *s, const struct threads *threads)
{
    struct bytes *out = s->turn->out;
    const char *space = " ";

    bytes_add_text(out, "* THREAD");
    for (size_t i = 0; i < threads->count; i++) {
        bool close = threads->at[i] == THREAD_CLOSES, open = threads->at[i] == THREAD_OPENS;
        bool follows = i > 0 && threads->at[i - 1] == THREAD_CLOSES;
        bytes_add_text(out, close || (open && follows) ? "" : space);
        if (close || open)
            bytes_add_char(out, close ? ')' : '(');
        else
            bytes_print(out, "%u", shown(s, threads->at[i]));
        space = open ? "" : " ";
    }
    bytes_add_text(out, "\r\n");
}

static void tell_extended(struct imap_session *s, const struct imap_found *found)
{
    struct bytes *out = s->turn->out;
    scoped_value(number_set) all = {0};
    unsigned wanted = s->search_return;
    uint32_t least = 0, most = 0, count = 0;

    for (size_t i = 0; i < found->count; i++) {
        uint32_t number = shown(s, found->uids[i]);
        if (number == 0)
            continue;
        least = least ? least : number;
        most = number;
        count++;
        number_set_add(&all, number, number);
    }
    bytes_add_text(out, "* ESEARCH (TAG ");
    imap_string_add(out, slice_of(s->tag));
    bytes_print(out, ")%s", s->uid ? " UID" : "");
    if (wanted & RETURN_MIN && count)
        bytes_print(out, " MIN %u", least);
    if (wanted & RETURN_MAX && count)
        bytes_print(out, " MAX %u", most);
    if (wanted & RETURN_ALL && count) {
        bytes_add_text(out, " ALL ");
        number_set_print(&all, out);
    }
    if (wanted & RETURN_COUNT)
        bytes_print(out, " COUNT %u", count);
    if (s->search_modseq && count)
        bytes_print(out, " MODSEQ %lld", (long long)found->modseq);
    bytes_add_text(out, "\r\n");
}

/* What SAVE keeps: all, or the ends if only these were asked for (RFC 5182 2.4). */
static void save(struct imap_session *s, const struct imap_found *found)
{
    struct number_set *saved = &s->selected.saved;
    unsigned ends = s->search_return & (RETURN_MIN | RETURN_MAX);
    bool whole = !ends || s->search_return & (RETURN_ALL | RETURN_COUNT);

    number_set_clear(saved);
    for (size_t i = 0; i < found->count; i++) {
        bool kept =
            whole || (ends & RETURN_MIN && i == 0) || (ends & RETURN_MAX && i + 1 == found->count);
        if (kept)
            number_set_add(saved, found->uids[i], found->uids[i]);
    }
}

static enum next searched(struct imap_session *s, struct errand *back)
{
    const struct imap_found *found = container_of(back, struct imap_found, base.errand);

    if (!errand_failed(back) && found->more)
        return await_errand(s, back, searched);
    if (errand_failed(back)) {
        if (s->search_return & RETURN_SAVE)
            number_set_clear(&s->selected.saved);
        return no_errand(s, back);
    }
    if (s->search_return & RETURN_SAVE)
        save(s, found);
    if (s->search_return & ~(unsigned)RETURN_SAVE)
        tell_extended(s, found);
    else if (s->search_order.shape >= SHAPE_SUBJECTS)
        tell_threads(s, &found->threads);
    else if (!s->search_return)
        tell_plain(s, found);
    errand_free(back);
    return finish(s, "", "Searched");
}

static bool asks_modseq(const struct search_key *key)
{
    if (key->kind == SEARCH_MODSEQ)
        return true;
    for (size_t i = 0; i < key->count; i++)
        if (asks_modseq(&key->children[i]))
            return true;
    return false;
}

/* Any charset but these is none that a header here is in. */
static bool is_known_charset(struct slice charset)
{
    return slice_is_nocase(charset, "UTF-8") || slice_is_nocase(charset, "US-ASCII");
}

/* The keys, up to the end of the command. */
static enum next begin_search(struct imap_session *s)
{
    struct selected *selected = &s->selected;
    scoped_value(search_key) key = {0};
    scoped_value(number_set) all = {0};
    const struct search_world world = {selected->uids, selected->count, &selected->saved};
    const char *words = NULL;

    if (!search_read(&s->lexer, &world, &key, &words))
        return bad(s, words);
    s->search_modseq = asks_modseq(&key);
    s->condstore = s->condstore || s->search_modseq;
    for (size_t i = 0; i < selected->count; i++)
        number_set_add(&all, selected->uids[i], selected->uids[i]);
    return await_errand(
        s, s->duties->search(s->duties->ctx, selected->id, &key, &all, &s->search_order), searched);
}

enum next imap_on_search(struct imap_session *s)
{
    struct slice charset;

    s->search_order = (struct search_order){.shape = SHAPE_SET};
    s->search_return = s->rev2 ? RETURN_ALL : 0; /* RFC 9051 answers ESEARCH always */
    if (!lex_space(&s->lexer))
        return bad(s, "SEARCH wants keys");
    if (lex_is(&s->lexer, "RETURN") &&
        (!read_return(&s->lexer, &s->search_return) || !lex_space(&s->lexer)))
        return bad(s, "RETURN wants some of MIN MAX ALL COUNT SAVE, and keys behind it");
    if (lex_is(&s->lexer, "CHARSET")) {
        if (!lex_space(&s->lexer) || !lex_astring(&s->lexer, &charset))
            return bad(s, "CHARSET wants a name");
        if (!is_known_charset(charset))
            return no(s, "BADCHARSET (UTF-8)", "Search in UTF-8");
        if (!lex_space(&s->lexer))
            return bad(s, "SEARCH wants keys");
    }
    return begin_search(s);
}

/* ---- SORT and THREAD (RFC 5256) ---- */

static enum next search_in_order(struct imap_session *s,
                                 bool (*read)(struct lexer *, struct search_order *),
                                 const char *words)
{
    struct slice charset;

    s->search_return = 0;
    if (!lex_space(&s->lexer) || !read(&s->lexer, &s->search_order) || !lex_space(&s->lexer) ||
        !lex_astring(&s->lexer, &charset))
        return bad(s, words);
    if (!is_known_charset(charset))
        return no(s, "BADCHARSET (UTF-8)", "Search in UTF-8");
    if (!lex_space(&s->lexer))
        return bad(s, words);
    return begin_search(s);
}

enum next imap_on_sort(struct imap_session *s)
{
    return search_in_order(s, sort_order_read,
                           "SORT wants an order in brackets, a charset and keys");
}

enum next imap_on_thread(struct imap_session *s)
{
    return search_in_order(s, thread_order_read,
                           "THREAD wants REFERENCES or ORDEREDSUBJECT, a charset and keys");
}
