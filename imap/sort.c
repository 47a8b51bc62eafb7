#include "sort.h"

#include "memory.h"

void sorted_mail_clear(struct sorted_mail *mail)
{
    free(mail->from);
    free(mail->to);
    free(mail->cc);
    free(mail->subject);
    free(mail->id);
    for (size_t i = 0; i < mail->reference_count; i++)
        free(mail->references[i]);
    free(mail->references);
    *mail = (struct sorted_mail){0};
}

/* ---- what is asked ---- */

static const struct {
    const char *word;
    enum sort_key key;
} words[] = {
    {"ARRIVAL", SORT_ARRIVAL},
    {"CC",      SORT_CC     },
    {"DATE",    SORT_DATE   },
    {"FROM",    SORT_FROM   },
    {"SIZE",    SORT_SIZE   },
    {"SUBJECT", SORT_SUBJECT},
    {"TO",      SORT_TO     },
};

static bool read_key(struct lexer *lexer, enum sort_key *out)
{
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (lex_is(lexer, words[i].word)) {
            *out = words[i].key;
            return true;
        }
    return false;
}

bool sort_order_read(struct lexer *lexer, struct search_order *out)
{
    *out = (struct search_order){.shape = SHAPE_SORTED};
    if (!lex_char(lexer, '('))
        return false;
    do {
        if (out->count == SORT_KEYS_MAX)
            return false;
        bool reverse = lex_is(lexer, "REVERSE");
        if ((reverse && !lex_space(lexer)) || !read_key(lexer, &out->keys[out->count].key))
            return false;
        out->keys[out->count++].reverse = reverse;
    } while (lex_space(lexer));
    return lex_char(lexer, ')');
}

bool thread_order_read(struct lexer *lexer, struct search_order *out)
{
    *out = (struct search_order){.shape = SHAPE_REFERENCES};
    if (lex_is(lexer, "REFERENCES"))
        return true;
    out->shape = SHAPE_SUBJECTS;
    return lex_is(lexer, "ORDEREDSUBJECT");
}

/* ---- subjects ---- */

char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void drop_blanks(struct slice *s)
{
    while (s->len > 0 && is_blank(s->at[0]))
        *s = slice_from(*s, 1);
    while (s->len > 0 && is_blank(s->at[s->len - 1]))
        s->len--;
}

/* "[list] " in front. */
static bool drop_blob(struct slice *s)
{
    size_t end = slice_find(*s, ']');

    if (s->len == 0 || s->at[0] != '[' || end == SIZE_MAX ||
        slice_find(slice_first(slice_from(*s, 1), end - 1), '[') != SIZE_MAX)
        return false;
    *s = slice_from(*s, end + 1);
    drop_blanks(s);
    return true;
}

/* "Re:", "Fw [x]:", "Fwd:", with blobs in front of them. */
static bool drop_leader(struct slice *s)
{
    static const char *const marks[] = {"re", "fwd", "fw"};
    struct slice rest = *s;

    while (drop_blob(&rest))
        ;
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        struct slice behind = slice_from(rest, strlen(marks[i]));
        if (!slice_starts_nocase(rest, marks[i]))
            continue;
        drop_blanks(&behind);
        drop_blob(&behind);
        if (behind.len == 0 || behind.at[0] != ':')
            continue;
        *s = slice_from(behind, 1);
        drop_blanks(s);
        return true;
    }
    return false;
}

static bool drop_trailer(struct slice *s)
{
    if (!slice_ends_nocase(*s, "(fwd)"))
        return false;
    s->len -= strlen("(fwd)");
    drop_blanks(s);
    return true;
}

/* "[Fwd: …]" around all. */
static bool drop_frame(struct slice *s)
{
    if (!slice_starts_nocase(*s, "[fwd:") || s->at[s->len - 1] != ']')
        return false;
    *s = slice_from(slice_first(*s, s->len - 1), strlen("[fwd:"));
    drop_blanks(s);
    return true;
}

static bool drop_one(struct slice *s, bool *answer)
{
    struct slice without = *s;

    if (drop_trailer(s) || drop_leader(s) || drop_frame(s)) {
        *answer = true;
        return true;
    }
    if (!drop_blob(&without) || without.len == 0)
        return false;
    *s = without;
    return true;
}

char *subject_base(struct slice subject, bool *out_answer)
{
    scoped_value(bytes) base = {0};
    bool blank = false;

    *out_answer = false;
    drop_blanks(&subject);
    while (drop_one(&subject, out_answer))
        ;
    for (size_t i = 0; i < subject.len; i++) {
        bool after_blank = blank;
        blank = is_blank(subject.at[i]);
        if (!blank)
            bytes_add_char(&base, ascii_lower(subject.at[i]));
        else if (!after_blank)
            bytes_add_char(&base, ' ');
    }
    return base.len ? bytes_take(&base) : must_dup("");
}

/* ---- sorting ---- */

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static int compare_by(enum sort_key key, const struct sorted_mail *a, const struct sorted_mail *b)
{
    switch (key) {
    case SORT_ARRIVAL: return compare_numbers(a->arrival_ms, b->arrival_ms);
    case SORT_CC: return compare_texts(a->cc, b->cc);
    case SORT_DATE: return compare_numbers(a->date_ms, b->date_ms);
    case SORT_FROM: return compare_texts(a->from, b->from);
    case SORT_SIZE: return compare_numbers(a->octets, b->octets);
    case SORT_SUBJECT: return compare_texts(a->subject, b->subject);
    case SORT_TO: return compare_texts(a->to, b->to);
    }
    __builtin_unreachable();
}

/* What is equal stays in the order of the mailbox. */
static int compare_mails(const void *left, const void *right, void *ctx)
{
    const struct sorted_mail *a = left, *b = right;
    const struct search_order *order = ctx;

    for (size_t i = 0; i < order->count; i++) {
        int by = compare_by(order->keys[i].key, a, b);
        if (by != 0)
            return order->keys[i].reverse ? -by : by;
    }
    return compare_numbers(a->uid, b->uid);
}

void sort_mails(struct sorted_mail *mails, size_t count, const struct search_order *order)
{
    struct search_order copy = *order;

    if (count > 0)
        qsort_r(mails, count, sizeof mails[0], compare_mails, &copy);
}
