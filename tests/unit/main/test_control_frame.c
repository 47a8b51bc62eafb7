/* Frames of the control socket, whole and broken. */
#include "test.h"

#include "control_frame.h"
#include "memory.h"

#include <sys/socket.h>
#include <unistd.h>

static void test_frames_come_as_they_were_sent(void **state)
{
    int pair[2];
    enum frame_kind kind;
    scoped_value(bytes) content = {0};

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_true(frame_send(pair[0], FRAME_ARGUMENT, SLICE("one\0two")));
    assert_true(frame_send(pair[0], FRAME_GO, SLICE("")));
    assert_true(frame_receive(pair[1], &kind, &content));
    assert_int_equal(kind, FRAME_ARGUMENT);
    assert_int_equal(content.len, 7);
    assert_memory_equal(content.at, "one\0two", 7);
    assert_true(frame_receive(pair[1], &kind, &content));
    assert_int_equal(kind, FRAME_GO);
    assert_int_equal(content.len, 0);
    close(pair[0]);
    assert_false(frame_receive(pair[1], &kind, &content));
    close(pair[1]);
}

static void test_large_content_goes_as_several_frames(void **state)
{
    int pair[2];
    enum frame_kind kind;
    size_t total = 0;
    scoped_value(bytes) content = {0};
    scoped_value(bytes) large = {0};

    (void)state;
    bytes_reserve(&large, FRAME_MAX + 10);
    large.len = FRAME_MAX + 10;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    int room = 4 * FRAME_MAX;
    setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    assert_true(frame_send(pair[0], FRAME_OUT, bytes_slice(&large)));
    close(pair[0]);
    while (frame_receive(pair[1], &kind, &content))
        total += content.len;
    assert_int_equal(total, FRAME_MAX + 10);
    close(pair[1]);
}

static void test_broken_frames_are_refused(void **state)
{
    static const struct slice broken[] = {
        {"A\xff\xff\xff\xff", 5}, /* too long */
        {"A\0\0\0\5abc",      8}, /* cut short */
        {"A\0",               2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        int pair[2];
        enum frame_kind kind;
        scoped_value(bytes) content = {0};
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(write(pair[0], broken[i].at, broken[i].len), (ssize_t)broken[i].len);
        close(pair[0]);
        assert_false(frame_receive(pair[1], &kind, &content));
        close(pair[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_as_they_were_sent),
        cmocka_unit_test(test_large_content_goes_as_several_frames),
        cmocka_unit_test(test_broken_frames_are_refused),
    };
    return cmocka_run_group_tests_name("main control frame", tests, NULL, NULL);
}
