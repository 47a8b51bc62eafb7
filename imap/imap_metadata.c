/*
 * METADATA (RFC 5464): notes on the server (mailbox "") and on mailboxes.
 *
 * Names are compared without case and kept in lower case.  What is /shared/ on the server is said by us and cannot be set.
 */
#include "imap_private.h"
#include "memory.h"

enum { ENTRIES_MOST = 50, NAME_MOST = 250, DEPTH_ALL = 1000 };

struct asking { /* what GETMETADATA wants */
    char *mailbox;
    struct imap_notes wanted; /* names */
    int depth;
    int64_t most, longest_left_out;
};

void imap_notes_clear(struct imap_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        free(notes->at[i].name);
        free(notes->at[i].value);
    }
    free(notes->at);
    *notes = (struct imap_notes){0};
}

void imap_notes_add(struct imap_notes *notes, char *name, char *value)
{
    must_make_room(notes->at, notes->count, notes->capacity);
    notes->at[notes->count++] = (struct imap_note){name, value};
}

void asking_free(struct asking *asking)
{
    if (!asking)
        return;
    free(asking->mailbox);
    imap_notes_clear(&asking->wanted);
    free(asking);
}
SCOPED(asking, asking_free)

/* ---- reading ---- */

static bool is_name_char(char c)
{
    return c > ' ' && c < 0x7f && c != '*' && c != '%';
}

/* "/private/..." or "/shared/...": no empty level, none at the end (RFC 5464 3.2). */
static bool good_name(struct slice name)
{
    if (name.len > NAME_MOST || name.len == 0 || name.at[name.len - 1] == '/' ||
        !(slice_starts_nocase(name, "/private/") || slice_starts_nocase(name, "/shared/")))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_name_char(name.at[i]) ||
            (name.at[i] == '/' && i + 1 < name.len && name.at[i + 1] == '/'))
            return false;
    return true;
}

/* GETMETADATA may ask for "/private" itself, with a depth. */
static bool lex_name(struct lexer *lexer, bool with_roots, struct imap_notes *out)
{
    struct slice name;

    if (out->count == ENTRIES_MOST || !lex_astring(lexer, &name))
        return false;
    bool root = slice_is_nocase(name, "/private") || slice_is_nocase(name, "/shared");
    if (!good_name(name) && !(with_roots && root))
        return false;
    char *lower = must_copy(name);
    for (char *c = lower; *c; c++)
        *c = ascii_lower(*c);
    imap_notes_add(out, lower, NULL);
    return true;
}

/* "" is the server. */
static bool lex_place(struct imap_session *s, char **out)
{
    struct lexer before = s->lexer;
    struct slice written;

    if (!lex_astring(&s->lexer, &written))
        return false;
    if (written.len == 0) {
        *out = must_dup("");
        return true;
    }
    s->lexer.rest = before.rest;
    return lex_mailbox(s, out);
}

static bool lex_depth(struct lexer *lexer, int *out)
{
    int64_t depth;

    if (lex_is(lexer, "infinity")) {
        *out = DEPTH_ALL;
        return true;
    }
    if (!lex_number(lexer, 1, &depth))
        return false;
    *out = (int)depth;
    return true;
}

/* (MAXSIZE 1024 DEPTH 1); "(/shared/comment" is no such list, and nothing is taken. */
static bool lex_options(struct lexer *lexer, struct asking *out)
{
    struct slice before = lexer->rest;

    if (!lex_char(lexer, '('))
        return true;
    if (lex_peek(lexer) == '/') {
        lexer->rest = before;
        return true;
    }
    do {
        if (lex_is(lexer, "MAXSIZE")) {
            if (!lex_space(lexer) || !lex_number(lexer, INT64_MAX, &out->most))
                return false;
        } else if (!lex_is(lexer, "DEPTH") || !lex_space(lexer) || !lex_depth(lexer, &out->depth)) {
            return false;
        }
    } while (lex_space(lexer));
    return lex_char(lexer, ')') && lex_space(lexer);
}

static bool lex_names(struct lexer *lexer, struct imap_notes *out)
{
    if (!lex_char(lexer, '('))
        return lex_name(lexer, true, out);
    do {
        if (!lex_name(lexer, true, out))
            return false;
    } while (lex_space(lexer));
    return lex_char(lexer, ')');
}

/* ---- GETMETADATA ---- */

/* How many levels `name` lies below `above`; -1: not below it. */
static int levels_below(const char *name, const char *above)
{
    size_t len = strlen(above);
    int levels = 0;

    if (strncmp(name, above, len) != 0 || (name[len] && name[len] != '/'))
        return -1;
    for (const char *c = name + len; *c; c++)
        levels += *c == '/';
    return levels;
}

