/* An order from first to last, with an authority that answers by a list. */
#include "test.h"

#include "acme_order.h"
#include "clock.h"
#include "text.h"

static void sign(void *ctx, struct slice data, unsigned char out[ACME_SIGNATURE_LEN])
{
    (void)ctx;
    (void)data;
    memset(out, 1, ACME_SIGNATURE_LEN);
}

struct authority { /* answers by rows: what is asked for, and what is said */
    const struct reply *replies;
    size_t count, at;
    struct bytes asked;     /* "GET /dir\nPOST /new-order\n" */
    struct bytes proofs;    /* "token=proof\n" */
    struct bytes requested; /* names of the request */
    int64_t waited_ms;
    int closed; /* how often the challenges were */
    bool is_worth;
};
struct reply {
    const char *path; /* as asked for */
    int status;       /* 0: nobody answers */
    const char *body, *location;
    bool without_nonce;
    int retry_after_s;
};

static bool open_challenge(void *ctx, const char *token, const char *proof)
{
    struct authority *it = ctx;

    bytes_print(&it->proofs, "%s=%s\n", token, proof);
    return true;
}

static void close_challenges(void *ctx)
{
    ((struct authority *)ctx)->closed++;
}

static bool make_request(void *ctx, const char *const *names, size_t count, struct bytes *out,
                         struct err *err)
{
    struct authority *it = ctx;

    (void)err;
    for (size_t i = 0; i < count; i++)
        bytes_print(&it->requested, "%s ", names[i]);
    bytes_add_text(out, "csr");
    return true;
}

static bool is_worth(void *ctx, const char *const *names, size_t count)
{
    (void)names;
    (void)count;
    return ((struct authority *)ctx)->is_worth;
}

static struct acme_answer answer_to(struct authority *it, const struct acme_request *request)
{
    struct url url;

    assert_true(url_read(slice_of(request->url), &url));
    bytes_print(&it->asked, "%s %.*s\n", request->post ? "POST" : "GET", SLICE_ARGS(url.target));
    it->waited_ms += request->wait_ms;
    if (slice_is(url.target, "/nonce"))
        return (struct acme_answer){.came = true, .status = 204, .nonce = "n"};
    if (it->at == it->count)
        fail_msg("asked for too much:\n%s", it->asked.at);
    const struct reply *reply = &it->replies[it->at++];
    if (!slice_is(url.target, reply->path))
        fail_msg("%s where %s is due:\n%s", request->url, reply->path, it->asked.at);
    return (struct acme_answer){
        .came = reply->status != 0,
        .why = "silence",
        .status = reply->status,
        .body = slice_of(reply->body),
        .location = reply->location,
        .nonce = reply->without_nonce ? NULL : "n",
        .retry_after_s = reply->retry_after_s,
    };
}

static enum acme_next run(struct authority *it, struct acme_order *order)
{
    struct acme_request request;
    enum acme_next next = acme_order_begin(order, &request);

    while (next == ACME_ASK) {
        struct acme_answer answer = answer_to(it, &request);
        acme_request_clear(&request);
        next = acme_order_take(order, &answer, &request);
    }
    assert_int_equal(it->at, it->count);
    return next;
}

static struct acme_order *order_of(struct authority *it)
{
    static const char *const names[] = {"a.test", "b.test"};
    const struct acme_signer signer = {.point = {4}, .sign = sign};
    const struct acme_duties duties = {open_challenge, close_challenges, make_request, is_worth,
                                       it};

    return acme_order_new("https://ca.test/dir", names, COUNT_OF(names), &signer, &duties);
}

static void authority_clear(struct authority *it)
{
    bytes_clear(&it->asked);
    bytes_clear(&it->proofs);
    bytes_clear(&it->requested);
}
SCOPED_VALUE(authority, authority_clear)

#define DIRECTORY                                                                                  \
    {                                                                                              \
        "/dir", 200,                                                                               \
            "{\"newNonce\":\"https://ca.test/nonce\",\"newAccount\":\"https://ca.test/account\","  \
            "\"newOrder\":\"https://ca.test/order\"}",                                             \
            NULL, true, 0                                                                          \
    }
