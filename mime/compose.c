/*
 * compose — see compose.h.
 *
 * What a caller gives can contain anything: every field goes through encode.c, which knows no line end but its
 * own, and every body becomes quoted-printable or base64 unless it is harmless ASCII.
 */
#include "compose.h"

#include "clock.h"
#include "encode_private.h"
#include "id.h"
#include "memory.h"
#include "mime_private.h"
#include "text.h"

#include <assert.h>

struct compose_field {
    char *name;
    struct bytes value; /* encoded and folded */
    size_t column;      /* where its last line stands */
};

struct attachment {
    char *type, *file_name, *description;
    char *id;             /* shown in the html; or NULL */
    struct bytes content; /* encoded */
};

struct compose {
    struct compose_field *fields;
    size_t count, capacity;
    struct bytes plain;
    char *html;     /* or NULL */
    char *language; /* or NULL */
    struct attachment *attachments;
    size_t attachment_count, attachment_capacity;
    bool reports, whole;
    bool about_tls, shows;          /* shows: pictures in the html */
    struct bytes status, mail;      /* what it reports on, or its header */
    struct bytes document, written; /* the html, and what goes to the sink */
};

struct compose *compose_new(void)
{
    return must_new(struct compose);
}

/* What is written may be sealed at once, or hold a password: none of it is left in memory. */
static void wipe_html(struct compose *c)
{
    if (c->html)
        explicit_bzero(c->html, strlen(c->html));
    free(c->html);
    c->html = NULL;
}

void compose_free(struct compose *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++) {
        free(c->fields[i].name);
        bytes_wipe(&c->fields[i].value);
    }
    for (size_t i = 0; i < c->attachment_count; i++) {
        free(c->attachments[i].type);
        free(c->attachments[i].file_name);
        free(c->attachments[i].description);
        free(c->attachments[i].id);
        bytes_wipe(&c->attachments[i].content);
    }
    free(c->fields);
    free(c->attachments);
    bytes_wipe(&c->plain);
    bytes_wipe(&c->status);
    bytes_wipe(&c->mail);
    bytes_wipe(&c->document);
    bytes_wipe(&c->written);
    wipe_html(c);
    free(c->language);
    free(c);
}

static struct compose_field *new_field(struct compose *c, const char *name)
{
    for (const char *at = name; *at; at++)
        assert(*at > ' ' && *at < 0x7F && *at != ':');
    must_make_room(c->fields, c->count, c->capacity);
    struct compose_field *field = &c->fields[c->count++];
    *field = (struct compose_field){.name = must_dup(name), .column = strlen(name) + 2};
    return field;
}

static struct compose_field *old_or_new_field(struct compose *c, const char *name)
{
    for (size_t i = 0; i < c->count; i++)
        if (slice_is_nocase(slice_of(c->fields[i].name), name))
            return &c->fields[i];
    return new_field(c, name);
}

void compose_field(struct compose *c, const char *name, const char *text)
{
    struct compose_field *field = new_field(c, name);

    field->column = encode_header_text(&field->value, slice_of(text), field->column);
}

/* An addr-spec as it may stand between angle brackets: an IDN host as A-labels, nothing that could end it. */
static void add_spec(struct bytes *out, const char *address)
{
    struct slice spec = slice_of(address);
    size_t at = slice_find_last(spec, '@');
    scoped_text char *host = NULL;
    struct err err;

    if (at != SIZE_MAX && host_canonical(slice_from(spec, at + 1), &host, &err))
        spec = slice_first(spec, at + 1);
    for (size_t i = 0; i < spec.len; i++)
        if (spec.at[i] > ' ' && spec.at[i] < 0x7F && !strchr("<>,;()", spec.at[i]))
            bytes_add_char(out, spec.at[i]);
    bytes_add_text(out, host ? host : "");
}

void compose_address(struct compose *c, const char *name_of_field, const char *name,
                     const char *address)
{
    struct compose_field *field = old_or_new_field(c, name_of_field);
    scoped_value(bytes) spec = {0};
    bool named = name && *name;

    if (field->value.len > 0) {
        bytes_add_text(&field->value, ", ");
        field->column += 2;
    }
    if (named) {
        field->column = encode_phrase(&field->value, slice_of(name), field->column);
        bytes_add_char(&field->value, ' ');
        field->column++;
        bytes_add_char(&spec, '<');
    }
    add_spec(&spec, address);
    if (named)
        bytes_add_char(&spec, '>');
    field->column = encode_word(&field->value, bytes_slice(&spec), field->column);
}

void compose_date(struct compose *c, int64_t ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(ms, date);
    compose_field(c, "Date", date);
}

void compose_ids(struct compose *c, const char *name, char *const *ids, size_t count)
{
    if (count == 0)
        return;
    struct compose_field *field = new_field(c, name);
    for (size_t i = 0; i < count; i++) {
        scoped_value(bytes) id = {0};

        bytes_add_char(&id, '<');
        for (const char *at = ids[i]; *at; at++)
            if (*at > ' ' && *at < 0x7F && *at != '<' && *at != '>')
                bytes_add_char(&id, *at);
        bytes_add_char(&id, '>');
        if (i > 0) {
            bytes_add_char(&field->value, ' ');
            field->column++;
        }
        field->column =
            encode_word(&field->value, slice_first(bytes_slice(&id), 900), field->column);
    }
}

