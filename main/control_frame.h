/* Frames of the control socket, for both ends.  Blocking descriptors with time-outs set. */
#ifndef NESTBOX_MAIN_CONTROL_FRAME_H
#define NESTBOX_MAIN_CONTROL_FRAME_H

#include "bytes.h"
#include "err.h"

enum frame_kind {
    FRAME_ARGUMENT = 'A',
    FRAME_OPTION = 'P',
    FRAME_WORDS = 'W', /* the row's words */
    FRAME_JSON = 'J',
    FRAME_INPUT = 'I',
    FRAME_GO = 'G',
    FRAME_OUT = 'O',
    FRAME_COMPLAINT = 'C',
    FRAME_EXIT = 'X',
};
enum { FRAME_MAX = 64 * 1024 };

/* Content above FRAME_MAX goes as several frames. */
MUST_CHECK bool frame_send(int fd, enum frame_kind kind, struct slice content);
/* False at the end, on error, or on a frame that is too large. */
MUST_CHECK bool frame_receive(int fd, enum frame_kind *out_kind, struct bytes *out_content);

#endif