#define ACCOUNT                                                                                    \
    {                                                                                              \
        "/account", 201, "{}", "https://ca.test/acct/1", false, 0                                  \
    }
#define BAD_NONCE(path)                                                                            \
    {                                                                                              \
        path, 400, "{\"type\":\"urn:ietf:params:acme:error:badNonce\"}", NULL, false, 0            \
    }
#define ORDER(authorizations)                                                                      \
    {                                                                                              \
        "/order", 201,                                                                             \
            "{\"status\":\"pending\",\"authorizations\":[" authorizations                          \
            "],\"finalize\":\"https://ca.test/finalize\"}",                                        \
            "https://ca.test/o/1", false, 0                                                        \
    }
#define ORDER_IS(path, status, more)                                                               \
    {                                                                                              \
        path, 200,                                                                                 \
            "{\"status\":\"" status                                                                \
            "\",\"authorizations\":[],\"finalize\":\"https://ca.test/finalize\"" more "}",         \
            NULL, false, 0                                                                         \
    }
#define NAME_IS(path, name, status, more)                                                          \
    {                                                                                              \
        path, 200,                                                                                 \
            "{\"status\":\"" status "\",\"identifier\":{\"type\":\"dns\",\"value\":\"" name        \
            "\"},\"challenges\":[{\"type\":\"http-01\",\"status\":\"" status                       \
            "\",\"token\":\"t\",\"url\":\"https://ca.test/c" path "\"" more "}]}",                 \
            NULL, false, 0                                                                         \
    }
#define BOTH "\"https://ca.test/1\",\"https://ca.test/2\""
#define CERTIFICATE ",\"certificate\":\"https://ca.test/chain\""
#define REFUSED ",\"error\":{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"no\"}"

static void a_certificate_is_ordered_from_first_to_last(void **state)
{
    static const struct reply all[] = {
        DIRECTORY,
        BAD_NONCE("/account"),
        ACCOUNT,
        ORDER(BOTH),
        {"/1",     200,
                "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"},"
         "\"challenges\":[{"
         "\"type\":\"http-01\",\"status\":\"pending\",\"token\":\"t-a\",\"url\":\"https://ca.test/"
         "c/1\"}]}",                                                                               NULL, false, 0},
        {"/c/1",   200, "{}",                                                               NULL, false, 0},
        NAME_IS("/2", "b.test", "valid", ""),
        {"/1",     200,
                "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"}}", NULL,
                false,                                                                                          7},
        NAME_IS("/1", "a.test", "valid", ""),
        ORDER_IS("/o/1", "ready", ""),
        ORDER_IS("/finalize", "processing", ""),
        ORDER_IS("/o/1", "valid", CERTIFICATE),
        {"/chain", 200, "PEM",                                                              NULL, false, 0},
    };
    scoped_value(authority) it = {.replies = all, .count = COUNT_OF(all)};
    scoped(acme_order) order = order_of(&it);

    (void)state;
    assert_int_equal(run(&it, order), ACME_DONE);
    assert_true(slice_is(acme_order_chain(order), "PEM"));
    assert_string_equal(acme_order_trouble(order), "");
    assert_true(slice_starts(bytes_slice(&it.proofs), SLICE("t-a=t-a.")));
    assert_string_equal(it.requested.at, "a.test b.test ");
    assert_true(it.waited_ms >= 7000);
}

static const struct reply one_is_refused[] = {
    DIRECTORY,
    ACCOUNT,
    ORDER(BOTH),
    NAME_IS("/1", "a.test", "invalid", REFUSED),
    NAME_IS("/2", "b.test", "valid", ""),
 /* and again without a.test: */
    ORDER("\"https://ca.test/2\""),
    NAME_IS("/2", "b.test", "valid", ""),
    ORDER_IS("/o/1", "ready", ""),
    ORDER_IS("/finalize", "valid", CERTIFICATE),
    {"/chain", 200, "PEM", NULL, false, 0},
};

static void one_name_does_not_hinder_the_others(void **state)
{
    scoped_value(authority)
        it = {.replies = one_is_refused, .count = COUNT_OF(one_is_refused), .is_worth = true};
    scoped(acme_order) order = order_of(&it);

    (void)state;
    assert_int_equal(run(&it, order), ACME_DONE);
    assert_string_equal(it.requested.at, "b.test ");
    assert_int_equal(it.closed, 2); /* each order has its own */
    assert_non_null(strstr(acme_order_trouble(order), "http://a.test/: is port 80 open"));
}

