#include "fetch_items.h"

#include "memory.h"

void imap_section_wish_clear(struct imap_section_wish *wish)
{
    for (size_t i = 0; i < wish->field_count; i++)
        free(wish->fields[i]);
    free(wish->fields);
    free(wish->part);
    *wish = (struct imap_section_wish){0};
}

void fetch_items_clear(struct fetch_items *items)
{
    for (size_t i = 0; i < items->section_count; i++) {
        imap_section_wish_clear(&items->sections[i]);
        free(items->labels[i]);
    }
    *items = (struct fetch_items){0};
}

static bool add_item(struct fetch_items *items, enum fetch_kind kind)
{
    if (items->count >= FETCH_ITEMS_MAX - 4) /* room for what is told unasked */
        return false;
    items->at[items->count++] = (struct fetch_item){.kind = kind};
    return true;
}

void fetch_items_need(struct fetch_items *items, enum fetch_kind kind)
{
    for (size_t i = 0; i < items->count; i++)
        if (items->at[i].kind == kind)
            return;
    memmove(&items->at[1], &items->at[0], items->count * sizeof items->at[0]);
    items->at[0] = (struct fetch_item){.kind = kind};
    items->count++;
}

/* ---- sections ---- */

/* "1.2." in front of a word, or "1.2" alone. */
static bool read_part(struct lexer *lexer, struct bytes *out)
{
    int64_t number;
    int levels = 0;

    while (lex_number(lexer, 9999, &number)) {
        if (number == 0 || ++levels > SECTION_LEVELS_MAX)
            return false;
        bytes_print(out, "%s%lld", out->len ? "." : "", (long long)number);
        if (!lex_char(lexer, '.'))
            break;
    }
    return true;
}

static bool read_fields(struct lexer *lexer, struct imap_section_wish *wish)
{
    struct slice name;

    if (!lex_space(lexer) || !lex_char(lexer, '('))
        return false;
    do {
        if (wish->field_count >= SECTION_FIELDS_MAX || !lex_astring(lexer, &name))
            return false;
        wish->fields = must_grow(wish->fields, wish->field_count + 1, sizeof wish->fields[0]);
        wish->fields[wish->field_count++] = must_copy(name);
    } while (lex_space(lexer));
    return lex_char(lexer, ')');
}

static bool read_section_words(struct lexer *lexer, struct imap_section_wish *wish)
{
    bool inside = wish->part[0] != '\0';

    if (lex_peek(lexer) == ']')
        return true;
    if (lex_is(lexer, "HEADER.FIELDS.NOT")) {
        wish->kind = SECTION_FIELDS_NOT;
        return read_fields(lexer, wish);
    }
    if (lex_is(lexer, "HEADER.FIELDS")) {
        wish->kind = SECTION_FIELDS;
        return read_fields(lexer, wish);
    }
    if (lex_is(lexer, "HEADER"))
        wish->kind = SECTION_HEADER;
    else if (lex_is(lexer, "TEXT"))
        wish->kind = SECTION_TEXT;
    else if (inside && lex_is(lexer, "MIME"))
        wish->kind = SECTION_MIME;
    else
        return false;
    return true;
}

static bool read_partial(struct lexer *lexer, struct imap_section_wish *wish)
{
    if (!lex_char(lexer, '<'))
        return true;
    wish->partial = true;
    return lex_number(lexer, UINT32_MAX, &wish->offset) && lex_char(lexer, '.') &&
           lex_number(lexer, UINT32_MAX, &wish->length) && wish->length > 0 && lex_char(lexer, '>');
}

/* What stands in brackets, and <offset.length> behind it. */
static bool read_section(struct lexer *lexer, struct imap_section_wish *wish, struct slice *out)
{
    scoped_value(bytes) part = {0};
    struct slice before = lexer->rest;

    if (!lex_char(lexer, '[') || !read_part(lexer, &part))
        return false;
    wish->part = bytes_take(&part);
    if (wish->kind == SECTION_ALL && !read_section_words(lexer, wish))
        return false;
    if (!lex_char(lexer, ']'))
        return false;
    *out = slice_first(before, before.len - lexer->rest.len);
    return wish->kind == SECTION_BINARY_SIZE || read_partial(lexer, wish);
}