static bool is_wanted(const struct asking *asking, const char *name)
{
    for (size_t i = 0; i < asking->wanted.count; i++) {
        int levels = levels_below(name, asking->wanted.at[i].name);
        if (levels >= 0 && levels <= asking->depth)
            return true;
    }
    return false;
}

static void tell_note(struct asking *asking, const struct imap_note *note, struct bytes *out)
{
    int64_t size = note->value ? (int64_t)strlen(note->value) : 0;

    if (size > asking->most) {
        if (size > asking->longest_left_out)
            asking->longest_left_out = size;
        return;
    }
    bytes_print(out, "%s%s ", out->len ? " " : "", note->name);
    add_nstring(out, note->value);
}

static bool has_note(const struct imap_notes *notes, const char *name)
{
    for (size_t i = 0; i < notes->count; i++)
        if (strcmp(notes->at[i].name, name) == 0)
            return true;
    return false;
}

static enum next notes_found(struct imap_session *s, struct errand *back)
{
    scoped(asking) asking = steal(&s->asking);
    const struct imap_notes_found *found = container_of(back, struct imap_notes_found, base.errand);
    scoped_value(bytes) list = {0};
    scoped_value(bytes) code = {0};

    if (errand_failed(back))
        return no_errand(s, back);
    for (size_t i = 0; i < found->notes.count; i++)
        if (is_wanted(asking, found->notes.at[i].name))
            tell_note(asking, &found->notes.at[i], &list);
    for (size_t i = 0; asking->depth == 0 && i < asking->wanted.count; i++)
        if (!has_note(&found->notes, asking->wanted.at[i].name))
            tell_note(asking, &asking->wanted.at[i], &list); /* NIL: there is none */
    errand_free(back);
    if (list.len > 0) {
        bytes_add_text(s->turn->out, "* METADATA ");
        add_mailbox(s, s->turn->out, asking->mailbox);
        bytes_print(s->turn->out, " (%s)\r\n", list.at);
    }
    if (asking->longest_left_out)
        bytes_print(&code, "METADATA LONGENTRIES %lld", (long long)asking->longest_left_out);
    return finish(s, code.len ? code.at : "", "That is all");
}

/* RFC 5464 has the options before the mailbox in its grammar, and behind it in its examples. */
enum next imap_on_getmetadata(struct imap_session *s)
{
    scoped(asking) asking = must_new(struct asking);
    struct lexer *lexer = &s->lexer;

    asking->most = INT64_MAX;
    if (!lex_space(lexer) || !lex_options(lexer, asking) || !lex_place(s, &asking->mailbox) ||
        !lex_space(lexer) || !lex_options(lexer, asking) || !lex_names(lexer, &asking->wanted) ||
        !lexer_at_end(lexer))
        return bad(s, "GETMETADATA wants a mailbox or \"\", and names like /private/comment");
    struct errand *errand =
        s->duties->notes(s->duties->ctx, s->account_id, slice_of(asking->mailbox), &asking->wanted);
    s->asking = steal(&asking);
    return await_errand(s, errand, notes_found);
}

/* ---- SETMETADATA ---- */

static enum next noted(struct imap_session *s, struct errand *back)
{
    if (errand_failed(back))
        return no_errand_as(s, back, "NONEXISTENT", "METADATA TOOMANY");
    errand_free(back);
    return finish(s, "", "Noted");
}

static bool lex_notes(struct lexer *lexer, struct imap_notes *out)
{
    struct slice value;
    bool nil;

    if (!lex_char(lexer, '('))
        return false;
    do {
        if (!lex_name(lexer, false, out) || !lex_space(lexer) ||
            !lex_nstring(lexer, &value, &nil) || slice_find(value, '\0') != SIZE_MAX)
            return false;
        out->at[out->count - 1].value = nil ? NULL : must_copy(value);
    } while (lex_space(lexer));
    return lex_char(lexer, ')');
}

enum next imap_on_setmetadata(struct imap_session *s)
{
    scoped_value(imap_notes) notes = {0};
    scoped_text char *mailbox = NULL;

    if (!lex_space(&s->lexer) || !lex_place(s, &mailbox) || !lex_space(&s->lexer) ||
        !lex_notes(&s->lexer, &notes) || !lexer_at_end(&s->lexer))
        return bad(s, "SETMETADATA wants a mailbox or \"\", and (/private/comment \"text\")");
    for (size_t i = 0; i < notes.count; i++) {
        if (mailbox[0] == '\0' && slice_starts(slice_of(notes.at[i].name), SLICE("/shared/")))
            return no(s, "NOPERM", "What is shared by all on this server is not yours to set");
        if (notes.at[i].value && strlen(notes.at[i].value) > NOTE_MAX)
            return no(s, "METADATA MAXSIZE 8192", "This value is too long");
    }
    return await_errand(
        s, s->duties->note(s->duties->ctx, s->account_id, slice_of(mailbox), &notes), noted);
}
