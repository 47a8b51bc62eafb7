/* The small readers of base: what is read and written again must be what it was. */
#include "clock.h"
#include "http.h"
#include "id.h"
#include "json.h"
#include "text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_host(struct slice s)
{
    struct err err = {0};
    char *name = NULL;
    char *again = NULL;

    if (!host_canonical(s, &name, &err)) {
        assert(err.kind == ERR_MALFORMED);
        return;
    }
    bool kept = host_canonical(slice_of(name), &again, &err) && strcmp(name, again) == 0;
    assert(kept);
    free(name);
    free(again);
}

static void try_url(struct slice s)
{
    struct url url;

    if (!url_read(s, &url))
        return;
    assert(url.host.len > 0 && url.port > 0 && url.port < 65536);
    assert(url.target.len > 0 && url.target.at[0] == '/');
    assert(slice_find(url.host, '@') == SIZE_MAX && slice_find(url.host, '/') == SIZE_MAX);
    assert(url_same_origin(s, s));
    try_host(url.host);
}

static void try_escapes(struct slice s)
{
    scoped_value(bytes) raw = {0};
    scoped_value(bytes) written = {0};

    if (base64_read(s, &raw)) {
        base64_add(&written, bytes_slice(&raw));
        assert(slice_eq(bytes_slice(&written), s));
    }
    bytes_reset(&raw);
    bytes_reset(&written);
    percent_add(&written, s);
    bool whole = percent_read(bytes_slice(&written), &raw);
    assert(whole == (slice_find(s, '\0') == SIZE_MAX));
    assert(!whole || slice_eq(bytes_slice(&raw), s));
    bytes_reset(&raw);
    if (percent_read(s, &raw))
        assert(slice_find(bytes_slice(&raw), '\0') == SIZE_MAX);
}

static void try_utf8(struct slice s)
{
    scoped_value(bytes) written = {0};
    size_t chars = utf8_count(s);

    assert(chars <= s.len && slice_eq(utf8_first(s, chars), s));
    assert(utf8_count(utf8_first(s, chars / 2)) == chars / 2);
    if (utf8_valid(s)) {
        for (struct slice rest = s; rest.len > 0;) {
            uint32_t code = 0;
            size_t len = utf8_read(rest, &code);
            utf8_add(&written, code);
            rest = slice_from(rest, len);
        }
        assert(slice_eq(bytes_slice(&written), s));
    }
    bytes_reset(&written);
    struct json json = json_to(&written);
    json_slice(&json, NULL, s);
    assert(utf8_valid(bytes_slice(&written)));
    bytes_reset(&written);
    html_escape_add(&written, s);
    assert(!slice_has(bytes_slice(&written), "<") && !slice_has(bytes_slice(&written), "\""));
}

static void try_dates(struct slice s)
{
    char text[DATE_TEXT_SIZE];
    int64_t ms = 0, again = 0;

    if (date_from_http(s, &ms)) {
        date_http(ms, text);
        bool kept = date_from_http(slice_of(text), &again) && again == ms;
        assert(kept);
    }
    if (date_from_rfc3339(s, &ms)) {
        date_rfc3339(ms, text);
        bool kept = date_from_rfc3339(slice_of(text), &again) && again <= ms && ms - again < 1000;
        assert(kept || ms < -62135596800000 || ms > 253402300799999);
    }
}

static void try_http(struct slice s)
{
    struct http_request request = {.field_count = 1};

    request.fields[0] = (struct http_field){SLICE("Accept"), s};
    assert(http_wanted(&request) != ACCEPT_ANY);
    scoped_text char *value = http_form_value(s, "resource");
    assert(!value || strlen(value) <= s.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice s = {(const char *)data, size};

    try_host(s);
    try_url(s);
    try_escapes(s);
    try_utf8(s);
    try_dates(s);
    try_http(s);
    ref_like(s);
    return 0;
}
