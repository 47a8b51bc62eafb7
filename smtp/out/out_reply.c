#include "out_reply.h"

#include <string.h>

enum { CODE_LEN = 3, LIMIT_MAX = 999999 };

static bool between(char c, char least, char most)
{
    return c >= least && c <= most;
}

/* "250", "250 text" or "250-text"; RFC 5321 4.2 knows codes from 200 to 559. */
static bool line_code(struct slice line, int *out_code, bool *out_more)
{
    if (line.len < CODE_LEN || !between(line.at[0], '2', '5') || !between(line.at[1], '0', '5') ||
        !between(line.at[2], '0', '9'))
        return false;
    if (line.len > CODE_LEN && line.at[CODE_LEN] != ' ' && line.at[CODE_LEN] != '-')
        return false;
    *out_code = (line.at[0] - '0') * 100 + (line.at[1] - '0') * 10 + (line.at[2] - '0');
    *out_more = line.len > CODE_LEN && line.at[CODE_LEN] == '-';
    return true;
}

/* The next line without its CRLF. */
static enum reply_result take_line(struct slice *rest, struct slice *out)
{
    size_t end = slice_find(*rest, '\n');

    if (end == SIZE_MAX)
        return rest->len < REPLY_LINE_MAX ? REPLY_PART : REPLY_BROKEN;
    if (end >= REPLY_LINE_MAX || end == 0 || rest->at[end - 1] != '\r')
        return REPLY_BROKEN;
    *out = slice_first(*rest, end - 1);
    *rest = slice_from(*rest, end + 1);
    return slice_find(*out, '\r') == SIZE_MAX ? REPLY_WHOLE : REPLY_BROKEN;
}

enum reply_result smtp_reply_read(struct slice *rest, struct smtp_reply *out)
{
    struct slice left = *rest, line;
    bool more = true;

    for (int i = 0; more; i++) {
        int code;
        enum reply_result result = take_line(&left, &line);
        if (result != REPLY_WHOLE)
            return result;
        if (i == REPLY_LINES_MAX || !line_code(line, &code, &more) || (i > 0 && code != out->code))
            return REPLY_BROKEN;
        out->code = code;
    }
    out->lines = slice_first(*rest, rest->len - left.len);
    *rest = left;
    return REPLY_WHOLE;
}

struct slice smtp_reply_text(struct slice *lines)
{
    struct slice line = slice_line(lines);

    return slice_trim(slice_from(line, CODE_LEN + 1));
}

static void add_printable(struct slice text, char *out, size_t size, size_t *len)
{
    for (size_t i = 0; i < text.len && *len + 1 < size; i++) {
        char c = text.at[i];
        out[(*len)++] = '?';
        if (c >= ' ' && c < 0x7f)
            out[*len - 1] = c;
    }
}

void smtp_reply_print(const struct smtp_reply *reply, char *out, size_t size)
{
    struct slice lines = reply->lines;
    size_t len = 0;

    add_printable(slice_first(lines, CODE_LEN), out, size, &len);
    while (lines.len > 0) {
        struct slice text = smtp_reply_text(&lines);
        if (text.len == 0)
            continue;
        add_printable(SLICE(" "), out, size, &len);
        add_printable(text, out, size, &len);
    }
    out[len] = '\0';
}

static bool offers_plain(struct slice mechanisms)
{
    while (mechanisms.at)
        if (slice_is_nocase(slice_cut(&mechanisms, ' '), "PLAIN"))
            return true;
    return false;
}

/* RFC 9422 4: a number of at most six digits that does not begin with 0. */
static int limit_in(struct slice value)
{
    int64_t limit = 0;

    if (value.len == 0 || value.at[0] == '0' || !slice_to_number(value, LIMIT_MAX, &limit))
        return 0;
    return (int)limit;
}

static void read_limits(struct slice said, struct smtp_limits *out)
{
    while (said.at) {
        struct slice value = slice_cut(&said, ' ');
        struct slice name = slice_cut(&value, '=');
        if (slice_is_nocase(name, "RCPTMAX"))
            out->recipients = limit_in(value);
        else if (slice_is_nocase(name, "MAILMAX"))
            out->mails = limit_in(value);
        else if (slice_is_nocase(name, "RCPTDOMAINMAX"))
            out->domains = limit_in(value);
    }
}

static void read_offer(struct slice text, struct smtp_offers *out)
{
    struct slice arguments = text;
    struct slice keyword = slice_cut(&arguments, ' ');

    out->pipelining |= slice_is_nocase(keyword, "PIPELINING");
    out->eight_bit |= slice_is_nocase(keyword, "8BITMIME");
    out->utf8 |= slice_is_nocase(keyword, "SMTPUTF8");
    out->starttls |= slice_is_nocase(keyword, "STARTTLS");
    out->dsn |= slice_is_nocase(keyword, "DSN");
    out->require_tls |= slice_is_nocase(keyword, "REQUIRETLS");
    if (slice_is_nocase(keyword, "LIMITS"))
        read_limits(arguments, &out->limits);
    if (slice_is_nocase(keyword, "AUTH"))
        out->plain |= offers_plain(arguments);
    if (!slice_is_nocase(keyword, "SIZE"))
        return;
    out->sized = true;
    if (!slice_to_number(slice_trim(arguments), INT64_MAX, &out->size))
        out->size = 0;
}

void smtp_offers_read(const struct smtp_reply *reply, struct smtp_offers *out)
{
    struct slice lines = reply->lines;

    *out = (struct smtp_offers){.size = 0};
    smtp_reply_text(&lines); /* the first names the server */
    while (lines.len > 0)
        read_offer(smtp_reply_text(&lines), out);
}
