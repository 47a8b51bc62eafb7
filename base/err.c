#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void without_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

/* By way of a buffer of its own: the arguments may point into the text that is replaced. */
__attribute__((format(printf, 3, 0))) static void fill(char *into, size_t size, const char *fmt,
                                                       va_list args)
{
    char text[sizeof(((struct err *)NULL)->cause)];

    vsnprintf(text, sizeof text, fmt, args);
    without_controls(text);
    size_t len = strnlen(text, size - 1);
    memcpy(into, text, len);
    into[len] = '\0';
}

PRINTF_LIKE(3, 4) static void print(char *into, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fill(into, size, fmt, args);
    va_end(args);
}

bool err_set(struct err *err, enum err_kind kind, const char *said_fmt, ...)
{
    va_list args;

    va_start(args, said_fmt);
    fill(err->said, sizeof err->said, said_fmt, args);
    va_end(args);
    err->kind = kind;
    err->cause[0] = '\0';
    return false;
}

bool err_because(struct err *err, enum err_kind kind, const char *said, const char *cause_fmt, ...)
{
    va_list args;

    va_start(args, cause_fmt);
    fill(err->cause, sizeof err->cause, cause_fmt, args);
    va_end(args);
    err->kind = kind;
    print(err->said, sizeof err->said, "%s", said);
    return false;
}

bool err_system(struct err *err, const char *said, const char *doing_fmt, ...)
{
    int number = errno;
    char why[128];
    char doing[sizeof err->cause];
    va_list args;

    va_start(args, doing_fmt);
    fill(doing, sizeof doing, doing_fmt, args);
    va_end(args);
    bool full = number == ENOSPC || number == EDQUOT;
    return err_because(err, full ? ERR_FULL : ERR_TEMPORARY, said, "%s: %s", doing,
                       strerror_r(number, why, sizeof why));
}

const char *err_kind_name(enum err_kind kind)
{
    switch (kind) {
    case ERR_TEMPORARY: return "temporary";
    case ERR_MALFORMED: return "malformed";
    case ERR_ABSENT: return "absent";
    case ERR_REFUSED: return "refused";
    case ERR_TOO_LARGE: return "too large";
    case ERR_FULL: return "full";
    case ERR_CONFLICT: return "conflict";
    }
    return "none";
}
