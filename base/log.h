/*
 * log — one line per event to standard error (journald and `docker logs` take it from there).
 *
 *     s=4f2a smtp accepted msg=831 bytes=4410 rcpt=2 tls=1.3
 *
 * Level: error = an admin must act, warn = we went on anyway (say so), info = one line per mail or
 * follow, debug = steps.  Never a body, key, password, token, subject, or the local part of a stranger.
 * Errors, warnings and steps begin with "error", "warn" or "debug"; a line is cut at 2 KiB and
 * written at once, from any thread.  Control bytes in it become '?'.  The one global of the program.
 */
#ifndef NESTBOX_BASE_LOG_H
#define NESTBOX_BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level most);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
