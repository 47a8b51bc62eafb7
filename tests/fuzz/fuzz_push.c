/*
 * What a device registers with for Web Push: a form as posted, to an address and the two halves of its key.
 *
 * Beyond not crashing: what is taken can stand in a request line and a signed token as it is, is https, names no part of a
 * page, and something can be sealed for its key.
 */
#include "bridge_push.h"
#include "http.h"
#include "memory.h"
#include "push.h"
#include "push_read.h"
#include "store_push.h"
#include "text.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_endpoint(const char *endpoint)
{
    struct slice text = slice_of(endpoint), origin = push_origin(endpoint);
    struct url whole, short_one;

    assert(text.len <= PUSH_ENDPOINT_MAX && slice_starts_nocase(text, "https://"));
    for (size_t i = 0; i < text.len; i++)
        assert((unsigned char)text.at[i] > ' ' && (unsigned char)text.at[i] < 0x7F);
    assert(slice_find(text, '#') == SIZE_MAX);
    assert(url_read(text, &whole) && url_read(origin, &short_one));
    assert(slice_eq(whole.host, short_one.host) && whole.port == short_one.port);
}

static void check_key(const struct push *push)
{
    static const unsigned char scalar[PUSH_SCALAR_LEN] = {[PUSH_SCALAR_LEN - 1] = 7};
    static const unsigned char salt[PUSH_SALT_LEN];
    struct push_device device;
    scoped_value(bytes) sealed = {0};
    struct err err;

    memcpy(device.point, push->point, sizeof device.point);
    memcpy(device.auth, push->auth, sizeof device.auth);
    assert(push_seal_with(&device, scalar, salt, SLICE("asked"), &sealed, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice body = {(const char *)data, size};
    scoped_text char *endpoint = http_form_value(body, "endpoint");
    scoped_text char *p256dh = http_form_value(body, "p256dh");
    scoped_text char *auth = http_form_value(body, "auth");
    struct push push = {0};
    struct err err;

    if (push_read(endpoint, p256dh, auth, &push, &err)) {
        check_endpoint(endpoint);
        check_key(&push);
    }
    return 0;
}
