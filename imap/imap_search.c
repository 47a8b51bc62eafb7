/* SEARCH and UID SEARCH, with ESEARCH (RFC 4731), SEARCHRES (RFC 5182) and CONDSTORE; SORT, THREAD and ESORT (RFC 5267). */
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

static const char return_words[] =
    "RETURN wants some of MIN MAX ALL COUNT SAVE, and more behind it";

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

/* What was found, told a piece at a time: a million numbers are eight megabytes, and others share the loop. */
struct finding {
    struct errand *home;          /* a struct imap_found */
    size_t at;                    /* of its UIDs or threads; then of `all`: what comes next */
    struct number_set all, saved; /* `all` stays empty where they are sorted */
    bool told;                    /* one of them, behind ALL */
    uint32_t least, most, count;
};
enum { FOUND_AT_ONCE = 4000 };

void finding_free(struct finding *finding)
{
    if (!finding)
        return;
    errand_free(finding->home);
    number_set_clear(&finding->all);
    number_set_clear(&finding->saved);
    free(finding);
}

static struct imap_found *found_of(const struct imap_session *s)
{
    return container_of(s->finding->home, struct imap_found, base.errand);
}

static bool is_sorted(const struct imap_session *s)
{
    return s->search_order.shape == SHAPE_SORTED;
}

