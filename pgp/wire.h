/*
 * wire — frames over a stream socket, with a deadline; the same on both sides.
 */
#ifndef NESTBOX_PGP_WIRE_H
#define NESTBOX_PGP_WIRE_H

#include "judge_frame.h"

struct wire {
    int fd;
    struct bytes in;
    size_t used; /* of `in`, by the frame handed out last */
};

enum wire_step {
    WIRE_DONE,
    WIRE_LATE,   /* the deadline (monotonic_ms()) came first */
    WIRE_CLOSED, /* the other side went */
    WIRE_BROKEN, /* it talks nonsense */
};
enum wire_step wire_send(struct wire *wire, struct slice s, int64_t deadline_ms);
/* The same; what comes meanwhile is kept for wire_next(), as much as the other side answers to `s`. */
enum wire_step wire_send_taking(struct wire *wire, struct slice s, int64_t deadline_ms);
/* Is a frame there that wire_next() would hand out at once? */
bool wire_has_frame(struct wire *wire);
/* The frame lies in the wire until the next call. */
enum wire_step wire_next(struct wire *wire, int64_t deadline_ms, struct frame *out);

#endif
