/*
 * What server and judge say to each other on their socket pair: frames of a kind, a length (4 octets, big
 * end first) and at most FRAME_MOST octets.  Neither trusts the other's bytes: the judge has read what
 * strangers sent.
 *
 *     READ_KEY CERTIFICATE END                           -> ANSWER
 *     VERIFY CERTIFICATE* SIGNATURE DATA* END            -> ANSWER
 *     VOUCHED CERTIFICATE CERTIFICATE* ADDRESS END       -> ANSWER (a verdict)
 *     ENCRYPT CERTIFICATE* GO DATA* END                  -> DATA* ANSWER
 *
 * The judge answers only after END, and who asks for encryption takes while it gives: so neither waits for the other
 * with full buffers.
 */
#ifndef NESTBOX_PGP_JUDGE_FRAME_H
#define NESTBOX_PGP_JUDGE_FRAME_H

#include "bytes.h"
#include "err.h"
#include "pgp.h"

enum frame_kind {
    FRAME_READ_KEY = 'K',
    FRAME_VERIFY = 'V',
    FRAME_VOUCHED = 'U',
    FRAME_ENCRYPT = 'X',
    FRAME_CERTIFICATE = 'C',
    FRAME_SIGNATURE = 'S',
    FRAME_ADDRESS = 'N',
    FRAME_GO = 'G',
    FRAME_DATA = 'D',
    FRAME_END = 'E',
    FRAME_ANSWER = 'A',
};
enum { FRAME_HEAD = 5, FRAME_MOST = PGP_CERTIFICATE_MAX, CERTIFICATES_MOST = PGP_CERTIFICATES_MAX };

struct frame {
    enum frame_kind kind;
    struct slice payload; /* in the bytes it was read from */
};
enum frame_step { FRAME_WHOLE, FRAME_PART, FRAME_BROKEN };
enum frame_step frame_read(struct slice in, struct frame *out, size_t *out_used);
void frame_add(struct bytes *out, enum frame_kind kind, struct slice payload);

/* A request as the judge gathers it.  READY: enough to begin; what follows are DATA and END. */
struct judge_request {
    enum frame_kind kind; /* 0 before the first frame */
    struct bytes certificates[CERTIFICATES_MOST];
    size_t certificate_count;
    struct bytes signature; /* to VOUCHED: the address */
};
enum request_step { REQUEST_MORE, REQUEST_READY, REQUEST_BROKEN };
enum request_step judge_request_take(struct judge_request *request, const struct frame *frame);
void judge_request_clear(struct judge_request *request);
SCOPED_VALUE(judge_request, judge_request_clear)

struct judge_answer {
    bool ok;
    struct err err;             /* if not ok */
    struct pgp_verdict verdict; /* to VERIFY and VOUCHED */
    struct pgp_key_facts facts; /* to READ_KEY */
};
void judge_answer_add(struct bytes *out, enum frame_kind to, const struct judge_answer *answer);
/* False: nothing a judge would say. */
MUST_CHECK bool judge_answer_read(struct slice payload, enum frame_kind to,
                                  struct judge_answer *out);

#endif
