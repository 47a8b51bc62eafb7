/* BODYSTRUCTURE, and where the parts lie. */
#include "structure.h"

#include "memory.h"
#include "structure_private.h"

enum { INNER_MAX = 5, LINES_BUFFER = 16 * 1024, LONGEST_ENCODING = 20 };

struct telling {
    struct mail_structure *out;
    struct err *err;
    int64_t base; /* of offsets: where the mail being told begins in the outermost */
    int inner;    /* mails inside of mails */
};

void mail_structure_clear(struct mail_structure *structure)
{
    bytes_clear(&structure->envelope);
    bytes_clear(&structure->structure);
    bytes_clear(&structure->parts);
}

static bool tell_part(struct telling *telling, struct mail_part *part, const char *number);

/* ---- parameters ---- */

static void skip_blanks(struct slice *rest)
{
    while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
        *rest = slice_from(*rest, 1);
}

static void take_value(struct slice *rest, struct bytes *out)
{
    skip_blanks(rest);
    if (rest->len == 0 || rest->at[0] != '"') {
        size_t end = slice_find(*rest, ';');
        bytes_add(out, slice_trim(slice_first(*rest, end == SIZE_MAX ? rest->len : end)));
        *rest = slice_from(*rest, end == SIZE_MAX ? rest->len : end);
        return;
    }
    *rest = slice_from(*rest, 1);
    while (rest->len > 0 && rest->at[0] != '"') {
        if (rest->at[0] == '\\' && rest->len > 1)
            *rest = slice_from(*rest, 1);
        bytes_add_char(out, rest->at[0]);
        *rest = slice_from(*rest, 1);
    }
    *rest = slice_from(*rest, 1);
}

/* ("name" "value" …) or NIL, from what stands behind the first ';'. */
static void tell_parameters(struct bytes *out, struct slice rest)
{
    int count = 0;

    while (rest.len > 0 && count < MAIL_MAX_PARAMETERS) {
        size_t equals = slice_find(rest, '=');
        size_t end = slice_find(rest, ';');
        if (equals == SIZE_MAX || (end != SIZE_MAX && end < equals)) {
            rest = slice_from(rest, end == SIZE_MAX ? rest.len : end + 1);
            continue;
        }
        scoped_value(bytes) value = {0};
        struct slice name = slice_trim(slice_first(rest, equals));
        rest = slice_from(rest, equals + 1);
        take_value(&rest, &value);
        bytes_add_char(out, count++ ? ' ' : '(');
        imap_string_add(out, name);
        bytes_add_char(out, ' ');
        imap_string_add(out, bytes_slice(&value));
        end = slice_find(rest, ';');
        rest = slice_from(rest, end == SIZE_MAX ? rest.len : end + 1);
    }
    bytes_add_text(out, count ? ")" : "NIL");
}

static struct slice behind_semicolon(struct slice field)
{
    size_t at = slice_find(field, ';');

    return slice_from(field, at == SIZE_MAX ? field.len : at + 1);
}

static void tell_parameters_of(const struct mail_part *part, const char *field, struct bytes *out)
{
    scoped_value(bytes) text = {0};
    bool found;

    header_raw_add(&part->header, field, &text, &found);
    tell_parameters(out, behind_semicolon(bytes_slice(&text)));
}

/* ("attachment" ("filename" "x")) or NIL */
static void tell_disposition(const struct mail_part *part, struct bytes *out)
{
    scoped_value(bytes) text = {0};
    bool found;

    header_raw_add(&part->header, "Content-Disposition", &text, &found);
    if (!found) {
        bytes_add_text(out, "NIL");
        return;
    }
    struct slice rest = bytes_slice(&text);
    struct slice kind = slice_trim(slice_cut(&rest, ';'));
    bytes_add_char(out, '(');
    imap_string_add(out, kind);
    bytes_add_char(out, ' ');
    tell_parameters(out, behind_semicolon(bytes_slice(&text)));
    bytes_add_char(out, ')');
}

static void tell_extension(const struct mail_part *part, struct bytes *out)
{
    bytes_add_char(out, ' ');
    tell_disposition(part, out);
    bytes_add_char(out, ' ');
    header_nstring_add(&part->header, "Content-Language", out);
    bytes_add_char(out, ' ');
    header_nstring_add(&part->header, "Content-Location", out);
}

/* ---- leaves ---- */

/* The first word, lower case; what is no token counts as not said. */
static char *encoding_of(const struct mail_part *part)
{
    scoped_value(bytes) text = {0};
    bool found;
    size_t len = 0;

    header_raw_add(&part->header, "Content-Transfer-Encoding", &text, &found);
    while (len < text.len && (g_ascii_isalnum(text.at[len]) || text.at[len] == '-')) {
        text.at[len] = g_ascii_tolower(text.at[len]);
        len++;
    }
    if (len == 0 || len > LONGEST_ENCODING)
        return must_dup("7bit");
    return must_copy(slice_first(bytes_slice(&text), len));
}

