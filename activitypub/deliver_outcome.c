#include "deliver_outcome.h"

#include "clock.h"

#include <stdio.h>

static bool is_final(int status)
{
    static const int final[] = {400, 403, 404, 405, 413, 422, 501};

    for (size_t i = 0; i < COUNT_OF(final); i++)
        if (status == final[i])
            return true;
    return false;
}

static enum answer_means status_means(int status, int knocks, int64_t age_ms)
{
    if (status >= 200 && status < 300)
        return MEANS_TAKEN;
    if ((status == 400 || status == 401) && knocks < 2)
        return MEANS_KNOCK_AGAIN;
    if (status == 410)
        return MEANS_GONE;
    if (is_final(status) || (status == 401 && age_ms > DAY_MS))
        return MEANS_NEVER;
    return MEANS_LATER;
}

enum answer_means delivery_means(const struct fetch *fetch, int knocks, int64_t age_ms)
{
    switch (fetch->outcome) {
    case FETCH_ANSWERED: return status_means(fetch->status, knocks, age_ms);
    case FETCH_TOO_LARGE: /* a long answer is an answer */
        return fetch->status ? status_means(fetch->status, knocks, age_ms) : MEANS_LATER;
    case FETCH_BLOCKED: return MEANS_NEVER;
    case FETCH_NO_HOST:
    case FETCH_TLS:
    case FETCH_SILENT: return MEANS_LATER;
    }
    __builtin_unreachable();
}

static void printable(struct slice text, char *out, size_t size)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;

    for (size_t i = 0; i < len; i++)
        if (text.at[i] >= ' ' && text.at[i] < 0x7f)
            out[i] = text.at[i];
        else
            out[i] = '?';
    out[len] = '\0';
}

void delivery_reply(const struct fetch *fetch, char *out, size_t size)
{
    static const char *const words[] = {
        [FETCH_ANSWERED] = "",
        [FETCH_NO_HOST] = "there is no such host",
        [FETCH_BLOCKED] = "the host's address is not allowed",
        [FETCH_TLS] = "no TLS that we trust",
        [FETCH_SILENT] = "no answer",
        [FETCH_TOO_LARGE] = "the answer was too long",
    };
    char said[100];

    if (fetch->outcome != FETCH_ANSWERED) {
        snprintf(out, size, "%s", words[fetch->outcome]);
        return;
    }
    printable(slice_trim(bytes_slice(&fetch->answer)), said, sizeof said);
    bool success = fetch->status >= 200 && fetch->status < 300;
    snprintf(out, size, success || !*said ? "HTTP %d" : "HTTP %d %s", fetch->status, said);
}