static void nothing_is_ordered_that_is_no_better(void **state)
{
    enum { UNTIL_ALL_ARE_KNOWN = 5 };
    scoped_value(authority) it = {.replies = one_is_refused, .count = UNTIL_ALL_ARE_KNOWN};
    scoped(acme_order) order = order_of(&it);

    (void)state;
    assert_int_equal(run(&it, order), ACME_GAVE_UP);
    assert_non_null(strstr(acme_order_trouble(order), "a.test"));
}

static void the_order_itself_may_name_who_is_refused(void **state)
{
    static const struct reply replies[] = {
        DIRECTORY,
        ACCOUNT,
        {"/order", 403,
          "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\",\"subproblems\":[{"
         "\"identifier\":"
         "{\"type\":\"dns\",\"value\":\"b.test\"}}]}", NULL, false, 0},
        ORDER("\"https://ca.test/1\""),
        NAME_IS("/1", "a.test", "valid", ""),
        ORDER_IS("/o/1", "ready", ""),
        ORDER_IS("/finalize", "valid", CERTIFICATE),
        {"/chain", 200, "PEM",                        NULL, false, 0},
    };
    scoped_value(authority) it = {.replies = replies, .count = COUNT_OF(replies), .is_worth = true};
    scoped(acme_order) order = order_of(&it);

    (void)state;
    assert_int_equal(run(&it, order), ACME_DONE);
    assert_string_equal(it.requested.at, "a.test ");
    assert_string_equal(acme_order_trouble(order), "the authority does not certify b.test");
}

#define REJECTS(path, type, detail)                                                                \
    {                                                                                              \
        path, 403, "{\"type\":\"urn:ietf:params:acme:error:" type "\",\"detail\":\"" detail "\"}", \
            NULL, false, 0                                                                         \
    }
#define GOES_ON_WITH(name)                                                                         \
    ORDER("\"https://ca.test/1\""), NAME_IS("/1", name, "valid", ""),                              \
        ORDER_IS("/o/1", "ready", ""), ORDER_IS("/finalize", "valid", CERTIFICATE),                \
    {                                                                                              \
        "/chain", 200, "PEM", NULL, false, 0                                                       \
    }

/* As Let's Encrypt says it if it is one name. */
static void a_sentence_may_name_who_is_refused(void **state)
{
    static const struct {
        const char *name; /* that the certificate is for; NULL none */
        struct reply replies[8];
    } rows[] = {
        {"a.test ",
         {DIRECTORY, ACCOUNT,
          REJECTS("/order", "rejectedIdentifier", "Cannot issue for 'b.test': not a.test."),
          GOES_ON_WITH("a.test")}                                                                 },
        {"b.test ",
         {DIRECTORY, ACCOUNT, REJECTS("/order", "caa", "CAA record of a.test."),
          GOES_ON_WITH("b.test")}                                                                 },
        {NULL,
         {DIRECTORY, ACCOUNT, REJECTS("/order", "rejectedIdentifier", "xb.test b.test.x b.tests")}},
        {NULL,      {DIRECTORY, ACCOUNT, REJECTS("/order", "rateLimited", "too many for b.test")} },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(authority)
            it = {.replies = rows[i].replies, .count = rows[i].name ? 8 : 3, .is_worth = true};
        scoped(acme_order) order = order_of(&it);
        assert_int_equal(run(&it, order), rows[i].name ? ACME_DONE : ACME_GAVE_UP);
        assert_string_equal(it.requested.at ? it.requested.at : "",
                            rows[i].name ? rows[i].name : "");
    }
}

