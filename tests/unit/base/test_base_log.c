#include "test.h"

#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Standard error goes into a pipe while `level` and `text` are logged; what came out stands in `out`. */
static void logged(enum log_level level, const char *text, char *out, size_t size)
{
    int ends[2];
    int kept = dup(STDERR_FILENO);

    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    dup2(ends[1], STDERR_FILENO);
    log_line(level, "%s", text);
    dup2(kept, STDERR_FILENO);
    ssize_t len = read(ends[0], out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    close(ends[0]);
    close(ends[1]);
    close(kept);
}

static void a_line_is_a_line(void **state)
{
    (void)state;
    static char out[8192], text[5000];

    logged(LOG_INFO, "s=1 smtp\r\nerror forged\x7f \xc3\xa4", out, sizeof out);
    assert_string_equal(out, "s=1 smtp??error forged? \xc3\xa4\n");
    logged(LOG_WARN, "allow_private", out, sizeof out);
    assert_string_equal(out, "warn allow_private\n");
    memset(text, 'x', sizeof text - 1);
    logged(LOG_ERROR, text, out, sizeof out);
    assert_int_equal(strlen(out), 2047);
    assert_int_equal(out[strlen(out) - 1], '\n');
}

static void steps_are_told_when_asked_for(void **state)
{
    (void)state;
    char out[64];

    logged(LOG_DEBUG, "x", out, sizeof out);
    assert_string_equal(out, "");
    log_set_level(LOG_DEBUG);
    logged(LOG_DEBUG, "x", out, sizeof out);
    assert_string_equal(out, "debug x\n");
    log_set_level(LOG_ERROR);
    logged(LOG_WARN, "x", out, sizeof out);
    assert_string_equal(out, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_line),
        cmocka_unit_test(steps_are_told_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