static bool add_section(struct lexer *lexer, struct fetch_items *items, enum section_kind kind,
                        const char *name)
{
    size_t number = items->section_count;
    struct imap_section_wish *wish = &items->sections[number];
    struct slice text;

    if (!add_item(items, FETCH_SECTION))
        return false;
    *wish = (struct imap_section_wish){.kind = kind};
    items->labels[number] = NULL;
    items->section_count++;
    items->at[items->count - 1].section = number;
    if (!read_section(lexer, wish, &text))
        return false;
    items->labels[number] =
        wish->partial ? must_print("%s%.*s<%lld>", name, SLICE_ARGS(text), (long long)wish->offset)
                      : must_print("%s%.*s", name, SLICE_ARGS(text));
    return true;
}

/* RFC822 and its kin are sections under another name. */
static bool add_old(struct fetch_items *items, enum section_kind kind, const char *label)
{
    size_t number = items->section_count;

    if (!add_item(items, FETCH_SECTION))
        return false;
    items->sections[number] = (struct imap_section_wish){.kind = kind, .part = must_dup("")};
    items->labels[number] = must_dup(label);
    items->section_count++;
    items->at[items->count - 1].section = number;
    return true;
}

/* ---- items ---- */

static const struct {
    const char *word;
    enum fetch_kind kind;
} plain_items[] = {
    {"UID",           FETCH_UID      },
    {"FLAGS",         FETCH_FLAGS    },
    {"MODSEQ",        FETCH_MODSEQ   },
    {"INTERNALDATE",  FETCH_DATE     },
    {"RFC822.SIZE",   FETCH_SIZE     },
    {"ENVELOPE",      FETCH_ENVELOPE },
    {"BODYSTRUCTURE", FETCH_STRUCTURE},
};
static const struct {
    const char *word, *label; /* as the answer names it */
    enum section_kind kind;
    bool peek, old; /* old: the whole of a section, without brackets */
} section_items[] = {
    {"BODY.PEEK",     "BODY",          SECTION_ALL,         true,  false},
    {"BINARY.PEEK",   "BINARY",        SECTION_BINARY,      true,  false},
    {"BINARY.SIZE",   "BINARY.SIZE",   SECTION_BINARY_SIZE, true,  false},
    {"BINARY",        "BINARY",        SECTION_BINARY,      false, false},
    {"RFC822.HEADER", "RFC822.HEADER", SECTION_HEADER,      true,  true },
    {"RFC822.TEXT",   "RFC822.TEXT",   SECTION_TEXT,        false, true },
    {"RFC822",        "RFC822",        SECTION_ALL,         false, true },
};

static bool read_item(struct lexer *lexer, struct fetch_items *items)
{
    for (size_t i = 0; i < COUNT_OF(plain_items); i++)
        if (lex_is(lexer, plain_items[i].word))
            return add_item(items, plain_items[i].kind);
    for (size_t i = 0; i < COUNT_OF(section_items); i++)
        if (lex_is(lexer, section_items[i].word)) {
            items->marks_seen = items->marks_seen || !section_items[i].peek;
            if (section_items[i].old)
                return add_old(items, section_items[i].kind, section_items[i].label);
            return add_section(lexer, items, section_items[i].kind, section_items[i].label);
        }
    if (!lex_is(lexer, "BODY"))
        return false;
    if (lex_peek(lexer) != '[')
        return add_item(items, FETCH_BODY);
    items->marks_seen = true;
    return add_section(lexer, items, SECTION_ALL, "BODY");
}

static bool add_macro(struct fetch_items *items, size_t count)
{
    static const enum fetch_kind kinds[] = {FETCH_FLAGS, FETCH_DATE, FETCH_SIZE, FETCH_ENVELOPE,
                                            FETCH_BODY};

    for (size_t i = 0; i < count; i++)
        if (!add_item(items, kinds[i]))
            return false;
    return true;
}

bool fetch_items_read(struct lexer *lexer, struct fetch_items *out)
{
    if (lex_is(lexer, "FAST"))
        return add_macro(out, 3);
    if (lex_is(lexer, "ALL"))
        return add_macro(out, 4);
    if (lex_is(lexer, "FULL"))
        return add_macro(out, 5);
    if (!lex_char(lexer, '('))
        return read_item(lexer, out);
    do {
        if (!read_item(lexer, out))
            return false;
    } while (lex_space(lexer));
    return lex_char(lexer, ')');
}
