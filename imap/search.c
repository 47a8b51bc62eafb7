#include "search.h"

#include "imap_date.h"
#include "imap_duties.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

void search_key_clear(struct search_key *key)
{
    for (size_t i = 0; i < key->count; i++)
        search_key_clear(&key->children[i]);
    free(key->children);
    free(key->name);
    free(key->text);
    number_set_clear(&key->set);
    *key = (struct search_key){0};
}

static struct search_key *add_child(struct search_key *parent)
{
    must_make_room(parent->children, parent->count, parent->capacity);
    parent->children[parent->count] = (struct search_key){0};
    return &parent->children[parent->count++];
}

void search_key_copy(const struct search_key *from, struct search_key *out)
{
    *out = *from;
    out->name = must_dup(from->name);
    out->text = must_dup(from->text);
    number_set_copy(&from->set, &out->set);
    out->children = NULL;
    out->count = out->capacity = 0;
    for (size_t i = 0; i < from->count; i++)
        search_key_copy(&from->children[i], add_child(out));
}

bool search_reads_text(const struct search_key *key)
{
    if (key->kind >= SEARCH_SENT_BEFORE && key->kind != SEARCH_YOUNGER && key->kind != SEARCH_OLDER)
        return true;
    for (size_t i = 0; i < key->count; i++)
        if (search_reads_text(&key->children[i]))
            return true;
    return false;
}

/* ---- reading ---- */

struct reader {
    struct lexer *lexer;
    const struct search_world *world;
    const char *words; /* why not */
    size_t keys;
};

static bool bad(struct reader *r, const char *words)
{
    if (!r->words)
        r->words = words;
    return false;
}

static bool read_key(struct reader *r, int depth, struct search_key *out);

/* What a word alone means. */
static const struct plain_key {
    const char *word;
    unsigned flags;
    bool absent; /* the flag must not be there */
} plain_keys[] = {
    {"ALL",        0,             false},
    {"ANSWERED",   IMAP_ANSWERED, false},
    {"DELETED",    IMAP_DELETED,  false},
    {"DRAFT",      IMAP_DRAFT,    false},
    {"FLAGGED",    IMAP_FLAGGED,  false},
    {"SEEN",       IMAP_SEEN,     false},
    {"UNANSWERED", IMAP_ANSWERED, true },
    {"UNDELETED",  IMAP_DELETED,  true },
    {"UNDRAFT",    IMAP_DRAFT,    true },
    {"UNFLAGGED",  IMAP_FLAGGED,  true },
    {"UNSEEN",     IMAP_SEEN,     true },
    {"OLD",        0,             false}, /* nothing is \Recent here (RFC 9051 leaves it out) */
    {"NEW",        0,             true },
    {"RECENT",     0,             true },
};

static bool set_plain(struct search_key *out, const struct plain_key *plain)
{
    struct search_key *key = plain->absent ? add_child(out) : out;

    if (plain->absent)
        out->kind = SEARCH_NOT;
    key->kind = plain->flags ? SEARCH_FLAG : SEARCH_ALL;
    key->flags = plain->flags;
    return true;
}