static size_t sooner(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum next more(struct imap_session *s, enum next (*step)(struct imap_session *))
{
    s->more = step;
    return NEXT_MORE;
}

static enum next end_search(struct imap_session *s)
{
    finding_free(s->finding);
    s->finding = NULL;
    return finish(s, "", "Searched");
}

/* ---- SEARCH, SORT and THREAD without RETURN ---- */

static enum next tell_plain(struct imap_session *s)
{
    const struct imap_found *found = found_of(s);
    struct bytes *out = s->turn->out;
    size_t *at = &s->finding->at, end = sooner(found->count, *at + FOUND_AT_ONCE);

    if (*at == 0)
        bytes_add_text(out, is_sorted(s) ? "* SORT" : "* SEARCH");
    for (; *at < end; ++*at)
        if (shown(s, found->uids[*at]))
            bytes_print(out, " %u", shown(s, found->uids[*at]));
    if (end < found->count)
        return more(s, tell_plain);
    if (s->search_modseq && found->count > 0)
        bytes_print(out, " (MODSEQ %lld)", (long long)found->modseq);
    bytes_add_text(out, "\r\n");
    return end_search(s);
}

/* "(2)(3 6 (4 23)(44 7 96))" */
static enum next tell_threads(struct imap_session *s)
{
    const struct threads *threads = &found_of(s)->threads;
    struct bytes *out = s->turn->out;
    size_t begin = s->finding->at, end = sooner(threads->count, begin + FOUND_AT_ONCE);
    const char *space = begin > 0 && threads->at[begin - 1] == THREAD_OPENS ? "" : " ";

    if (begin == 0)
        bytes_add_text(out, "* THREAD");
    for (size_t i = begin; i < end; i++) {
        bool close = threads->at[i] == THREAD_CLOSES, open = threads->at[i] == THREAD_OPENS;
        bool follows = i > 0 && threads->at[i - 1] == THREAD_CLOSES;
        bytes_add_text(out, close || (open && follows) ? "" : space);
        if (close || open)
            bytes_add_char(out, close ? ')' : '(');
        else
            bytes_print(out, "%u", shown(s, threads->at[i]));
        space = open ? "" : " ";
    }
    s->finding->at = end;
    if (end < threads->count)
        return more(s, tell_threads);
    bytes_add_text(out, "\r\n");
    return end_search(s);
}

/* ---- RETURN ---- */

/* Of what is returned: of the first or the last alone where only these are (RFC 4731 3.2). */
static int64_t modseq_told(const struct imap_session *s)
{
    const struct imap_found *found = found_of(s);
    bool first = s->search_return & RETURN_MIN, last = s->search_return & RETURN_MAX;

    if ((!first && !last) || s->search_return & (RETURN_ALL | RETURN_COUNT))
        return found->modseq;
    if (first && (!last || found->modseq_first > found->modseq_last))
        return found->modseq_first;
    return found->modseq_last;
}

/* In their order; a range is one of rising numbers (RFC 5267 3.2).  True: all is said. */
static bool tell_some_sorted(struct imap_session *s)
{
    struct finding *finding = s->finding;
    const struct imap_found *found = found_of(s);
    size_t *at = &finding->at, end = sooner(found->count, *at + FOUND_AT_ONCE);

    while (*at < end) {
        uint32_t first = shown(s, found->uids[(*at)++]), last = first;
        if (first == 0)
            continue;
        while (*at < end && shown(s, found->uids[*at]) == last + 1)
            last++, ++*at;
        bytes_print(s->turn->out, finding->told ? ",%u" : "%u", first);
        if (last > first)
            bytes_print(s->turn->out, ":%u", last);
        finding->told = true;
    }
    return end == found->count;
}

static bool tell_some_set(struct imap_session *s)
{
    struct finding *finding = s->finding;

    finding->at = number_set_print_some(&finding->all, finding->at, FOUND_AT_ONCE, s->turn->out);
    return finding->at == finding->all.count;
}

static enum next tell_all(struct imap_session *s)
{
    struct finding *finding = s->finding;
    struct bytes *out = s->turn->out;

    if (s->search_return & RETURN_ALL && finding->count) {
        bytes_add_text(out, finding->at == 0 ? " ALL " : "");
        if (!(is_sorted(s) ? tell_some_sorted(s) : tell_some_set(s)))
            return more(s, tell_all);
    }
    if (s->search_return & RETURN_COUNT)
        bytes_print(out, " COUNT %u", finding->count);
    if (s->search_modseq && finding->count)
        bytes_print(out, " MODSEQ %lld", (long long)modseq_told(s));
    bytes_add_text(out, "\r\n");
    return end_search(s);
}

static enum next tell_extended(struct imap_session *s)
{
    const struct finding *finding = s->finding;
    struct bytes *out = s->turn->out;

    bytes_add_text(out, "* ESEARCH (TAG ");
    imap_string_add(out, slice_of(s->tag));
    bytes_print(out, ")%s", s->uid ? " UID" : "");
    if (s->search_return & RETURN_MIN && finding->count)
        bytes_print(out, " MIN %u", finding->least);
    if (s->search_return & RETURN_MAX && finding->count)
        bytes_print(out, " MAX %u", finding->most);
    s->finding->at = 0;
    return tell_all(s);
}

/* What SAVE keeps: all, or the ends if only these were asked for (RFC 5182 2.4). */
static void save_one(struct imap_session *s, size_t i)
{
    const struct imap_found *found = found_of(s);
    unsigned ends = s->search_return & (RETURN_MIN | RETURN_MAX);
    bool whole = !ends || s->search_return & (RETURN_ALL | RETURN_COUNT);

    if (whole && is_sorted(s)) {
        if (i == 0)
            number_set_copy(&found->set, &s->finding->saved);
        return;
    }
    if (whole || (ends & RETURN_MIN && i == 0) || (ends & RETURN_MAX && i + 1 == found->count))
        number_set_add(&s->finding->saved, found->uids[i], found->uids[i]);
}

static void count_one(struct imap_session *s, uint32_t uid)
{
    struct finding *finding = s->finding;
    uint32_t number = shown(s, uid);

    if (number == 0)
        return;
    finding->least = finding->least ? finding->least : number;
    finding->most = number;
    finding->count++;
    if (!is_sorted(s))
        number_set_add(&finding->all, number, number);
}

static enum next gather_found(struct imap_session *s)
{
    struct finding *finding = s->finding;
    const struct imap_found *found = found_of(s);
    size_t end = sooner(found->count, finding->at + FOUND_AT_ONCE);

    for (; finding->at < end; finding->at++) {
        if (s->search_return & RETURN_SAVE)
            save_one(s, finding->at);
        count_one(s, found->uids[finding->at]);
    }
    if (end < found->count)
        return more(s, gather_found);
    if (s->search_return & RETURN_SAVE) {
        number_set_clear(&s->selected.saved);
        s->selected.saved = finding->saved;
        finding->saved = (struct number_set){0};
    }
    return s->search_return & ~(unsigned)RETURN_SAVE ? tell_extended(s) : end_search(s);
}

/* RFC 5182 2.1: a search that was to be saved and is answered NO leaves nothing in "$". */
static void save_nothing(struct imap_session *s)
{
    if (s->search_return & RETURN_SAVE)
        number_set_clear(&s->selected.saved);
}

static enum next searched(struct imap_session *s, struct errand *back)
{
    if (!errand_failed(back) && container_of(back, struct imap_found, base.errand)->more)
        return await_errand(s, back, searched);
    if (errand_failed(back)) {
        save_nothing(s);
        return no_errand(s, back);
    }
    s->finding = must_new(struct finding);
    s->finding->home = back;
    if (s->search_return)
        return gather_found(s);
    return s->search_order.shape >= SHAPE_SUBJECTS ? tell_threads(s) : tell_plain(s);
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

static enum next refuse_charset(struct imap_session *s)
{
    save_nothing(s);
    return no(s, "BADCHARSET (UTF-8)", "Search in UTF-8");
}

/* The keys, up to the end of the command. */
static enum next begin_search(struct imap_session *s)
{
    struct selected *selected = &s->selected;
    scoped_value(search_key) key = {0};
    uint32_t last_uid = selected->count ? selected->uids[selected->count - 1] : 0;
    const struct search_world world = {selected->uids, selected->count, &selected->saved};
    const char *words = NULL;

    if (!search_read(&s->lexer, &world, &key, &words))
        return bad(s, words);
    s->search_modseq = asks_modseq(&key);
    s->condstore = s->condstore || s->search_modseq;
    return await_errand(
        s, s->duties->search(s->duties->ctx, selected->id, &key, last_uid, &s->search_order),
        searched);
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
        return bad(s, return_words);
    if (lex_is(&s->lexer, "CHARSET")) {
        if (!lex_space(&s->lexer) || !lex_astring(&s->lexer, &charset))
            return bad(s, "CHARSET wants a name");
        if (!is_known_charset(charset))
            return refuse_charset(s);
        if (!lex_space(&s->lexer))
            return bad(s, "SEARCH wants keys");
    }
    return begin_search(s);
}

/* ---- SORT and THREAD (RFC 5256) ---- */

/* Behind the space, RETURN and the order. */
static enum next search_in_order(struct imap_session *s,
                                 bool (*read)(struct lexer *, struct search_order *),
                                 const char *words)
{
    struct slice charset;

    if (!read(&s->lexer, &s->search_order) || !lex_space(&s->lexer) ||
        !lex_astring(&s->lexer, &charset))
        return bad(s, words);
    if (!is_known_charset(charset))
        return refuse_charset(s);
    if (!lex_space(&s->lexer))
        return bad(s, words);
    return begin_search(s);
}

enum next imap_on_sort(struct imap_session *s)
{
    static const char words[] = "SORT wants an order in brackets, a charset and keys";

    s->search_return = 0;
    if (!lex_space(&s->lexer))
        return bad(s, words);
    if (lex_is(&s->lexer, "RETURN") &&
        (!read_return(&s->lexer, &s->search_return) || !lex_space(&s->lexer)))
        return bad(s, return_words);
    return search_in_order(s, sort_order_read, words);
}

enum next imap_on_thread(struct imap_session *s)
{
    static const char words[] = "THREAD wants REFERENCES or ORDEREDSUBJECT, a charset and keys";

    s->search_return = 0;
    if (!lex_space(&s->lexer))
        return bad(s, words);
    return search_in_order(s, thread_order_read, words);
}
