/*
 * A form with a file, as posted (RFC 7578): the first line is its Content-Type, the rest its body.
 *
 * Beyond not crashing: what is found lies in the body, holds no boundary, and is found again in a form that holds nothing else.
 */
#include "bytes.h"
#include "http.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"form", "file", "key", "\xc3\xa4"};

static void check(struct slice value, const char *name)
{
    scoped_value(bytes) body = {0};
    struct slice again;

    if (slice_has(value, "\r\n--another") || slice_starts(value, SLICE("--another")))
        return;
    bytes_print(&body, "--another\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n", name);
    bytes_add(&body, value);
    bytes_add_text(&body, "\r\n--another--\r\n");
    assert(http_multipart_field(SLICE("multipart/form-data; boundary=another"), bytes_slice(&body),
                                name, &again));
    assert(slice_eq(again, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = {(const char *)data, size}, type = slice_line(&body), value;

    if (!body.at)
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!http_multipart_field(type, body, names[i], &value))
            continue;
        assert(value.at >= body.at && value.at + value.len <= body.at + body.len);
        check(value, names[i]);
    }
    return 0;
}
