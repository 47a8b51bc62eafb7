#include "request_copy.h"

#include "memory.h"

static size_t bytes_in(const struct http_request *request)
{
    size_t len = request->method.len + request->target.len + request->path.len +
                 request->query.len + request->host.len + request->body.len;

    for (size_t i = 0; i < request->field_count; i++)
        len += request->fields[i].name.len + request->fields[i].value.len;
    return len;
}

static void move_in(struct slice *s, char **at)
{
    if (!s->at)
        return;
    if (s->len > 0)
        memcpy(*at, s->at, s->len);
    s->at = *at;
    *at += s->len;
}

struct http_request *request_copy(const struct http_request *request)
{
    char *block = must_alloc(sizeof *request + bytes_in(request) + 1);
    struct http_request *copy = (struct http_request *)(void *)block;
    char *at = block + sizeof *request;

    *copy = *request;
    copy->peer = NULL;
    move_in(&copy->method, &at);
    move_in(&copy->target, &at);
    move_in(&copy->path, &at);
    move_in(&copy->query, &at);
    move_in(&copy->host, &at);
    move_in(&copy->body, &at);
    for (size_t i = 0; i < copy->field_count; i++) {
        move_in(&copy->fields[i].name, &at);
        move_in(&copy->fields[i].value, &at);
    }
    return copy;
}
