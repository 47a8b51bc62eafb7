/*
 * The head of a request.  Every leniency here is a hole elsewhere: what two readers in a row understand
 * differently lets one smuggle requests past the other, and signatures cover the bytes as they came.
 */
#include "http_private.h"

#include "memory.h"
#include "text.h"

static const struct http_verdict fine;

static struct http_verdict refuse(int status, const char *sentence)
{
    return (struct http_verdict){status, sentence};
}

static bool byte_is_allowed(struct slice in, size_t i)
{
    if (in.at[i] == '\0')
        return false;
    if (in.at[i] == '\n')
        return i > 0 && in.at[i - 1] == '\r';
    return in.at[i] != '\r' || i + 1 == in.len || in.at[i + 1] == '\n';
}

static struct http_verdict judge_size(struct slice in, size_t max)
{
    if (slice_find(slice_first(in, HTTP_LINE_MAX), '\n') == SIZE_MAX && in.len >= HTTP_LINE_MAX)
        return refuse(414, "The request line is too long.");
    if (in.len >= max)
        return refuse(431, "The header fields are too large.");
    return fine;
}

struct http_verdict http_head_find(struct slice in, size_t max, size_t *at, size_t *out_len)
{
    *out_len = 0;
    for (size_t i = *at; i < in.len && i < max; i++) {
        if (!byte_is_allowed(in, i))
            return refuse(400, "Lines end with CR LF, and no line holds CR, LF or NUL.");
        if (in.at[i] == '\n' && i >= 3 && in.at[i - 2] == '\n') {
            *out_len = i + 1;
            return fine;
        }
    }
    /* The last byte is looked at again: a CR is judged by what follows it. */
    *at = in.len ? in.len - 1 : 0;
    return judge_size(in, max);
}

static bool is_token_char(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c);
}

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_token_char(s.at[i]))
            return false;
    }
    return s.len > 0;
}

static bool is_value(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

bool http_field_read(struct slice line, struct http_field *out)
{
    size_t colon = slice_find(line, ':');

    if (colon == SIZE_MAX || !is_token(slice_first(line, colon)))
        return false; /* also a space before the colon, and obs-fold */
    struct slice value = slice_from(line, colon + 1);
    if (!is_value(value))
        return false;
    out->name = slice_first(line, colon);
    out->value = slice_trim(value); /* no CR or LF is left in a line */
    return true;
}

static struct http_verdict read_version(struct slice version, struct http_head *out)
{
    bool grammar = version.len == 8 && slice_starts(version, SLICE("HTTP/")) &&
                   version.at[5] >= '0' && version.at[5] <= '9' && version.at[6] == '.' &&
                   version.at[7] >= '0' && version.at[7] <= '9';

    if (!grammar)
        return refuse(400, "A request line is: method, target, HTTP/1.1.");
    if (version.at[5] != '1')
        return refuse(505, "This server speaks HTTP/1.1.");
    out->old = version.at[7] == '0';
    return fine;
}

static struct http_verdict judge_method(struct slice method)
{
    static const char *const known[] = {"GET", "HEAD", "POST", "OPTIONS", "DELETE"};

    if (!is_token(method))
        return refuse(400, "A request line is: method, target, HTTP/1.1.");
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (slice_is(method, known[i]))
            return fine;
    }
    return refuse(501, "This server does not know that method.");
}

static bool is_target(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] <= ' ' || s.at[i] > '~' || s.at[i] == '#')
            return false;
    }
    return s.len > 0;
}

static struct http_verdict read_request_line(struct slice line, struct http_request *request,
                                             struct http_head *out)
{
    struct slice rest = line;

    if (line.len + 2 > HTTP_LINE_MAX)
        return refuse(414, "The request line is too long.");
    request->method = slice_cut(&rest, ' ');
    request->target = rest.at ? slice_cut(&rest, ' ') : SLICE("");
    if (!rest.at || !is_target(request->target))
        return refuse(400, "A request line is: method, target, HTTP/1.1.");
    struct http_verdict verdict = read_version(rest, out);
    return verdict.status ? verdict : judge_method(request->method);
}

static struct http_verdict read_fields(struct slice rest, struct http_request *request)
{
    for (;;) {
        struct slice line = slice_line(&rest);
        if (line.len == 0)
            return fine; /* the empty line: http_head_find() saw to it */
        if (request->field_count == HTTP_FIELDS_MAX)
            return refuse(431, "There are too many header fields.");
        if (!http_field_read(line, &request->fields[request->field_count]))
            return refuse(400, "A header line is: name, colon, value; without folding.");
        request->field_count++;
    }
}

static bool is_port(struct slice s)
{
    int64_t port;

    return slice_empty(s) || slice_to_number(s, 65535, &port);
}

static bool is_host_char(char c)
{
    return is_token_char(c) ||
           (c != '\0' && strchr("()=;,", c)); /* reg-name, percent escapes too */
}

/* uri-host [":" port], RFC 3986 3.2.2; the host goes to *out. */
static bool read_authority(struct slice authority, struct slice *out)
{
    size_t end = 0;

    if (authority.len && authority.at[0] == '[') {
        size_t close = slice_find(authority, ']');
        if (close == SIZE_MAX || close < 3)
            return false;
        for (end = 1; end < close; end++) {
            if (!strchr("0123456789abcdefABCDEF:.", authority.at[end]))
                return false;
        }
        end++;
    } else {
        while (end < authority.len && is_host_char(authority.at[end]))
            end++;
    }
    *out = slice_first(authority, end);
    struct slice port = slice_from(authority, end);
    return end > 0 && (port.len == 0 || (port.at[0] == ':' && is_port(slice_from(port, 1))));
}