void compose_thread(struct compose *c, const char *references)
{
    enum { IDS_MAX = 24 };
    char *ids[IDS_MAX];
    size_t count = 0;
    struct slice rest = slice_of(references);

    while (references && rest.at && count < IDS_MAX) {
        struct slice id = slice_trim(slice_cut(&rest, ' '));
        if (!slice_empty(id))
            ids[count++] = must_copy(id);
    }
    if (count > 0) {
        compose_ids(c, "In-Reply-To", &ids[count - 1], 1);
        compose_ids(c, "References", ids, count);
    }
    for (size_t i = 0; i < count; i++)
        free(ids[i]);
}

/* A language tag (RFC 5646): letters, digits and hyphens. */
void compose_language(struct compose *c, const char *tag)
{
    for (const char *at = tag; *at; at++)
        if (!g_ascii_isalnum(*at) && *at != '-')
            return;
    if (!*tag || strlen(tag) > 35)
        return;
    compose_field(c, "Content-Language", tag);
    free(c->language);
    c->language = must_dup(tag);
}

void compose_face(struct compose *c, struct slice picture)
{
    enum { OCTETS_A_LINE = 54 }; /* 72 columns of base64 */
    struct bytes *value = &new_field(c, "Chat-User-Avatar")->value;

    assert(picture.len <= COMPOSE_FACE_MAX);
    bytes_add_text(value, "base64:");
    for (; picture.len > 0; picture = slice_from(picture, OCTETS_A_LINE)) {
        bytes_add_text(value, "\r\n ");
        base64_add(value, slice_first(picture, OCTETS_A_LINE));
    }
}

void compose_text(struct compose *c, struct slice plain, const char *html)
{
    bytes_reset(&c->plain);
    bytes_reserve(&c->plain, plain.len); /* so that it does not grow */
    clean_add(&c->plain, plain, CLEAN_TEXT);
    wipe_html(c);
    c->html = must_dup(html);
}

static struct attachment *new_attachment(struct compose *c, const char *type,
                                         const char *description, struct slice content)
{
    must_make_room(c->attachments, c->attachment_count, c->attachment_capacity);
    struct attachment *attachment = &c->attachments[c->attachment_count++];
    *attachment = (struct attachment){.type = must_dup(type), .description = must_dup(description)};
    encode_base64_lines(&attachment->content, content);
    return attachment;
}

void compose_attach(struct compose *c, const char *type, const char *file_name,
                    const char *description, struct slice content)
{
    new_attachment(c, type, description, content)->file_name = must_dup(file_name);
}

void compose_inline(struct compose *c, const char *type, const char *id, const char *description,
                    struct slice content)
{
    new_attachment(c, type, description, content)->id = must_dup(id);
    c->shows = true;
}

void compose_delivery_report(struct compose *c, struct slice status, struct slice mail, bool whole)
{
    assert(c->attachment_count == 0);
    c->reports = true;
    c->whole = whole;
    bytes_reset(&c->status);
    bytes_reset(&c->mail);
    clean_add(&c->status, status, CLEAN_TEXT);
    if (whole)
        bytes_add(&c->mail, mail);
    else
        clean_add(&c->mail, mail, CLEAN_TEXT);
}

void compose_tls_report(struct compose *c)
{
    c->about_tls = true;
}

/* name*=utf-8''percent-encoded (RFC 2231), cut to fit one line. */
static void add_file_name(struct bytes *out, const char *file_name)
{
    scoped_value(bytes) clean = {0};

    if (!file_name || !*file_name)
        return;
    clean_add(&clean, slice_of(file_name), CLEAN_LINE);
    bytes_add_text(out, ";\r\n filename*=utf-8''");
    percent_add(out, utf8_first(bytes_slice(&clean), 80));
}

static void add_attachment(struct bytes *out, const struct attachment *attachment)
{
    bytes_print(out, "Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n", attachment->type);
    if (attachment->id)
        bytes_print(out, "Content-ID: <%s>\r\n", attachment->id);
    bytes_print(out, "Content-Disposition: %s", attachment->id ? "inline" : "attachment");
    add_file_name(out, attachment->file_name);
    bytes_add_text(out, "\r\n");
    if (attachment->description && *attachment->description) {
        static const char name[] = "Content-Description: ";
        bytes_add_text(out, name);
        encode_header_text(out, slice_of(attachment->description), sizeof name - 1);
        bytes_add_text(out, "\r\n");
    }
    bytes_add_text(out, "\r\n");
    bytes_add(out, bytes_slice(&attachment->content));
}

static void add_text_part(struct bytes *out, const char *subtype, struct slice text)
{
    bool plain = encode_is_plain(text);

    bytes_print(out,
                "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
                subtype, plain ? "7bit" : "quoted-printable");
    if (plain)
        encode_lines(out, text);
    else
        encode_quoted_printable(out, text);
}

