/*
 * Our own signatures (RFC 6376 5).  Whatever a mail program shows or acts on is named in h= once more than it is there
 * ("oversigned", 8.15), so that a second Subject or From breaks the signature.  Of what mailing lists add on their way
 * (List-*, Sender) only what is there is named: a mail that a list passes on untouched otherwise must stay signed.
 */
#include "dkim_private.h"

#include "clock.h"
#include "text.h"

#include <stdio.h>

enum { LINE_MAX_LEN = 72 };

static const char *const always[] = {
    "From",         "To",
    "Cc",           "Subject",
    "Date",         "Message-ID",
    "Reply-To",     "In-Reply-To",
    "References",   "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding",
    "Autocrypt",    "Auto-Submitted",
};
static const char *const if_there[] = {
    "Sender",       "List-Id",        "List-Post",        "List-Help",
    "List-Owner",   "List-Subscribe", "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Archive", "Resent-From",    "Resent-To",        "Resent-Date",
};

/* ---- the author's domain ---- */

enum { OUTSIDE, QUOTED, COMMENT };

struct mailbox { /* of a From field, read byte by byte */
    int state, depth;
    bool escaped, angle, closed, several;
    struct bytes address;
};

/* Inside of a quoted string or a comment nothing is an address; true: the byte was taken. */
static bool skip(struct mailbox *it, char c)
{
    if (it->state == OUTSIDE)
        return false;
    if (it->escaped)
        it->escaped = false;
    else if (c == '\\')
        it->escaped = true;
    else if (it->state == QUOTED && c == '"')
        it->state = OUTSIDE;
    else if (it->state == COMMENT)
        it->depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (it->state == COMMENT && it->depth == 0)
        it->state = OUTSIDE;
    return true;
}

static void take(struct mailbox *it, char c)
{
    if (skip(it, c))
        return;
    switch (c) {
    case '"': it->state = QUOTED; return;
    case '(':
        it->state = COMMENT;
        it->depth = 1;
        return;
    case '<':
        it->several |= it->angle;
        it->angle = true;
        bytes_reset(&it->address);
        return;
    case '>': it->closed = true; return;
    case ',':
    case ';':
    case ':': it->several = true; return;
    default: break;
    }
    if (!it->closed)
        bytes_add_char(&it->address, c);
}

bool dkim_author_domain(const struct dkim_text *text, char out[DKIM_DOMAIN_SIZE])
{
    const struct dkim_field *from = dkim_field_up(text, SLICE("From"), 0);
    scoped_text char *domain = NULL;
    struct mailbox mailbox = {.state = OUTSIDE};
    struct err ignored;

    if (!from || dkim_field_up(text, SLICE("From"), 1))
        return false;
    for (size_t i = 0; i < from->value.len; i++)
        take(&mailbox, from->value.at[i]);
    struct slice address = slice_trim(bytes_slice(&mailbox.address));
    size_t at = slice_find_last(address, '@');
    bool good = !mailbox.several && at != SIZE_MAX &&
                host_canonical(slice_from(address, at + 1), &domain, &ignored) &&
                strlen(domain) < DKIM_DOMAIN_SIZE;
    bytes_clear(&mailbox.address);
    if (good)
        snprintf(out, DKIM_DOMAIN_SIZE, "%s", domain);
    return good;
}

/* ---- the field ---- */

static size_t count_fields(const struct dkim_text *text, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < text->count; i++)
        count += dkim_field_is(&text->fields[i], name);
    return count;
}

struct writing {
    const struct dkim_text *text;
    struct bytes *field, *signed_text;
    size_t line_at; /* where the last line of the field begins */
    bool first;
};

static void fold(struct writing *writing)
{
    bytes_add(writing->field, SLICE("\r\n\t"));
    writing->line_at = writing->field->len;
}

static void add_name(struct writing *writing, const char *name)
{
    if (!writing->first)
        bytes_add_char(writing->field, ':');
    if (writing->field->len - writing->line_at + strlen(name) > LINE_MAX_LEN)
        fold(writing);
    bytes_add_text(writing->field, name);
    writing->first = false;
}

static void add_covered(struct writing *writing, const char *name, bool over)
{
    size_t count = count_fields(writing->text, name);

    for (size_t i = 0; i < count; i++) {
        add_name(writing, name);
        dkim_canon_field(DKIM_RELAXED, dkim_field_up(writing->text, slice_of(name), i)->text,
                         writing->signed_text);
    }
    if (over)
        add_name(writing, name);
}

static void add_digest(struct writing *writing)
{
    const unsigned char *digest = writing->text->bodies[DKIM_RELAXED].digest;

    bytes_add_char(writing->field, ';');
    fold(writing);
    bytes_add_text(writing->field, "bh=");
    base64_add(writing->field, (struct slice){(const char *)digest, SHA256_LEN});
    bytes_add_char(writing->field, ';');
    fold(writing);
    bytes_add_text(writing->field, "b=");
}

void dkim_cover(const struct dkim_text *text, const struct dkim_text *signatures,
                struct bytes *field, struct bytes *signed_text)
{
    struct writing writing = {text, field, signed_text, 0, true};

    fold(&writing);
    bytes_add_text(field, "h=");
    for (size_t i = 0; i < COUNT_OF(always); i++)
        add_covered(&writing, always[i], true);
    for (size_t i = 0; i < COUNT_OF(if_there); i++)
        if (count_fields(text, if_there[i]) > 0)
            add_covered(&writing, if_there[i], true);
    if (signatures) {
        writing.text = signatures;
        add_covered(&writing, "DKIM-Signature", false);
        writing.text = text;
    }
    add_digest(&writing);
    dkim_cover_self(field, signed_text);
}

void dkim_cover_self(const struct bytes *field, struct bytes *signed_text)
{
    dkim_canon_field(DKIM_RELAXED, bytes_slice(field), signed_text);
    bytes_cut(signed_text, signed_text->len - 2);
}

bool dkim_can_sign(const struct dkim_text *text)
{
    return !text->too_long && count_fields(text, "From") > 0;
}

bool dkim_sign_begin(const struct dkim_text *text, const struct dkim_orders *orders,
                     struct bytes *out_field, struct bytes *out_signed)
{
    long long now_s = orders->now_ms / SECOND_MS;
    const long long life_s = DKIM_LIFE_DAYS * DAY_MS / SECOND_MS;

    if (!dkim_can_sign(text))
        return false;
    bytes_print(out_field,
                "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%s;\r\n\t"
                "s=%s; t=%lld; x=%lld;",
                dkim_scheme_name(orders->scheme), orders->domain, orders->selector, now_s,
                now_s + life_s);
    dkim_cover(text, NULL, out_field, out_signed);
    return true;
}

void dkim_sign_end(struct bytes *field, struct slice signature)
{
    scoped_value(bytes) text = {0};

    base64_add(&text, signature);
    struct slice rest = bytes_slice(&text);
    while (rest.len > 0) {
        bytes_add(field, slice_first(rest, LINE_MAX_LEN));
        rest = slice_from(rest, LINE_MAX_LEN);
        bytes_add_text(field, rest.len > 0 ? "\r\n\t" : "\r\n");
    }
}
