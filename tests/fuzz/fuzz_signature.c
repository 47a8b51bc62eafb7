/*
 * A request whose signature fields are anything: the head as given, the body always "{}".
 *
 * Beyond not crashing: what was read has a key, a signature and bytes that were signed, and those hold what had to
 * be covered.
 */
#include "../unit/activitypub/request.h"
#include "signature_private.h"

#include <assert.h>

#define NOW_MS 1778918400000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_covered(const struct http_request *request, const struct signature *signature)
{
    struct slice base = bytes_slice(&signature->base);
    bool post = slice_is(request->method, "POST");

    if (signature->form == SIGNATURE_RFC9421) {
        assert(slice_has(base, "\"@method\": ") && slice_has(base, "\"@signature-params\": "));
        assert(!post || slice_has(base, "\"content-digest\": "));
        return;
    }
    assert(slice_has(base, "(request-target): ") && slice_has(base, "host: "));
    assert(!post || slice_has(base, "digest: "));
    assert((request->query.at != NULL) == (signature->base_without_query.len > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request;
    scoped_value(signature) signature = {0};
    struct err err = {0};

    request_read_slice((struct slice){(const char *)data, size}, &request);
    request.body = SLICE("{}");
    if (signature_read(&request, NOW_MS, &signature, &err)) {
        assert(signature.key_id && signature.value.len >= 64 && signature.base.len > 0);
        check_covered(&request, &signature);
    } else {
        assert(err.kind == ERR_REFUSED && err.said[0] && !signature.key_id);
    }
    return 0;
}
