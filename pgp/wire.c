#include "wire.h"

#include "clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

enum { READ_SIZE = 16 * 1024 };

/* *out_ready: which of the events came. */
static enum wire_step wait_for_any(int fd, short events, int64_t deadline_ms, short *out_ready)
{
    for (;;) {
        int64_t left = deadline_ms - monotonic_ms();
        if (left <= 0)
            return WIRE_LATE;
        struct pollfd one = {fd, events, 0};
        int ready = poll(&one, 1, left > INT_MAX ? INT_MAX : (int)left);
        *out_ready = one.revents;
        if (ready > 0)
            return WIRE_DONE;
        if (ready < 0 && errno != EINTR)
            return WIRE_CLOSED;
    }
}

static enum wire_step wait_for(int fd, short events, int64_t deadline_ms)
{
    short ready;

    return wait_for_any(fd, events, deadline_ms, &ready);
}

static bool try_later(ssize_t count)
{
    return count < 0 && (errno == EAGAIN || errno == EINTR);
}

enum wire_step wire_send(struct wire *wire, struct slice s, int64_t deadline_ms)
{
    while (s.len > 0) {
        ssize_t count = send(wire->fd, s.at, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            s = slice_from(s, (size_t)count);
            continue;
        }
        if (!try_later(count))
            return WIRE_CLOSED;
        enum wire_step step = wait_for(wire->fd, POLLOUT, deadline_ms);
        if (step != WIRE_DONE)
            return step;
    }
    return WIRE_DONE;
}

static enum wire_step receive(struct wire *wire, int64_t deadline_ms)
{
    for (;;) {
        enum wire_step step = wait_for(wire->fd, POLLIN, deadline_ms);
        if (step != WIRE_DONE)
            return step;
        ssize_t count =
            recv(wire->fd, bytes_reserve(&wire->in, READ_SIZE), READ_SIZE, MSG_DONTWAIT);
        if (count > 0) {
            wire->in.len += (size_t)count;
            return WIRE_DONE;
        }
        if (!try_later(count))
            return WIRE_CLOSED;
    }
}

enum wire_step wire_next(struct wire *wire, int64_t deadline_ms, struct frame *out)
{
    bytes_drop_front(&wire->in, wire->used);
    wire->used = 0;
    for (;;) {
        switch (frame_read(bytes_slice(&wire->in), out, &wire->used)) {
        case FRAME_WHOLE: return WIRE_DONE;
        case FRAME_BROKEN: return WIRE_BROKEN;
        case FRAME_PART: break;
        }
        enum wire_step step = receive(wire, deadline_ms);
        if (step != WIRE_DONE)
            return step;
    }
}

bool wire_has_frame(struct wire *wire)
{
    struct frame frame;
    size_t used;

    return frame_read(slice_from(bytes_slice(&wire->in), wire->used), &frame, &used) != FRAME_PART;
}

/* Room to send, while what comes is taken in. */
static enum wire_step make_way(struct wire *wire, int64_t deadline_ms)
{
    short ready = 0;

    for (;;) {
        enum wire_step step = wait_for_any(wire->fd, POLLIN | POLLOUT, deadline_ms, &ready);
        if (step == WIRE_DONE && (ready & (POLLIN | POLLHUP | POLLERR)))
            step = receive(wire, deadline_ms);
        if (step != WIRE_DONE || (ready & POLLOUT))
            return step;
    }
}

enum wire_step wire_send_taking(struct wire *wire, struct slice s, int64_t deadline_ms)
{
    while (s.len > 0) {
        ssize_t count = send(wire->fd, s.at, s.len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            s = slice_from(s, (size_t)count);
            continue;
        }
        enum wire_step step = try_later(count) ? make_way(wire, deadline_ms) : WIRE_CLOSED;
        if (step != WIRE_DONE)
            return step;
    }
    return WIRE_DONE;
}