static bool count_lines(const struct mail_part *part, int64_t *out, struct err *err)
{
    char buffer[LINES_BUFFER];
    int64_t at = part->body;
    size_t got = 1;

    *out = 0;
    while (at < part->end && got > 0) {
        size_t wanted =
            part->end - at < LINES_BUFFER ? (size_t)(part->end - at) : (size_t)LINES_BUFFER;
        if (!source_read(part->mail->source, at, buffer, wanted, &got, err))
            return false;
        for (struct slice rest = {buffer, got}; rest.at; (*out)++)
            slice_cut(&rest, '\n');
        (*out)--;
        at += (int64_t)got;
    }
    return true;
}

static void tell_type(const struct mail_part *part, struct bytes *out)
{
    struct slice subtype = slice_of(part->type);
    struct slice type = slice_cut(&subtype, '/');

    imap_string_add(out, type);
    bytes_add_char(out, ' ');
    imap_string_add(out, subtype.at ? subtype : SLICE("plain"));
}

/* A mail inside, whose parts are numbered below `number`. */
static bool tell_inner(struct telling *telling, struct mail_part *part, const char *number,
                       int64_t *out_inner_body)
{
    struct bytes *out = &telling->out->structure;
    scoped(mail) inner = NULL;
    int64_t base = telling->base;

    if (!mail_of_part(part, &inner, telling->err))
        return false;
    telling->base += part->body;
    telling->inner++;
    *out_inner_body = telling->base + inner->root->body;
    bytes_add_char(out, ' ');
    envelope_add(&inner->root->header, out);
    bytes_add_char(out, ' ');
    scoped_text char *below = inner->root->count ? must_dup(number) : must_print("%s.1", number);
    bool good = tell_part(telling, inner->root, below);
    telling->base = base;
    telling->inner--;
    return good;
}

static void note_part(struct telling *telling, const struct mail_part *part, const char *number,
                      int64_t inner_body, const char *encoding)
{
    int64_t begin = telling->base + part->begin;
    int64_t body = telling->base + part->body;
    int64_t end = telling->base + part->end;

    bytes_print(&telling->out->parts, "%s %lld %lld %lld %lld %s\n", number, (long long)begin,
                (long long)body, (long long)end, (long long)inner_body, encoding);
}

static bool tell_leaf(struct telling *telling, struct mail_part *part, const char *number)
{
    struct bytes *out = &telling->out->structure;
    scoped_text char *encoding = encoding_of(part);
    bool text = mail_part_is(part, "text", "*");
    bool is_mail = mail_part_is(part, "message", "rfc822");
    bool coded = strcmp(encoding, "base64") == 0 || strcmp(encoding, "quoted-printable") == 0;
    bool opened = is_mail && !coded && telling->inner < INNER_MAX;
    int64_t inner_body = 0;
    int64_t lines = 0;
    const int64_t octets = part->end - part->body;

    bytes_add_char(out, '(');
    if (is_mail && !opened) /* which RFC 2046 5.2.1 forbids: not to be looked into */
        bytes_add_text(out, "\"application\" \"octet-stream\"");
    else
        tell_type(part, out);
    bytes_add_char(out, ' ');
    tell_parameters_of(part, "Content-Type", out);
    bytes_add_char(out, ' ');
    header_nstring_add(&part->header, "Content-ID", out);
    bytes_add_char(out, ' ');
    header_nstring_add(&part->header, "Content-Description", out);
    bytes_add_char(out, ' ');
    imap_string_add(out, slice_of(encoding));
    bytes_print(out, " %lld", (long long)octets);
    if (opened && !tell_inner(telling, part, number, &inner_body))
        return false;
    if ((text || opened) && !count_lines(part, &lines, telling->err))
        return false;
    if (text || opened)
        bytes_print(out, " %lld", (long long)lines);
    bytes_add_char(out, ' ');
    header_nstring_add(&part->header, "Content-MD5", out);
    tell_extension(part, out);
    bytes_add_char(out, ')');
    note_part(telling, part, number, inner_body, encoding);
    return true;
}

static bool tell_multipart(struct telling *telling, struct mail_part *part, const char *number)
{
    struct bytes *out = &telling->out->structure;
    struct slice subtype = slice_of(part->type);

    bytes_add_char(out, '(');
    for (size_t i = 0; i < part->count; i++) {
        struct mail_part *child = part->children[i].part;
        scoped_text char *below =
            number[0] ? must_print("%s.%zu", number, i + 1) : must_print("%zu", i + 1);
        if (child->count > 0) /* leaves note themselves */
            note_part(telling, child, below, 0, "7bit");
        if (!tell_part(telling, child, below))
            return false;
    }
    slice_cut(&subtype, '/');
    bytes_add_char(out, ' ');
    imap_string_add(out, subtype);
    bytes_add_char(out, ' ');
    tell_parameters_of(part, "Content-Type", out);
    tell_extension(part, out);
    bytes_add_char(out, ')');
    return true;
}

static bool tell_part(struct telling *telling, struct mail_part *part, const char *number)
{
    return part->count == 0 ? tell_leaf(telling, part, number)
                            : tell_multipart(telling, part, number);
}

bool mail_structure_of(struct mail *mail, struct mail_structure *out, struct err *err)
{
    struct telling telling = {.out = out, .err = err};
    struct mail_part *root = mail->root;

    bytes_print(&out->parts, "0 0 %lld %lld 0 7bit\n", (long long)root->body, (long long)root->end);
    envelope_add(&root->header, &out->envelope);
    return tell_part(&telling, root, root->count ? "" : "1");
}
