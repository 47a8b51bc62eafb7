/*
 * What server and judge read from each other.  First octet: 0 the judge's side (frames until a request is
 * whole), 1 an answer to VERIFY, 2 an answer to READ_KEY.  What is read as an answer must be written the
 * same way, and a good signature must have a signer.
 */
#include "judge_frame.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_request(struct slice in)
{
    scoped_value(judge_request) request = {0};
    enum request_step step = REQUEST_MORE;
    struct frame frame;
    size_t used = 0;

    while (step == REQUEST_MORE && frame_read(in, &frame, &used) == FRAME_WHOLE) {
        assert(used >= FRAME_HEAD && used <= in.len && frame.payload.len <= FRAME_MOST);
        step = judge_request_take(&request, &frame);
        in = slice_from(in, used);
    }
    assert(request.certificate_count <= CERTIFICATES_MOST);
    assert(step != REQUEST_READY || request.kind != FRAME_READ_KEY ||
           request.certificate_count == 1);
}

static void read_answer(struct slice in, enum frame_kind to)
{
    struct judge_answer answer;
    scoped_value(bytes) again = {0};

    if (!judge_answer_read(in, to, &answer))
        return;
    judge_answer_add(&again, to, &answer);
    if (answer.ok) /* an err is cleaned of control bytes, so may differ */
        assert(slice_eq(slice_from(bytes_slice(&again), FRAME_HEAD), in));
    if (answer.ok && to == FRAME_VERIFY && answer.verdict.judgement == PGP_GOOD)
        assert(strlen(answer.verdict.fingerprint) == PGP_FINGERPRINT_SIZE - 1);
    assert(answer.facts.uid_count <= PGP_UIDS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = {(const char *)data, size};

    if (size == 0)
        return 0;
    switch (data[0]) {
    case 0: read_request(slice_from(in, 1)); break;
    case 1: read_answer(slice_from(in, 1), FRAME_VERIFY); break;
    case 2: read_answer(slice_from(in, 1), FRAME_READ_KEY); break;
    default: break;
    }
    return 0;
}
