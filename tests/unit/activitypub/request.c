#include "request.h"

void request_read(const char *text, struct http_request *out)
{
    struct slice rest = slice_of(text);
    struct slice line = slice_line(&rest);

    memset(out, 0, sizeof *out);
    out->secured = true;
    out->method = slice_cut(&line, ' ');
    out->target = slice_cut(&line, ' ');
    struct slice target = out->target;
    out->path = slice_cut(&target, '?');
    out->query = target;
    for (line = slice_line(&rest); line.len > 0; line = slice_line(&rest)) {
        struct http_field *field = &out->fields[out->field_count++];
        field->name = slice_cut(&line, ':');
        field->value = slice_trim(line);
    }
    out->body = rest.at ? rest : SLICE("");
    struct slice host = http_field(out, "Host", NULL);
    out->host = slice_cut(&host, ':');
}