/* Keys with one value. */
enum value_kind { VALUE_TEXT, VALUE_DATE, VALUE_NUMBER, VALUE_HEADER };
static const struct value_key {
    const char *word;
    enum search_kind kind;
    enum value_kind value;
    const char *field; /* of SEARCH_HEADER */
} value_keys[] = {
    {"BCC",        SEARCH_HEADER,      VALUE_HEADER, "Bcc"    },
    {"CC",         SEARCH_HEADER,      VALUE_HEADER, "Cc"     },
    {"FROM",       SEARCH_HEADER,      VALUE_HEADER, "From"   },
    {"SUBJECT",    SEARCH_HEADER,      VALUE_HEADER, "Subject"},
    {"TO",         SEARCH_HEADER,      VALUE_HEADER, "To"     },
    {"BODY",       SEARCH_BODY,        VALUE_TEXT,   NULL     },
    {"TEXT",       SEARCH_TEXT,        VALUE_TEXT,   NULL     },
    {"BEFORE",     SEARCH_BEFORE,      VALUE_DATE,   NULL     },
    {"ON",         SEARCH_ON,          VALUE_DATE,   NULL     },
    {"SINCE",      SEARCH_SINCE,       VALUE_DATE,   NULL     },
    {"SENTBEFORE", SEARCH_SENT_BEFORE, VALUE_DATE,   NULL     },
    {"SENTON",     SEARCH_SENT_ON,     VALUE_DATE,   NULL     },
    {"SENTSINCE",  SEARCH_SENT_SINCE,  VALUE_DATE,   NULL     },
    {"LARGER",     SEARCH_LARGER,      VALUE_NUMBER, NULL     },
    {"SMALLER",    SEARCH_SMALLER,     VALUE_NUMBER, NULL     },
    {"YOUNGER",    SEARCH_YOUNGER,     VALUE_NUMBER, NULL     },
    {"OLDER",      SEARCH_OLDER,       VALUE_NUMBER, NULL     },
};

static bool read_words(struct reader *r, char **out)
{
    struct slice text;

    if (!lex_astring(r->lexer, &text))
        return bad(r, "A string is missing");
    if (!utf8_valid(text))
        return bad(r, "This string is not UTF-8");
    *out = must_copy(text);
    return true;
}

static bool read_date(struct reader *r, int64_t *out)
{
    struct slice text;

    return (lex_astring(r->lexer, &text) && imap_date_read(text, out)) ||
           bad(r, "A date looks like 1-Feb-2026");
}

static bool read_value(struct reader *r, const struct value_key *row, struct search_key *out)
{
    out->kind = row->kind;
    out->name = must_dup(row->field);
    if (!lex_space(r->lexer))
        return bad(r, "A value is missing");
    switch (row->value) {
    case VALUE_TEXT:
    case VALUE_HEADER: return read_words(r, &out->text);
    case VALUE_DATE: return read_date(r, &out->number);
    case VALUE_NUMBER:
        return lex_number(r->lexer, INT64_MAX, &out->number) || bad(r, "A number is missing");
    }
    __builtin_unreachable();
}

static bool read_header(struct reader *r, struct search_key *out)
{
    out->kind = SEARCH_HEADER;
    return ((lex_space(r->lexer) && read_words(r, &out->name) && lex_space(r->lexer)) ||
            bad(r, "HEADER wants a field and a string")) &&
           read_words(r, &out->text);
}

static bool read_keyword(struct reader *r, struct search_key *out)
{
    struct slice flag;

    out->kind = SEARCH_KEYWORD;
    if (!lex_space(r->lexer) || !lex_atom(r->lexer, &flag) || flag.len > KEYWORD_LEN)
        return bad(r, "A keyword is missing");
    out->text = must_copy(flag);
    return true;
}

/* MODSEQ ["entry" priv/shared/all] n (RFC 7162 3.1.5): flags have one sequence for all entries here. */
static bool read_modseq(struct reader *r, struct search_key *out)
{
    struct slice entry, type;

    out->kind = SEARCH_MODSEQ;
    if (!lex_space(r->lexer))
        return bad(r, "MODSEQ wants a number");
    if (lex_peek(r->lexer) == '"' && (!lex_string(r->lexer, &entry) || !lex_space(r->lexer) ||
                                      !lex_word(r->lexer, &type) || !lex_space(r->lexer)))
        return bad(r, "MODSEQ has a broken entry name");
    return lex_number(r->lexer, INT64_MAX, &out->number) || bad(r, "MODSEQ wants a number");
}

