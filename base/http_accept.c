/*
 * Accept (RFC 9110 12.5.1): a page or activity JSON?
 *
 * Mastodon's search sends LD JSON, activity JSON and `text/html;q=0.1`; Akkoma sends two fields;
 * who names neither gets the page, as people with browsers do.
 */
#include "http.h"

enum { Q_ONE = 1000 };

struct wish { /* thousandths; -1: not named */
    int activity, html, text, anything;
};

/* As slice_cut(), but not inside of a quoted string. */
static struct slice cut_unquoted(struct slice *rest, char c)
{
    struct slice all = *rest;
    bool quoted = false;

    for (size_t i = 0; i < all.len; i++) {
        if (quoted && all.at[i] == '\\')
            i++;
        else if (all.at[i] == '"')
            quoted = !quoted;
        else if (!quoted && all.at[i] == c) {
            *rest = slice_from(all, i + 1);
            return slice_first(all, i);
        }
    }
    *rest = (struct slice){NULL, 0};
    return all;
}

/* "0.35" is 350.  A broken weight counts as 1: the type was named, after all. */
static int read_q(struct slice text)
{
    struct slice fraction = text;
    struct slice whole = slice_cut(&fraction, '.');
    int64_t first = 0, thousandths = 0;

    if (!slice_to_number(whole, 1, &first) || first == 1)
        return Q_ONE;
    if (fraction.len == 0)
        return 0;
    if (fraction.len > 3 || !slice_to_number(fraction, 999, &thousandths))
        return Q_ONE;
    for (size_t i = fraction.len; i < 3; i++)
        thousandths *= 10;
    return (int)thousandths;
}

static int q_of(struct slice parameters)
{
    while (parameters.at) {
        struct slice parameter = slice_trim(cut_unquoted(&parameters, ';'));
        if (slice_starts_nocase(parameter, "q="))
            return read_q(slice_trim(slice_from(parameter, 2)));
    }
    return Q_ONE;
}

static int *place_of(struct wish *wish, struct slice type)
{
    if (slice_is_nocase(type, "application/activity+json") ||
        slice_is_nocase(type, "application/ld+json") || slice_is_nocase(type, "application/json"))
        return &wish->activity;
    if (slice_is_nocase(type, "text/html") || slice_is_nocase(type, "application/xhtml+xml"))
        return &wish->html;
    if (slice_is_nocase(type, "text/*"))
        return &wish->text;
    return slice_is(type, "*/*") ? &wish->anything : NULL;
}

static void read_accept(struct slice value, struct wish *wish)
{
    while (value.at) {
        struct slice parameters = cut_unquoted(&value, ',');
        struct slice type = slice_trim(cut_unquoted(&parameters, ';'));
        int *place = place_of(wish, type);
        int q = q_of(parameters);
        if (place && q > *place)
            *place = q;
    }
}

enum http_accept http_wanted(const struct http_request *request)
{
    struct wish wish = {-1, -1, -1, -1};

    for (size_t i = 0; i < request->field_count; i++)
        if (slice_is_nocase(request->fields[i].name, "Accept"))
            read_accept(request->fields[i].value, &wish);
    int page = wish.html >= 0 ? wish.html : wish.text >= 0 ? wish.text : wish.anything;
    return wish.activity > 0 && wish.activity >= page ? ACCEPT_ACTIVITY : ACCEPT_PAGE;
}