static struct http_verdict read_host(struct http_request *request, const struct http_head *head,
                                     struct slice *out_authority)
{
    size_t count;

    *out_authority = http_field(request, "Host", &count);
    if (count == 0 && head->old) {
        request->host = *out_authority = SLICE("");
        return fine;
    }
    if (count != 1)
        return refuse(400, "A request has exactly one Host field.");
    if (!read_authority(*out_authority, &request->host))
        return refuse(400, "The Host field is not a host and port.");
    return fine;
}

/* RFC 9112 3.2.2.  What stands behind the authority is the target; an empty path is "/". */
static struct http_verdict read_absolute(struct http_request *request, struct slice authority,
                                         struct http_head *out)
{
    struct slice target = request->target;
    size_t scheme = slice_starts_nocase(target, "https://")  ? 8
                    : slice_starts_nocase(target, "http://") ? 7
                                                             : 0;

    if (!scheme)
        return refuse(400, "The target is a path, or an http or https URL.");
    struct slice rest = slice_from(target, scheme);
    size_t end = 0;
    while (end < rest.len && rest.at[end] != '/' && rest.at[end] != '?')
        end++;
    if (!slice_eq_nocase(slice_first(rest, end), authority))
        return refuse(400, "The target and the Host field name different hosts.");
    request->target = slice_from(rest, end);
    if (request->target.len && request->target.at[0] == '/')
        return fine;
    out->made_target = must_print("/%.*s", SLICE_ARGS(request->target));
    request->target = slice_of(out->made_target);
    return fine;
}

static struct http_verdict read_target(struct http_request *request, struct slice authority,
                                       struct http_head *out)
{
    struct http_verdict verdict = fine;
    bool asterisk = slice_is(request->target, "*") && slice_is(request->method, "OPTIONS");

    if (!asterisk && request->target.at[0] != '/')
        verdict = read_absolute(request, authority, out);
    if (verdict.status)
        return verdict;
    size_t mark = slice_find(request->target, '?');
    request->path = slice_first(request->target, mark);
    request->query =
        mark == SIZE_MAX ? (struct slice){NULL, 0} : slice_from(request->target, mark + 1);
    return fine;
}

static struct http_verdict read_coding(const struct http_request *request, struct slice coding,
                                       size_t count, struct http_head *out)
{
    if (count > 1 || out->old || http_field(request, "Content-Length", NULL).at)
        return refuse(400, "The length of the body is said in more than one way.");
    if (!slice_is_nocase(coding, "chunked"))
        return refuse(501, "The only transfer coding here is chunked.");
    out->framing = FRAMING_CHUNKED;
    return fine;
}

/* Exactly one length of digits, or exactly "chunked", or nothing. */
static struct http_verdict read_framing(const struct http_request *request, struct http_head *out)
{
    size_t codings, lengths;
    struct slice coding = http_field(request, "Transfer-Encoding", &codings);
    struct slice length = http_field(request, "Content-Length", &lengths);

    if (codings)
        return read_coding(request, coding, codings, out);
    if (!lengths)
        return fine;
    if (lengths > 1)
        return refuse(400, "The length of the body is said in more than one way.");
    for (size_t i = 0; i < length.len; i++) {
        if (length.at[i] < '0' || length.at[i] > '9')
            return refuse(400, "Content-Length is a number.");
    }
    if (length.len == 0)
        return refuse(400, "Content-Length is a number.");
    if (!slice_to_number(length, INT64_MAX, &out->length))
        return refuse(413, "The body is too large.");
    out->framing = FRAMING_LENGTH;
    return fine;
}

static bool has_option(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->field_count; i++) {
        struct slice rest = request->fields[i].value;
        if (!slice_is_nocase(request->fields[i].name, "Connection"))
            continue;
        while (rest.at) {
            if (slice_is_nocase(slice_trim(slice_cut(&rest, ',')), name))
                return true;
        }
    }
    return false;
}

static struct http_verdict read_wishes(const struct http_request *request, struct http_head *out)
{
    struct slice expect = http_field(request, "Expect", NULL);

    out->keep = !has_option(request, "close") && (!out->old || has_option(request, "keep-alive"));
    if (!expect.at || out->old)
        return fine;
    if (!slice_is_nocase(expect, "100-continue"))
        return refuse(417, "The only expectation known here is 100-continue.");
    out->wants_continue = true;
    return fine;
}

struct http_verdict http_head_read(struct slice text, struct http_request *request,
                                   struct http_head *out)
{
    struct slice rest = text, authority = SLICE("");

    *out = (struct http_head){.framing = FRAMING_NONE};
    struct http_verdict verdict = read_request_line(slice_line(&rest), request, out);
    if (!verdict.status)
        verdict = read_fields(rest, request);
    if (!verdict.status)
        verdict = read_host(request, out, &authority);
    if (!verdict.status)
        verdict = read_target(request, authority, out);
    if (!verdict.status)
        verdict = read_framing(request, out);
    if (!verdict.status)
        verdict = read_wishes(request, out);
    return verdict;
}

void http_head_clear(struct http_head *head)
{
    free(head->made_target);
    head->made_target = NULL;
}