static bool read_uids(struct reader *r, bool sequence_numbers, struct search_key *out)
{
    const struct search_world *world = r->world;
    uint32_t star = world->count ? world->uids[world->count - 1] : 0;
    scoped_value(number_set) numbers = {0};
    struct slice text;

    out->kind = SEARCH_UIDS;
    if (!lex_set(r->lexer, &text))
        return bad(r, "A set of numbers is missing");
    if (slice_is(text, "$")) {
        if (world->saved)
            number_set_copy(world->saved, &out->set);
        return true;
    }
    if (!sequence_numbers)
        return number_set_read(text, star, &out->set) || bad(r, "This set of UIDs is broken");
    if (!number_set_read(text, (uint32_t)world->count, &numbers))
        return bad(r, "This set of numbers is broken");
    for (size_t i = 0; i < numbers.count; i++) {
        struct number_range range = numbers.at[i];
        if (range.last > world->count)
            return bad(r, "There are not that many messages");
        number_set_add(&out->set, world->uids[range.first - 1], world->uids[range.last - 1]);
    }
    return true;
}

static bool read_list(struct reader *r, int depth, struct search_key *out)
{
    out->kind = SEARCH_AND;
    do {
        if (!read_key(r, depth + 1, add_child(out)))
            return false;
    } while (lex_space(r->lexer));
    return lex_char(r->lexer, ')') || bad(r, "A bracket is not closed");
}

static bool read_or(struct reader *r, int depth, struct search_key *out)
{
    out->kind = SEARCH_OR;
    for (int i = 0; i < 2; i++)
        if (!lex_space(r->lexer) || !read_key(r, depth + 1, add_child(out)))
            return bad(r, "OR wants two keys");
    return true;
}

static bool read_not(struct reader *r, int depth, struct search_key *out)
{
    out->kind = SEARCH_NOT;
    return (lex_space(r->lexer) && read_key(r, depth + 1, add_child(out))) ||
           bad(r, "NOT wants a key");
}

static bool read_unkeyword(struct reader *r, struct search_key *out)
{
    out->kind = SEARCH_NOT;
    return read_keyword(r, add_child(out));
}

/* Keys whose name stands in one of the tables; *out_found: it did. */
static bool read_tabled(struct reader *r, struct search_key *out, bool *out_found)
{
    *out_found = true;
    for (size_t i = 0; i < COUNT_OF(plain_keys); i++)
        if (lex_is(r->lexer, plain_keys[i].word))
            return set_plain(out, &plain_keys[i]);
    for (size_t i = 0; i < COUNT_OF(value_keys); i++)
        if (lex_is(r->lexer, value_keys[i].word))
            return read_value(r, &value_keys[i], out);
    *out_found = false;
    return false;
}

static bool read_key(struct reader *r, int depth, struct search_key *out)
{
    bool found;

    if (depth > SEARCH_DEPTH_MAX || ++r->keys > SEARCH_KEYS_MAX)
        return bad(r, "This search has too many keys");
    if (lex_char(r->lexer, '('))
        return read_list(r, depth, out);
    if (lex_is(r->lexer, "OR"))
        return read_or(r, depth, out);
    if (lex_is(r->lexer, "NOT"))
        return read_not(r, depth, out);
    if (lex_is(r->lexer, "HEADER"))
        return read_header(r, out);
    if (lex_is(r->lexer, "KEYWORD"))
        return read_keyword(r, out);
    if (lex_is(r->lexer, "UNKEYWORD"))
        return read_unkeyword(r, out);
    if (lex_is(r->lexer, "MODSEQ"))
        return read_modseq(r, out);
    if (lex_is(r->lexer, "UID"))
        return (lex_space(r->lexer) && read_uids(r, false, out)) || bad(r, "UID wants a set");
    bool read = read_tabled(r, out, &found);
    if (found)
        return read;
    char c = lex_peek(r->lexer);
    if ((c >= '0' && c <= '9') || c == '*' || c == '$')
        return read_uids(r, true, out);
    return bad(r, "This key is not known");
}

bool search_read(struct lexer *lexer, const struct search_world *world, struct search_key *out,
                 const char **out_words)
{
    struct reader r = {.lexer = lexer, .world = world};

    *out = (struct search_key){.kind = SEARCH_AND};
    bool good;
    do {
        good = read_key(&r, 0, add_child(out));
    } while (good && lex_space(lexer));
    if (good && lexer_at_end(lexer))
        return true;
    *out_words = r.words ? r.words : "This is not how SEARCH is written";
    search_key_clear(out);
    return false;
}
