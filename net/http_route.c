/*
 * Which handler a request is for.  Among the routes that fit path and method the one with the longest
 * literal text wins, so the order of tables and faces does not matter; Accept decides between twins.
 */
#include "http_private.h"

struct candidate {
    const struct http_route *route;
    void *face;
    size_t literal; /* characters outside of {} */
    int wish;       /* how well its form suits the Accept fields */
};

/* One {} at pattern: takes the rest of the segment but for the literal text behind the {}. */
static bool take_part(struct slice *pattern, struct slice *path, struct slice *out)
{
    size_t pattern_end = slice_find(*pattern, '/'), path_end = slice_find(*path, '/');
    struct slice behind = slice_from(slice_first(*pattern, pattern_end), 2);
    struct slice segment = slice_first(*path, path_end);

    if (segment.len <= behind.len || !slice_ends(segment, behind))
        return false;
    *out = slice_first(segment, segment.len - behind.len);
    *pattern = slice_from(*pattern, 2 + behind.len);
    *path = slice_from(*path, segment.len);
    return true;
}

static bool path_fits(const char *route, struct slice path, struct slice parts[HTTP_PARTS_MAX],
                      size_t *out_literal)
{
    struct slice pattern = slice_of(route);
    size_t count = 0, literal = pattern.len;

    while (pattern.len && path.len) {
        if (slice_starts(pattern, SLICE("{}"))) {
            if (count == HTTP_PARTS_MAX || !take_part(&pattern, &path, &parts[count]))
                return false;
            count++;
            literal -= 2;
            continue;
        }
        if (pattern.at[0] != path.at[0])
            return false;
        pattern = slice_from(pattern, 1);
        path = slice_from(path, 1);
    }
    *out_literal = literal;
    return pattern.len == 0 && path.len == 0;
}

static bool method_fits(const struct http_route *route, struct slice method)
{
    return slice_is(method, route->method) ||
           (slice_is(method, "HEAD") && slice_is(slice_of(route->method), "GET"));
}

static bool names(const char *list, const char *method)
{
    return slice_has(slice_of(list), method);
}

static void allow(struct http_match *out, const char *method)
{
    const char *with_head = slice_is(slice_of(method), "GET") ? "GET, HEAD" : method;
    size_t len = strlen(out->allow);

    if (names(out->allow, method) || len + strlen(with_head) + 3 > sizeof out->allow)
        return;
    if (len) {
        memcpy(out->allow + len, ", ", 3);
        len += 2;
    }
    memcpy(out->allow + len, with_head, strlen(with_head) + 1);
}

static int wish_of(enum http_accept has, enum http_accept wanted)
{
    if (has == wanted)
        return 2;
    return has == ACCEPT_ANY || wanted == ACCEPT_ANY ? 1 : 0;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (!b->route)
        return true;
    return a->literal > b->literal || (a->literal == b->literal && a->wish > b->wish);
}

static void consider(const struct http_face *face, const struct http_route *route,
                     const struct http_request *request, struct candidate *best,
                     struct http_match *out)
{
    struct slice parts[HTTP_PARTS_MAX] = {{0}};
    struct candidate candidate = {.route = route, .face = face->face};

    if (!path_fits(route->path, request->path, parts, &candidate.literal))
        return;
    if (!method_fits(route, request->method)) {
        allow(out, route->method);
        return;
    }
    candidate.wish = wish_of(route->accept, http_wanted(request));
    if (!is_better(&candidate, best))
        return;
    *best = candidate;
    memcpy(out->parts, parts, sizeof parts);
}

void http_find_route(const struct http_face *faces, size_t count,
                     const struct http_request *request, struct http_match *out)
{
    struct candidate best = {0};

    *out = (struct http_match){0};
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < faces[i].count; j++)
            consider(&faces[i], &faces[i].routes[j], request, &best, out);
    }
    out->route = best.route;
    out->face = best.face;
    if (!best.route && out->allow[0])
        out->verdict = (struct http_verdict){405, "This method is not allowed here."};
    else if (!best.route)
        out->verdict = (struct http_verdict){404, "There is nothing here."};
}
