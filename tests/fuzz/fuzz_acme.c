/*
 * What a certificate authority answers.  The first byte says what is read: 'D' directory, 'O' order, 'A' authorization,
 * 'P' problem, 'N' our own note; any other, a whole conversation: an answer a line, "STATUS JSON".
 *
 * Beyond not crashing: URLs are https, tokens are base64url, words for people are one line, and an order ends.
 */
#include "acme_order.h"
#include "acme_words.h"
#include "memory.h"
#include "text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_be_line(const char *text)
{
    for (; *text; text++)
        assert(*text >= ' ' && *text < 0x7f);
}

static void must_be_url(const char *text)
{
    struct url url;

    assert(!text || (url_read(slice_of(text), &url) && url.https));
}

static void read_directory(struct slice json)
{
    scoped_value(acme_directory) it = {0};
    struct err err;

    if (acme_directory_read(json, &it, &err))
        assert(it.new_nonce && it.new_account && it.new_order);
    must_be_url(it.new_nonce);
}

static void read_order(struct slice json)
{
    scoped_value(acme_order_state) it = {0};
    struct err err;

    if (!acme_order_state_read(json, &it, &err))
        return;
    must_be_url(it.finalize);
    must_be_url(it.certificate);
    for (size_t i = 0; i < it.count; i++)
        must_be_url(it.authorizations[i]);
}

static void read_authorization(struct slice json)
{
    scoped_value(acme_authorization) it = {0};
    struct err err;

    if (!acme_authorization_read(json, &it, &err))
        return;
    must_be_url(it.url);
    must_be_line(it.name);
    assert(!it.url == !it.token);
    for (const char *c = it.token; c && *c; c++)
        assert(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", *c));
}

static void read_problem(struct slice json)
{
    scoped_value(acme_problem) it = {0};
    scoped_value(bytes) words = {0};

    acme_problem_read(json, &it);
    acme_words(&it, "a.test", &words);
    acme_words(&it, NULL, &words);
    must_be_line(words.at);
}

static void read_note(struct slice json)
{
    struct acme_note it;

    acme_note_read(json, &it);
    must_be_line(it.trouble);
    must_be_line(it.issued);
    assert(it.next_ms >= 0 && it.tried_ms >= 0 && it.failures >= 0);
}

static void sign(void *ctx, struct slice data, unsigned char out[ACME_SIGNATURE_LEN])
{
    (void)ctx;
    (void)data;
    memset(out, 0, ACME_SIGNATURE_LEN);
}

static bool open_challenge(void *ctx, const char *token, const char *proof)
{
    size_t *opened = ctx;

    assert(strncmp(token, proof, strlen(token)) == 0);
    return ++*opened < 1000;
}

static void close_challenges(void *ctx)
{
    *(size_t *)ctx = 0;
}

static bool make_request(void *ctx, const char *const *names, size_t count, struct bytes *out,
                         struct err *err)
{
    (void)ctx;
    (void)names;
    (void)err;
    assert(count > 0);
    bytes_add_text(out, "request");
    return true;
}

static bool is_worth(void *ctx, const char *const *names, size_t count)
{
    (void)ctx;
    (void)names;
    return count > 0;
}

static struct acme_answer next_answer(struct slice *rest)
{
    struct slice line = slice_line(rest), status = slice_cut(&line, ' ');
    int64_t number = 0;
    bool came = slice_to_number(status, 999, &number);

    return (struct acme_answer){
        .came = came,
        .why = "silence",
        .status = (int)number,
        .body = line.at ? line : SLICE(""),
        .location = number == 201 ? "https://ca.test/1" : NULL,
        .nonce = number == 299 ? NULL : "nonce",
        .retry_after_s = number == 503 ? 5 : 0,
    };
}

static void converse(struct slice text)
{
    enum { MOST = 20000 };
    static const char *const names[] = {"a.test", "b.test"};
    size_t opened = 0, steps = 0;
    const struct acme_signer signer = {.sign = sign};
    const struct acme_duties duties = {open_challenge, close_challenges, make_request, is_worth,
                                       &opened};
    scoped(acme_order) order =
        acme_order_new("https://ca.test/dir", names, COUNT_OF(names), &signer, &duties);
    struct acme_request request;
    enum acme_next next = acme_order_begin(order, &request);

    for (struct slice rest = text; next == ACME_ASK; steps++) {
        if (!rest.at)
            rest = text; /* round and round: it must end all the same */
        struct acme_answer answer = next_answer(&rest);
        must_be_url(request.url);
        assert(steps < MOST);
        acme_request_clear(&request);
        next = acme_order_take(order, &answer, &request);
    }
    acme_request_clear(&request);
    must_be_line(acme_order_trouble(order));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct slice rest = {(const char *)data + 1, size - 1};
    switch (data[0]) {
    case 'D': read_directory(rest); break;
    case 'O': read_order(rest); break;
    case 'A': read_authorization(rest); break;
    case 'P': read_problem(rest); break;
    case 'N': read_note(rest); break;
    default: converse(rest); break;
    }
    return 0;
}
