#include "http_private.h"

#include "memory.h"

static void set_default(int64_t *setting, int64_t value)
{
    if (!*setting)
        *setting = value;
}

struct http_server *http_server_new(const struct http_options *options)
{
    struct http_server *server = must_new(struct http_server);
    struct http_options *o = &server->options;

    *o = *options;
    server->faces = must_alloc_array(o->face_count ? o->face_count : 1, sizeof *server->faces);
    if (o->face_count)
        memcpy(server->faces, o->faces, o->face_count * sizeof *o->faces);
    if (!o->clock)
        o->clock = &system_clock;
    if (!o->https_port)
        o->https_port = 443;
    if (!o->head_max)
        o->head_max = (size_t)16 * 1024;
    if (!o->body_max)
        o->body_max = (size_t)1024 * 1024;
    if (!o->bodies_max)
        o->bodies_max = (size_t)64 * 1024 * 1024;
    set_default(&o->request_ms, 30 * SECOND_MS);
    set_default(&o->idle_ms, 60 * SECOND_MS);
    set_default(&o->slow_rate, 128);
    return server;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    free(server->faces);
    free(server);
}
