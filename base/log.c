#include "log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static _Atomic int most_level = LOG_INFO;

void log_set_level(enum log_level most)
{
    most_level = (int)most;
}

static const char *word_of(enum log_level level)
{
    switch (level) {
    case LOG_ERROR: return "error ";
    case LOG_WARN: return "warn ";
    case LOG_INFO: return "";
    case LOG_DEBUG: return "debug ";
    }
    return "";
}

void log_line(enum log_level level, const char *fmt, ...)
{
    char line[2048];
    va_list args;

    if ((int)level > most_level)
        return;
    size_t start = (size_t)snprintf(line, sizeof line, "%s", word_of(level));
    va_start(args, fmt);
    vsnprintf(line + start, sizeof line - start - 1, fmt, args);
    va_end(args);

    size_t len = strlen(line);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    line[len] = '\n';
    /* One write, so that lines of different threads do not mix.  Nobody is left to be told of a
     * failure. */
    ssize_t ignored = write(STDERR_FILENO, line, len + 1);
    (void)ignored;
}
