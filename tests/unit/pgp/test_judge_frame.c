#include "judge_frame.h"
#include "test.h"

static const char fingerprint[] = "0123456789ABCDEF0123456789ABCDEF01234567";

static void frames_come_whole_or_in_part(void **state)
{
    scoped_value(bytes) out = {0};
    struct frame frame;
    size_t used = 0;

    (void)state;
    frame_add(&out, FRAME_DATA, SLICE("hello"));
    for (size_t len = 0; len < out.len; len++)
        assert_int_equal(frame_read(slice_first(bytes_slice(&out), len), &frame, &used),
                         FRAME_PART);
    bytes_add_char(&out, 'E');
    assert_int_equal(frame_read(bytes_slice(&out), &frame, &used), FRAME_WHOLE);
    assert_int_equal(used, FRAME_HEAD + 5);
    assert_int_equal(frame.kind, FRAME_DATA);
    assert_true(slice_is(frame.payload, "hello"));
    assert_int_equal(frame_read(SLICE("x"), &frame, &used), FRAME_BROKEN);
    assert_int_equal(frame_read(SLICE("\0\0\0\0\0"), &frame, &used), FRAME_BROKEN);
    assert_int_equal(frame_read(SLICE("D\x00\x01\x00\x01"), &frame, &used), FRAME_BROKEN);
    assert_int_equal(frame_read(SLICE("D\xff\xff\xff\xff"), &frame, &used), FRAME_BROKEN);
}

static void requests_have_one_order(void **state)
{
    static const struct {
        const char *name, *kinds;
        enum request_step last;
    } rows[] = {
        {"a key",                            "KC",                 REQUEST_READY },
        {"a signature and two certificates", "VCCS",               REQUEST_READY },
        {"a signature and no certificate",   "VS",                 REQUEST_READY },
        {"sixteen certificates",             "VCCCCCCCCCCCCCCCC",  REQUEST_MORE  },
        {"seventeen",                        "VCCCCCCCCCCCCCCCCC", REQUEST_BROKEN},
        {"a key with a signature",           "KS",                 REQUEST_BROKEN},
        {"data first",                       "D",                  REQUEST_BROKEN},
        {"data before the signature",        "VCD",                REQUEST_BROKEN},
        {"an answer",                        "A",                  REQUEST_BROKEN},
        {"two questions",                    "VV",                 REQUEST_BROKEN},
        {"the end at once",                  "VE",                 REQUEST_BROKEN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(judge_request) request = {0};
        enum request_step step = REQUEST_MORE;
        for (const char *kind = rows[i].kinds; *kind; kind++) {
            struct frame frame = {(enum frame_kind) * kind, SLICE("")};
            assert_int_equal(step, REQUEST_MORE);
            step = judge_request_take(&request, &frame);
        }
        if (step != rows[i].last)
            fail_msg("%s: %d", rows[i].name, (int)step);
    }
}

static bool comes_back(enum frame_kind to, const struct judge_answer *answer,
                       struct judge_answer *out)
{
    scoped_value(bytes) bytes = {0};
    struct frame frame;
    size_t used = 0;

    judge_answer_add(&bytes, to, answer);
    assert_int_equal(frame_read(bytes_slice(&bytes), &frame, &used), FRAME_WHOLE);
    assert_int_equal(used, bytes.len);
    for (size_t len = 0; len < frame.payload.len; len++)
        assert_false(judge_answer_read(slice_first(frame.payload, len), to, out));
    return judge_answer_read(frame.payload, to, out);
}

static void answers_come_back(void **state)
{
    struct judge_answer verdict = {
        .ok = true, .verdict = {PGP_GOOD, "", -5}
    };
    struct judge_answer facts = {
        .ok = true,
        .facts = {.created_ms = INT64_C(1577836800000), .can_sign = true, .uid_count = 2}
    };
    struct judge_answer trouble = {.ok = false};
    struct judge_answer out;

    (void)state;
    strcpy(verdict.verdict.fingerprint, fingerprint);
    assert_true(comes_back(FRAME_VERIFY, &verdict, &out));
    assert_memory_equal(&out.verdict, &verdict.verdict, sizeof out.verdict);
    strcpy(facts.facts.fingerprint, fingerprint);
    strcpy(facts.facts.uids[0], "alice@example.org");
    assert_true(comes_back(FRAME_READ_KEY, &facts, &out));
    assert_memory_equal(&out.facts, &facts.facts, sizeof out.facts);
    err_because(&trouble.err, ERR_MALFORMED, "No", "%s", "because");
    assert_true(comes_back(FRAME_VERIFY, &trouble, &out));
    assert_int_equal(out.err.kind, ERR_MALFORMED);
    assert_text(out.err.said, "No");
    assert_text(out.err.cause, "because");
}

static void nobody_is_no_signer(void **state)
{
    static const char *const signers[] = {"", "0123", "0123456789abcdef0123456789abcdef01234567",
                                          "0123456789ABCDEF0123456789ABCDEF0123456G"};
    struct judge_answer out;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(signers); i++) {
        struct judge_answer answer = {.ok = true, .verdict = {.judgement = PGP_GOOD}};
        strcpy(answer.verdict.fingerprint, signers[i]);
        assert_false(comes_back(FRAME_VERIFY, &answer, &out));
        answer.verdict.judgement = PGP_BAD;
        assert_true(comes_back(FRAME_VERIFY, &answer, &out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole_or_in_part),
        cmocka_unit_test(requests_have_one_order),
        cmocka_unit_test(answers_come_back),
        cmocka_unit_test(nobody_is_no_signer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
