#include "json.h"

#include "text.h"

#include <assert.h>
#include <inttypes.h>

static void escape(struct bytes *out, uint32_t code, struct slice as_is)
{
    switch (code) {
    case '"': bytes_add_text(out, "\\\""); return;
    case '\\': bytes_add_text(out, "\\\\"); return;
    case '\n': bytes_add_text(out, "\\n"); return;
    case '\r': bytes_add_text(out, "\\r"); return;
    case '\t': bytes_add_text(out, "\\t"); return;
    default: break;
    }
    if (code < 0x20)
        bytes_print(out, "\\u%04" PRIx32, code);
    else
        bytes_add(out, as_is);
}

static void add_string(struct bytes *out, struct slice text)
{
    bytes_add_char(out, '"');
    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(text, &code);
        if (len)
            escape(out, code, slice_first(text, len));
        else
            utf8_add(out, 0xfffd);
        text = slice_from(text, len ? len : 1);
    }
    bytes_add_char(out, '"');
}

static uint64_t level(const struct json *j)
{
    return (uint64_t)1 << j->depth;
}

/* The comma before a value, and its name if it has one. */
static void begin_value(struct json *j, const char *name)
{
    if (j->more_at & level(j))
        bytes_add_char(j->out, ',');
    j->more_at |= level(j);
    assert((name != NULL) == ((j->object_at & level(j)) != 0));
    if (name) {
        add_string(j->out, slice_of(name));
        bytes_add_char(j->out, ':');
    }
}

static void go_down(struct json *j, const char *name, bool object)
{
    begin_value(j, name);
    bytes_add_char(j->out, object ? '{' : '[');
    assert(j->depth < 63);
    j->depth++;
    j->more_at &= ~level(j);
    j->object_at = object ? j->object_at | level(j) : j->object_at & ~level(j);
}

void json_open(struct json *j, const char *name)
{
    go_down(j, name, true);
}

void json_array(struct json *j, const char *name)
{
    go_down(j, name, false);
}

void json_end(struct json *j)
{
    assert(j->depth > 0);
    bytes_add_char(j->out, j->object_at & level(j) ? '}' : ']');
    j->depth--;
}

void json_text(struct json *j, const char *name, const char *text)
{
    if (text)
        json_slice(j, name, slice_of(text));
}

void json_slice(struct json *j, const char *name, struct slice text)
{
    begin_value(j, name);
    add_string(j->out, text);
}

void json_number(struct json *j, const char *name, int64_t number)
{
    begin_value(j, name);
    bytes_print(j->out, "%" PRId64, number);
}

void json_bool(struct json *j, const char *name, bool value)
{
    begin_value(j, name);
    bytes_add_text(j->out, value ? "true" : "false");
}

void json_null(struct json *j, const char *name)
{
    begin_value(j, name);
    bytes_add_text(j->out, "null");
}

void json_raw(struct json *j, const char *name, struct slice json)
{
    begin_value(j, name);
    bytes_add(j->out, json);
}
