/*
 * Dates as text and back, in UTC and in English whatever the locale says, hence not strftime().
 * The calendar is the proleptic Gregorian one, years 1 to 9999.
 */
#include "clock.h"

#include <stdio.h>
#include <time.h>

static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static struct tm parts_of(int64_t ms)
{
    const int64_t first_ms = -62135596800000, last_ms = 253402300799000;
    struct tm parts = {0};

    ms = ms < first_ms ? first_ms : ms > last_ms ? last_ms : ms;
    time_t seconds = (time_t)((ms - (ms % 1000 + 1000) % 1000) / 1000);
    gmtime_r(&seconds, &parts);
    return parts;
}

static void date_line(int64_t ms, const char *zone, char out[DATE_TEXT_SIZE])
{
    struct tm t = parts_of(ms);

    snprintf(out, DATE_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d %s", days[t.tm_wday % 7],
             t.tm_mday % 100, months[t.tm_mon % 12], (t.tm_year + 1900) % 10000, t.tm_hour % 100,
             t.tm_min % 100, t.tm_sec % 100, zone);
}

void date_rfc5322(int64_t ms, char out[DATE_TEXT_SIZE])
{
    date_line(ms, "+0000", out);
}

void date_http(int64_t ms, char out[DATE_TEXT_SIZE])
{
    date_line(ms, "GMT", out);
}

void date_rfc3339(int64_t ms, char out[DATE_TEXT_SIZE])
{
    struct tm t = parts_of(ms);

    snprintf(out, DATE_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (t.tm_year + 1900) % 10000,
             (t.tm_mon + 1) % 100, t.tm_mday % 100, t.tm_hour % 100, t.tm_min % 100,
             t.tm_sec % 100);
}

/* Reads the next `width` digits, at most `max`, and steps over them. */
static bool take_number(struct slice *rest, size_t width, int max, int *out)
{
    int64_t number = 0;

    if (rest->len < width || !slice_to_number(slice_first(*rest, width), max, &number))
        return false;
    *rest = slice_from(*rest, width);
    *out = (int)number;
    return true;
}

