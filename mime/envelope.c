/*
 * ENVELOPE: date, subject, from, sender, reply-to, to, cc, bcc, in-reply-to, message-id.
 *
 * Addresses are taken apart here and not by GMime, because IMAP wants them as written: encoded words stay encoded.
 * What is broken is told as far as it can be read.
 */
#include "mime_private.h"
#include "structure_private.h"

enum { ADDRESSES_MAX = 500 };

/* ---- strings ---- */

/* Unfolded, trimmed, without NUL. */
void header_raw_add(const struct header *header, const char *name, struct bytes *out, bool *found)
{
    struct header_field *field = header_find(header, name, 0);
    struct slice raw = field ? slice_trim(field->raw) : SLICE("");

    *found = field != NULL;
    for (size_t i = 0; i < raw.len; i++) {
        char c = raw.at[i];
        if (c != '\r' && c != '\n' && c != '\0')
            bytes_add_char(out, c);
    }
}

void header_nstring_add(const struct header *header, const char *name, struct bytes *out)
{
    scoped_value(bytes) text = {0};
    bool found;

    header_raw_add(header, name, &text, &found);
    if (found)
        imap_string_add(out, bytes_slice(&text));
    else
        bytes_add_text(out, "NIL");
}

/* ---- addresses ---- */

struct walk {
    struct slice rest;
    struct bytes *out;
    int count;
};

static bool is_special(char c)
{
    return strchr("()<>,;:@\"", c) != NULL;
}

/* Comments may nest; one that is not closed ends with the field. */
static void skip_blank(struct walk *walk)
{
    int depth = 0;

    while (walk->rest.len > 0) {
        char c = walk->rest.at[0];
        if (c == '(')
            depth++;
        else if (c == ')' && depth > 0)
            depth--;
        else if (c == '\\' && depth > 0)
            walk->rest = slice_from(walk->rest, 1);
        else if (depth == 0 && c != ' ' && c != '\t')
            return;
        walk->rest = slice_from(walk->rest, 1);
    }
}

static char look(struct walk *walk)
{
    skip_blank(walk);
    if (walk->rest.len == 0)
        return '\0';
    return walk->rest.at[0];
}

static void take_quoted(struct walk *walk, struct bytes *out)
{
    walk->rest = slice_from(walk->rest, 1);
    while (walk->rest.len > 0 && walk->rest.at[0] != '"') {
        if (walk->rest.at[0] == '\\' && walk->rest.len > 1)
            walk->rest = slice_from(walk->rest, 1);
        bytes_add_char(out, walk->rest.at[0]);
        walk->rest = slice_from(walk->rest, 1);
    }
    walk->rest = slice_from(walk->rest, 1);
}

/* Words up to a special; blanks between them become one. */
static void take_words(struct walk *walk, struct bytes *out)
{
    for (char c = look(walk); c && (c == '"' || !is_special(c)); c = look(walk)) {
        if (out->len > 0)
            bytes_add_char(out, ' ');
        if (c == '"') {
            take_quoted(walk, out);
            continue;
        }
        while (walk->rest.len > 0 && !is_special(walk->rest.at[0]) && walk->rest.at[0] != ' ' &&
               walk->rest.at[0] != '\t') {
            bytes_add_char(out, walk->rest.at[0]);
            walk->rest = slice_from(walk->rest, 1);
        }
    }
}

static void nil_or_string(struct bytes *out, const struct bytes *text)
{
    if (text && text->len > 0)
        imap_string_add(out, bytes_slice(text));
    else
        bytes_add_text(out, "NIL");
}

static void tell_address(struct walk *walk, const struct bytes *name, const struct bytes *local,
                         const struct bytes *host)
{
    if (walk->count++ >= ADDRESSES_MAX)
        return;
    bytes_add_char(walk->out, '(');
    nil_or_string(walk->out, name);
    bytes_add_text(walk->out, " NIL ");
    nil_or_string(walk->out, local);
    bytes_add_char(walk->out, ' ');
    nil_or_string(walk->out, host);
    bytes_add_char(walk->out, ')');
}

/* "@host", or nothing. */
static void take_host(struct walk *walk, struct bytes *out)
{
    if (look(walk) != '@')
        return;
    walk->rest = slice_from(walk->rest, 1);
    take_words(walk, out);
}

/* "<@route:local@host>" behind a name. */
static void take_angle(struct walk *walk, const struct bytes *name)
{
    scoped_value(bytes) local = {0};
    scoped_value(bytes) host = {0};

    walk->rest = slice_from(walk->rest, 1);
    if (look(walk) == '@') {
        size_t colon = slice_find(walk->rest, ':');
        walk->rest = slice_from(walk->rest, colon == SIZE_MAX ? walk->rest.len : colon + 1);
    }
    take_words(walk, &local);
    take_host(walk, &host);
    tell_address(walk, name, &local, &host);
    size_t end = slice_find(walk->rest, '>');
    walk->rest = slice_from(walk->rest, end == SIZE_MAX ? walk->rest.len : end + 1);
}

/* A group is told as its name, its members, and an end (RFC 9051 7.5.2). */
static void take_one(struct walk *walk)
{
    scoped_value(bytes) words = {0};
    scoped_value(bytes) host = {0};

    take_words(walk, &words);
    switch (look(walk)) {
    case '<': take_angle(walk, &words); return;
    case ':':
        walk->rest = slice_from(walk->rest, 1);
        tell_address(walk, NULL, &words, NULL);
        return;
    case '@':
        take_host(walk, &host);
        tell_address(walk, NULL, &words, &host);
        return;
    default:
        if (words.len > 0)
            tell_address(walk, NULL, &words, NULL);
        return;
    }
}

static void tell_addresses(const struct header *header, const char *name, struct bytes *out)
{
    scoped_value(bytes) text = {0};
    bool found;

    header_raw_add(header, name, &text, &found);
    struct walk walk = {.rest = bytes_slice(&text), .out = out};
    size_t before = out->len;
    bytes_add_char(out, '(');
    while (look(&walk)) {
        size_t left = walk.rest.len;
        if (walk.rest.at[0] == ',') {
            walk.rest = slice_from(walk.rest, 1);
        } else if (walk.rest.at[0] == ';') {
            walk.rest = slice_from(walk.rest, 1);
            tell_address(&walk, NULL, NULL, NULL);
        } else {
            take_one(&walk);
        }
        if (walk.rest.len == left) /* a special that fits nowhere */
            walk.rest = slice_from(walk.rest, 1);
    }
    bytes_add_char(out, ')');
    if (walk.count == 0) {
        bytes_cut(out, before);
        bytes_add_text(out, "NIL");
    }
}

void envelope_add(const struct header *header, struct bytes *out)
{
    static const char *const lists[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};

    bytes_add_char(out, '(');
    header_nstring_add(header, "Date", out);
    bytes_add_char(out, ' ');
    header_nstring_add(header, "Subject", out);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        /* Sender and Reply-To are From where they are not said. */
        bool defaulted = (i == 1 || i == 2) && !header_find(header, lists[i], 0);
        bytes_add_char(out, ' ');
        tell_addresses(header, defaulted ? "From" : lists[i], out);
    }
    bytes_add_char(out, ' ');
    header_nstring_add(header, "In-Reply-To", out);
    bytes_add_char(out, ' ');
    header_nstring_add(header, "Message-ID", out);
    bytes_add_char(out, ')');
}
