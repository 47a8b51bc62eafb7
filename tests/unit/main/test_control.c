/* A server that stops while somebody is at its control socket: it does not wait for them. */
#include "clock.h"
#include "control.h"
#include "control_frame.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SOON_MS = 10 * SECOND_MS }; /* 30 s were waited for who says nothing */

struct room {
    char path[64];
    struct data_dir dir;
    struct house house;
    struct control *control;
};

static void open_room(struct room *room)
{
    struct err err;

    strcpy(room->path, "/tmp/nestbox-control-XXXXXX");
    assert_non_null(mkdtemp(room->path));
    room->dir =
        (struct data_dir){.fd = open(room->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .lock = -1};
    room->house = (struct house){.dir = &room->dir, .serving = true};
    assert_true(control_open(&room->dir, &room->house, &room->control, &err));
}

static void close_room(struct room *room)
{
    unlinkat(room->dir.fd, "control", 0);
    close(room->dir.fd);
    rmdir(room->path);
}

static int call(const struct room *room)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/control", room->path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void who_says_half_a_command_is_not_waited_for(void **state)
{
    enum { CALLERS = 12 }; /* more than there are places */
    struct room room;
    int callers[CALLERS];

    (void)state;
    open_room(&room);
    for (size_t i = 0; i < CALLERS; i++)
        callers[i] = call(&room);
    assert_true(frame_send(callers[0], FRAME_WORDS, SLICE("status")));
    assert_int_equal(write(callers[1], "W\0", 2), 2);
    int64_t began_ms = monotonic_ms();
    control_close(room.control);
    assert_true(monotonic_ms() - began_ms < SOON_MS);
    for (size_t i = 0; i < CALLERS; i++)
        close(callers[i]);
    close_room(&room);
}

/* Whole commands are answered as long as the server runs. */
static void a_command_that_is_not_known_is_refused(void **state)
{
    scoped_value(bytes) content = {0};
    enum frame_kind kind;
    struct room room;

    (void)state;
    open_room(&room);
    int fd = call(&room);
    assert_true(frame_send(fd, FRAME_WORDS, SLICE("no such command")));
    assert_true(frame_send(fd, FRAME_GO, SLICE("")));
    assert_true(frame_receive(fd, &kind, &content));
    assert_int_equal(kind, FRAME_COMPLAINT);
    assert_true(frame_receive(fd, &kind, &content));
    assert_int_equal(kind, FRAME_EXIT);
    assert_int_equal(content.at[0], EXIT_USAGE);
    close(fd);
    control_close(room.control);
    close_room(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_says_half_a_command_is_not_waited_for),
        cmocka_unit_test(a_command_that_is_not_known_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