static void an_answer_that_was_lost_is_no_failure(void **state)
{
    static const struct reply replies[] = {
        DIRECTORY,
        ACCOUNT,
        ORDER("\"https://ca.test/1\""),
        NAME_IS("/1", "a.test", "pending", ""),
        {"/c/1",      0,   "",    NULL, true,  0},
        REJECTS("/c/1", "malformed", "it is looked at already"),
        NAME_IS("/1", "a.test", "valid", ""),
        ORDER_IS("/o/1", "ready", ""),
        {"/finalize", 0,   "",    NULL, true,  0},
        REJECTS("/finalize", "orderNotReady", "it is valid already"),
        ORDER_IS("/o/1", "valid", CERTIFICATE),
        {"/chain",    200, "PEM", NULL, false, 0},
    };
    scoped_value(authority) it = {.replies = replies, .count = COUNT_OF(replies)};
    scoped(acme_order) order = order_of(&it);

    (void)state;
    assert_int_equal(run(&it, order), ACME_DONE);
    assert_string_equal(acme_order_trouble(order), "");
}

static void it_is_given_up_in_words(void **state)
{
    static const struct reply nobody[] =
        {
            {"/dir", 0, NULL, NULL, true, 0}
    },
                              busy[] = {DIRECTORY,
                                        {"/account", 429,
                                         "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}",
                                         NULL, false, 5000}},
                              moved[] = {{"/dir", 302, "", NULL, true, 0}},
                              page[] = {{"/dir", 200, "<html>", NULL, true, 0}},
                              lost[] = {DIRECTORY,
                                        {"/account", 201, "{}", "http://ca.test/1", false, 0}},
                              ill[] = {DIRECTORY,
                                       {"/account", 500, "", NULL, true, 0},
                                       {"/account", 500, "", NULL, true, 0},
                                       {"/account", 0, "", NULL, true, 0},
                                       {"/account", 500, "", NULL, true, 0}};
    static const struct {
        const struct reply *replies;
        size_t count;
        const char *said;
        int64_t rest_s;
    } rows[] = {
        {nobody, 1,             "the authority does not answer (silence)",              0   },
        {busy,   2,             "had enough of us",                                     5000},
        {moved,  1,             "no directory of a certificate authority (status 302)", 0   },
        {page,   1,             "This is no directory of a certificate authority",      0   },
        {lost,   2,             "does not say where our account is",                    0   },
        {ill,    COUNT_OF(ill), "does not answer (it has a trouble of its own)",        0   },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(authority) it = {.replies = rows[i].replies, .count = rows[i].count};
        scoped(acme_order) order = order_of(&it);
        assert_int_equal(run(&it, order), ACME_GAVE_UP);
        if (!strstr(acme_order_trouble(order), rows[i].said))
            fail_msg("%s: %s", rows[i].said, acme_order_trouble(order));
        assert_int_equal(acme_order_rest_s(order), rows[i].rest_s);
    }
}

static void a_nonce_is_not_refused_for_ever(void **state)
{
    struct reply replies[40] = {DIRECTORY};
    struct authority it = {.replies = replies, .count = 22};

    (void)state;
    for (size_t i = 1; i < it.count; i++)
        replies[i] = (struct reply)BAD_NONCE("/account");
    scoped(acme_order) order = order_of(&it);
    assert_int_equal(run(&it, order), ACME_GAVE_UP);
    authority_clear(&it);
}

static void an_authority_that_never_decides_is_left(void **state)
{
    enum { MOST = 60 };
    struct reply replies[MOST] = {DIRECTORY, ACCOUNT, ORDER("")};
    struct authority it = {.replies = replies, .count = 44};

    (void)state;
    for (size_t i = 3; i < MOST; i++)
        replies[i] = (struct reply)ORDER_IS("/o/1", "pending", "");
    scoped(acme_order) order = order_of(&it);
    assert_int_equal(run(&it, order), ACME_GAVE_UP);
    assert_true(it.waited_ms < 10 * MINUTE_MS);
    authority_clear(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_ordered_from_first_to_last),
        cmocka_unit_test(one_name_does_not_hinder_the_others),
        cmocka_unit_test(nothing_is_ordered_that_is_no_better),
        cmocka_unit_test(the_order_itself_may_name_who_is_refused),
        cmocka_unit_test(a_sentence_may_name_who_is_refused),
        cmocka_unit_test(an_answer_that_was_lost_is_no_failure),
        cmocka_unit_test(it_is_given_up_in_words),
        cmocka_unit_test(a_nonce_is_not_refused_for_ever),
        cmocka_unit_test(an_authority_that_never_decides_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
