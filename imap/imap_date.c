#include "imap_date.h"

#include <stdio.h>
#include <time.h>

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

static bool read_month(struct slice text, int *out)
{
    for (int month = 0; month < 12; month++)
        if (slice_is_nocase(text, month_names[month])) {
            *out = month;
            return true;
        }
    return false;
}

static bool read_field(struct slice text, size_t least, size_t most, int64_t max, int *out)
{
    int64_t number;

    if (text.len < least || text.len > most || !slice_to_number(text, max, &number))
        return false;
    *out = (int)number;
    return true;
}

/* A day that the calendar knows: timegm() would silently make the 31st of June the 1st of July. */
static bool to_ms(struct tm *tm, int64_t *out_ms)
{
    int day = tm->tm_mday;
    time_t seconds = timegm(tm);

    if (tm->tm_mday != day || seconds < 0)
        return false;
    *out_ms = (int64_t)seconds * SECOND_MS;
    return true;
}

/* day-month-year; `*rest` is left behind the year's last digit. */
static bool read_day(struct slice text, struct tm *tm)
{
    struct slice rest = text;
    struct slice day = slice_cut(&rest, '-');
    struct slice month = rest.at ? slice_cut(&rest, '-') : SLICE("");

    if (!rest.at || !read_field(slice_trim(day), 1, 2, 31, &tm->tm_mday) || tm->tm_mday == 0 ||
        !read_month(month, &tm->tm_mon) || !read_field(rest, 4, 4, 9999, &tm->tm_year))
        return false;
    tm->tm_year -= 1900;
    return true;
}

bool imap_date_read(struct slice text, int64_t *out_ms)
{
    struct tm tm = {0};

    return read_day(text, &tm) && to_ms(&tm, out_ms);
}

static bool read_time(struct slice text, struct tm *tm)
{
    struct slice rest = text;
    struct slice hour = slice_cut(&rest, ':');
    struct slice minute = rest.at ? slice_cut(&rest, ':') : SLICE("");

    return rest.at && read_field(hour, 2, 2, 23, &tm->tm_hour) &&
           read_field(minute, 2, 2, 59, &tm->tm_min) && read_field(rest, 2, 2, 60, &tm->tm_sec);
}

/* "+0130": minutes east of Greenwich. */
static bool read_zone(struct slice text, int *out_minutes)
{
    int hours, minutes;

    if (text.len != 5 || (text.at[0] != '+' && text.at[0] != '-') ||
        !read_field(slice_first(slice_from(text, 1), 2), 2, 2, 23, &hours) ||
        !read_field(slice_from(text, 3), 2, 2, 59, &minutes))
        return false;
    *out_minutes = (hours * 60 + minutes) * (text.at[0] == '-' ? -1 : 1);
    return true;
}

bool imap_date_time_read(struct slice text, int64_t *out_ms)
{
    struct tm tm = {0};
    struct slice rest = slice_trim(text); /* " 7-Jul-1996": a space may stand for the first digit */
    struct slice day = slice_cut(&rest, ' ');
    struct slice time = rest.at ? slice_cut(&rest, ' ') : SLICE("");
    int zone;

    if (!rest.at || !read_day(day, &tm) || !read_time(time, &tm) || !read_zone(rest, &zone) ||
        !to_ms(&tm, out_ms))
        return false;
    *out_ms -= zone * MINUTE_MS;
    return true;
}

void imap_date_time_print(int64_t ms, char out[IMAP_DATE_TIME_SIZE])
{
    time_t seconds = (time_t)(ms / SECOND_MS);
    struct tm tm;

    gmtime_r(&seconds, &tm);
    snprintf(out, IMAP_DATE_TIME_SIZE, "%2d-%s-%04d %02d:%02d:%02d +0000", tm.tm_mday,
             month_names[tm.tm_mon % 12], (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min,
             tm.tm_sec);
}