static bool take_char(struct slice *rest, const char *any_of)
{
    if (slice_empty(*rest) || !rest->at[0] || !strchr(any_of, rest->at[0]))
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

static bool take_name(struct slice *rest, const char names[][4], int count, int *out)
{
    for (int i = 0; i < count; i++) {
        if (slice_starts(*rest, slice_of(names[i]))) {
            *rest = slice_from(*rest, 3);
            *out = i;
            return true;
        }
    }
    return false;
}

static bool take_time(struct slice *rest, int *hour, int *minute, int *second)
{
    return take_number(rest, 2, 23, hour) && take_char(rest, ":") &&
           take_number(rest, 2, 59, minute) && take_char(rest, ":") &&
           take_number(rest, 2, 60, second); /* 60: a leap second */
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days since 1970-01-01; false if there is no such day. */
static bool day_number(int year, int month, int day, int64_t *out)
{
    static const int lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t before = year - 1; /* whole years since year 1 */

    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    if (day > lengths[month - 1] + (month == 2 && leap(year)))
        return false;
    int64_t number = before * 365 + before / 4 - before / 100 + before / 400;
    for (int m = 1; m < month; m++)
        number += lengths[m - 1] + (m == 2 && leap(year));
    *out = number + day - 1 - 719162;
    return true;
}

static int64_t in_day_ms(int hour, int minute, int second)
{
    return (int64_t)hour * HOUR_MS + (int64_t)minute * MINUTE_MS + (int64_t)second * SECOND_MS;
}

bool date_from_http(struct slice text, int64_t *out_ms)
{
    int weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
    int64_t days_since = 0;

    if (!(take_name(&text, days, 7, &weekday) && take_char(&text, ",") && take_char(&text, " ") &&
          take_number(&text, 2, 31, &day) && take_char(&text, " ") &&
          take_name(&text, months, 12, &month) && take_char(&text, " ") &&
          take_number(&text, 4, 9999, &year) && take_char(&text, " ") &&
          take_time(&text, &hour, &minute, &second) && slice_is(text, " GMT")))
        return false;
    if (!day_number(year, month + 1, day, &days_since))
        return false;
    *out_ms = days_since * DAY_MS + in_day_ms(hour, minute, second);
    return true;
}

/* " +0100" before the year; other zones have no fixed meaning and count as UTC. */
static void take_zone(struct slice *rest, int64_t *out_ms)
{
    struct slice zone = *rest;
    int hour = 0, minute = 0;

    *out_ms = 0;
    if (slice_find(zone, ' ') == SIZE_MAX)
        return;
    bool west = slice_starts(zone, SLICE("-"));
    if (take_char(&zone, "+-") && take_number(&zone, 2, 23, &hour) &&
        take_number(&zone, 2, 59, &minute))
        *out_ms = in_day_ms(hour, minute, 0) * (west ? -1 : 1);
    slice_cut(rest, ' ');
}

bool date_from_asctime(struct slice text, int64_t *out_ms)
{
    int weekday = 0, day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
    int64_t days_since = 0, offset_ms = 0;

    if (!(take_name(&text, days, 7, &weekday) && take_char(&text, " ") &&
          take_name(&text, months, 12, &month) && take_char(&text, " ")))
        return false;
    size_t width = take_char(&text, " ") ? 1 : 2;
    if (!(take_number(&text, width, 31, &day) && take_char(&text, " ") &&
          take_time(&text, &hour, &minute, &second) && take_char(&text, " ")))
        return false;
    take_zone(&text, &offset_ms);
    if (!take_number(&text, 4, 9999, &year) || !slice_empty(text) ||
        !day_number(year, month + 1, day, &days_since))
        return false;
    *out_ms = days_since * DAY_MS + in_day_ms(hour, minute, second) - offset_ms;
    return true;
}

/* ".123456": what is finer than a millisecond is dropped. */
static bool take_fraction(struct slice *rest, int64_t *out_ms)
{
    int64_t worth = 100;
    size_t digits = 0;

    *out_ms = 0;
    if (!take_char(rest, "."))
        return true;
    for (; digits < rest->len && rest->at[digits] >= '0' && rest->at[digits] <= '9'; digits++) {
        *out_ms += worth * (rest->at[digits] - '0');
        worth /= 10;
    }
    *rest = slice_from(*rest, digits);
    return digits > 0;
}

static bool take_offset(struct slice *rest, int64_t *out_ms)
{
    int hour = 0, minute = 0;

    *out_ms = 0;
    if (take_char(rest, "Zz"))
        return true;
    bool west = slice_starts(*rest, SLICE("-"));
    if (!(take_char(rest, "+-") && take_number(rest, 2, 23, &hour) && take_char(rest, ":") &&
          take_number(rest, 2, 59, &minute)))
        return false;
    *out_ms = in_day_ms(hour, minute, 0) * (west ? -1 : 1);
    return true;
}

bool date_from_rfc3339(struct slice text, int64_t *out_ms)
{
    int day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0;
    int64_t days_since = 0, fraction_ms = 0, offset_ms = 0;

    if (!(take_number(&text, 4, 9999, &year) && take_char(&text, "-") &&
          take_number(&text, 2, 12, &month) && take_char(&text, "-") &&
          take_number(&text, 2, 31, &day) && take_char(&text, "Tt ") &&
          take_time(&text, &hour, &minute, &second) && take_fraction(&text, &fraction_ms) &&
          take_offset(&text, &offset_ms) && slice_empty(text)))
        return false;
    if (!day_number(year, month, day, &days_since))
        return false;
    *out_ms = days_since * DAY_MS + in_day_ms(hour, minute, second) + fraction_ms - offset_ms;
    return true;
}
