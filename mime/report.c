#include "report.h"

#include "memory.h"

#include <string.h>

enum { STATUS_MAX = 64 * 1024, GROUPS_MAX = 200 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "5.1.1" with one to three digits behind each dot (RFC 3463 2). */
static bool is_status(struct slice word)
{
    struct slice rest = word;
    struct slice class = slice_cut(&rest, '.');
    int parts = 0;

    if (class.len != 1 || (class.at[0] != '2' && class.at[0] != '4' && class.at[0] != '5'))
        return false;
    for (; rest.at; parts++) {
        struct slice digits = slice_cut(&rest, '.');
        if (digits.len < 1 || digits.len > 3)
            return false;
        for (size_t i = 0; i < digits.len; i++)
            if (!is_digit(digits.at[i]))
                return false;
    }
    return parts == 2;
}

static bool is_code(struct slice word)
{
    return word.len == REPORT_CODE_LEN && (word.at[0] == '4' || word.at[0] == '5') &&
           is_digit(word.at[1]) && is_digit(word.at[2]);
}

static void keep(struct slice text, char *out, size_t size)
{
    size_t len = 0;

    for (; len + 1 < size && len < text.len; len++) {
        char c = text.at[len];
        bool blank = c == '\r' || c == '\n' || c == '\t';
        out[len] = c;
        if (c < ' ' || c >= 0x7f)
            out[len] = blank ? ' ' : '?';
    }
    out[len] = '\0';
}

/* ---- fields ---- */
static struct slice without_comment(struct slice value)
{
    struct slice text = slice_trim(value);

    return slice_trim(slice_cut(&text, '('));
}

static void read_action(struct slice value, struct report *group)
{
    struct slice word = without_comment(value);

    group->action = slice_is_nocase(word, "failed") ? REPORT_FAILED : REPORT_OTHER;
}

static void read_status(struct slice value, struct report *group)
{
    struct slice text = slice_trim(value);
    struct slice word = slice_cut(&text, ' ');

    if (is_status(word))
        keep(word, group->status, sizeof group->status);
}

/* "smtp; 550-5.1.1 no such user": the type does not matter, numbers stand where they stand. */
static void read_diagnostic(struct slice value, struct report *group)
{
    struct slice text = slice_trim(value), type = text;

    slice_cut(&type, ';');
    if (type.at)
        text = slice_trim(type);
    keep(text, group->words, sizeof group->words);
    struct slice code = slice_first(text, text.len < REPORT_CODE_LEN ? 0 : REPORT_CODE_LEN);
    if (!is_code(code))
        return;
    keep(code, group->code, sizeof group->code);
    struct slice rest = slice_from(text, REPORT_CODE_LEN);
    if (rest.len > 1 && !group->status[0])
        read_status(slice_from(rest, 1), group);
}

static void read_field(struct slice field, struct report *group)
{
    struct slice value = field;
    struct slice name = slice_trim(slice_cut(&value, ':'));

    if (!value.at)
        return;
    if (slice_is_nocase(name, "Action"))
        read_action(value, group);
    else if (slice_is_nocase(name, "Status"))
        read_status(value, group);
    else if (slice_is_nocase(name, "Diagnostic-Code"))
        read_diagnostic(value, group);
}

/* The next field with the lines it goes on in; empty at the end of a group. */
static struct slice take_field(struct slice *rest)
{
    struct slice field = slice_line(rest);

    while (field.len > 0 && rest->at && rest->len > 0 &&
           (rest->at[0] == ' ' || rest->at[0] == '\t')) {
        struct slice more = slice_line(rest);
        field.len = (size_t)(more.at + more.len - field.at);
    }
    return field;
}

/* ---- groups: the first is about the mail, each further one about a recipient ---- */
void report_read(struct slice status, struct report *out)
{
    struct slice rest = status;

    *out = (struct report){.action = REPORT_NOTHING};
    for (int groups = 0; rest.at && groups < GROUPS_MAX && out->action != REPORT_FAILED;) {
        struct report group = {.action = REPORT_NOTHING};
        struct slice field = take_field(&rest);
        if (slice_trim(field).len == 0)
            continue;
        for (; slice_trim(field).len > 0; field = take_field(&rest))
            read_field(field, &group);
        groups++;
        if (group.action > out->action)
            *out = group;
    }
}

/* ---- the mail ---- */
static struct mail_part *find_status(struct mail_part *root)
{
    if (!mail_part_is(root, "multipart", "report"))
        return NULL;
    for (size_t i = 0; i < mail_part_count(root); i++) {
        struct mail_part *part = mail_part_child(root, i);
        if (mail_part_is(part, "message", "delivery-status") ||
            mail_part_is(part, "message", "global-delivery-status"))
            return part;
    }
    return NULL;
}

bool mail_report(struct mail *mail, struct report *out, struct err *err)
{
    struct mail_part *part = find_status(mail_root(mail));
    scoped_value(bytes) status = {0};

    *out = (struct report){.action = REPORT_NOTHING};
    if (!part)
        return true;
    if (!mail_part_content(part, STATUS_MAX, &status, err))
        return err->kind == ERR_TOO_LARGE || err->kind == ERR_MALFORMED;
    report_read(bytes_slice(&status), out);
    return true;
}
