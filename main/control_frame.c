#include "control_frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static bool send_all(int fd, const char *at, size_t len)
{
    while (len > 0) {
        ssize_t done = send(fd, at, len, MSG_NOSIGNAL);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        len -= (size_t)done;
    }
    return true;
}

static bool receive_all(int fd, char *at, size_t len)
{
    while (len > 0) {
        ssize_t done = recv(fd, at, len, 0);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        at += done;
        len -= (size_t)done;
    }
    return true;
}

static bool send_one(int fd, enum frame_kind kind, struct slice content)
{
    char head[5] = {(char)kind};
    uint32_t len = htonl((uint32_t)content.len);

    memcpy(head + 1, &len, sizeof len);
    return send_all(fd, head, sizeof head) && send_all(fd, content.at, content.len);
}

bool frame_send(int fd, enum frame_kind kind, struct slice content)
{
    do {
        if (!send_one(fd, kind, slice_first(content, FRAME_MAX)))
            return false;
        content = slice_from(content, FRAME_MAX);
    } while (content.len > 0);
    return true;
}

bool frame_receive(int fd, enum frame_kind *out_kind, struct bytes *out_content)
{
    char head[5];
    uint32_t len;

    bytes_reset(out_content);
    if (!receive_all(fd, head, sizeof head))
        return false;
    memcpy(&len, head + 1, sizeof len);
    len = ntohl(len);
    if (len > FRAME_MAX || !receive_all(fd, bytes_reserve(out_content, len), len))
        return false;
    out_content->len = len;
    out_content->at[len] = '\0';
    *out_kind = (enum frame_kind)(unsigned char)head[0];
    return true;
}
