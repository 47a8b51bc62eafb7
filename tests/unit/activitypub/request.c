#include "request.h"

void request_read(const char *text, struct http_request *out)
{
    request_read_slice(slice_of(text), out);
}

void request_read_slice(struct slice text, struct http_request *out)
{
    struct slice rest = text;
    struct slice line = slice_line(&rest);

    memset(out, 0, sizeof *out);
    out->secured = true;
    out->method = slice_cut(&line, ' ');
    out->target = line.at ? slice_cut(&line, ' ') : SLICE("/");
    struct slice target = out->target;
    out->path = slice_cut(&target, '?');
    out->query = target;
    for (line = rest.at ? slice_line(&rest) : SLICE(""); line.len > 0;
         line = rest.at ? slice_line(&rest) : SLICE("")) {
        if (out->field_count == HTTP_FIELDS_MAX)
            continue;
        struct http_field *field = &out->fields[out->field_count++];
        field->name = slice_cut(&line, ':');
        field->value = line.at ? slice_trim(line) : SLICE("");
    }
    out->body = rest.at ? rest : SLICE("");
    struct slice host = http_field(out, "Host", NULL);
    out->host = host.at ? slice_cut(&host, ':') : SLICE("");
}