enum { FRAME_MAX = 1024 }; /* what stands around some words, or a part */

static void add_html_part(struct bytes *out, struct compose *c)
{
    struct bytes *document = &c->document;

    bytes_reset(document);
    bytes_reserve(document, strlen(c->html) + FRAME_MAX);
    bytes_add_text(document, "<!DOCTYPE html>\n<html");
    if (c->language)
        bytes_print(document, " lang=\"%s\"", c->language);
    bytes_add_text(document, ">\n<head><meta charset=\"utf-8\"></head>\n<body>\n");
    clean_add(document, slice_of(c->html), CLEAN_TEXT);
    bytes_add_text(document, "\n</body>\n</html>\n");
    add_text_part(out, "html", bytes_slice(document));
}

enum { BOUNDARY_SIZE = TOKEN_LEN + 4 };

/* "=_" cannot stand in quoted-printable or base64 (RFC 2045 6.7); the rest cannot be guessed. */
static void new_boundary(char out[BOUNDARY_SIZE])
{
    out[0] = '=';
    out[1] = '_';
    token_new(out + 2);
}

static void add_multipart(struct bytes *out, const char *subtype, const char *boundary)
{
    bytes_print(out, "Content-Type: multipart/%s; boundary=\"%s\"\r\n\r\n", subtype, boundary);
}

static void add_words(struct bytes *out, struct compose *c)
{
    char boundary[BOUNDARY_SIZE];

    if (!c->html) {
        add_text_part(out, "plain", bytes_slice(&c->plain));
        return;
    }
    new_boundary(boundary);
    add_multipart(out, "alternative", boundary);
    bytes_print(out, "--%s\r\n", boundary);
    add_text_part(out, "plain", bytes_slice(&c->plain));
    bytes_print(out, "\r\n--%s\r\n", boundary);
    add_html_part(out, c);
    bytes_print(out, "\r\n--%s--\r\n", boundary);
}

/* message/delivery-status must be 7bit (RFC 3464 2.1). */
static void add_report(struct bytes *out, const struct compose *c, const char *boundary)
{
    bytes_print(out, "\r\n--%s\r\nContent-Type: message/delivery-status\r\n\r\n", boundary);
    encode_lines(out, bytes_slice(&c->status));
    bytes_print(out, "\r\n--%s\r\n", boundary);
    if (!c->whole) {
        add_text_part(out, "rfc822-headers", bytes_slice(&c->mail));
        return;
    }
    bytes_add_text(out, "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
    bytes_add(out, bytes_slice(&c->mail));
}

static const char *multipart_of(const struct compose *c)
{
    if (c->reports)
        return "report; report-type=delivery-status";
    if (c->shows)
        return "related; type=\"multipart/alternative\"";
    return c->about_tls ? "report; report-type=tlsrpt" : "mixed";
}

/* As much as is written at once at most, so that it does not grow.  Quoted-printable is four times as long at most. */
static size_t room_for(const struct compose *c)
{
    size_t words = c->plain.len + (c->html ? strlen(c->html) + FRAME_MAX : 0);
    size_t room = 4 * words + 2 * c->status.len + (c->whole ? 1 : 4) * c->mail.len;
    size_t attached = 0;

    for (size_t i = 0; i < c->count; i++)
        room += strlen(c->fields[i].name) + c->fields[i].value.len + strlen(": \r\n");
    for (size_t i = 0; i < c->attachment_count; i++)
        if (c->attachments[i].content.len > attached)
            attached = c->attachments[i].content.len;
    return room + attached + 4 * (size_t)FRAME_MAX;
}

bool compose_write(struct compose *c, struct sink *into, struct err *err)
{
    struct bytes *out = &c->written;
    char boundary[BOUNDARY_SIZE];

    bytes_reset(out);
    bytes_reserve(out, room_for(c));
    for (size_t i = 0; i < c->count; i++)
        bytes_print(out, "%s: %s\r\n", c->fields[i].name,
                    c->fields[i].value.at ? c->fields[i].value.at : "");
    bytes_add_text(out, "MIME-Version: 1.0\r\n");
    if (c->attachment_count == 0 && !c->reports) {
        add_words(out, c);
        return sink_write(into, bytes_slice(out), err);
    }
    new_boundary(boundary);
    if (c->whole)
        bytes_add_text(out, "Content-Transfer-Encoding: 8bit\r\n");
    add_multipart(out, multipart_of(c), boundary);
    bytes_print(out, "--%s\r\n", boundary);
    add_words(out, c);
    if (c->reports)
        add_report(out, c, boundary);
    for (size_t i = 0; i < c->attachment_count; i++) {
        bytes_print(out, "\r\n--%s\r\n", boundary);
        add_attachment(out, &c->attachments[i]);
        if (!sink_write(into, bytes_slice(out), err))
            return false;
        bytes_reset(out);
    }
    bytes_print(out, "\r\n--%s--\r\n", boundary);
    return sink_write(into, bytes_slice(out), err);
}
