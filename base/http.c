#include "http.h"

#include "memory.h"
#include "text.h"

struct slice http_field(const struct http_request *request, const char *name, size_t *out_count)
{
    struct slice first = {NULL, 0};
    size_t count = 0;

    for (size_t i = 0; i < request->field_count; i++) {
        if (!slice_is_nocase(request->fields[i].name, name))
            continue;
        if (count++ == 0)
            first = request->fields[i].value;
    }
    if (out_count)
        *out_count = count;
    return first;
}

/* application/x-www-form-urlencoded: '+' is a space, the rest as percent_read(). */
static bool form_read(struct slice text, struct bytes *out)
{
    scoped_value(bytes) spaced = {0};

    bytes_add(&spaced, text);
    for (size_t i = 0; i < spaced.len; i++)
        if (spaced.at[i] == '+')
            spaced.at[i] = ' ';
    return percent_read(bytes_slice(&spaced), out);
}

char *http_form_value(struct slice form, const char *name)
{
    while (form.at) {
        struct slice value = slice_cut(&form, '&');
        struct slice key = slice_cut(&value, '=');
        scoped_value(bytes) plain_key = {0};
        scoped_value(bytes) plain_value = {0};
        if (!form_read(key, &plain_key) || !slice_is(bytes_slice(&plain_key), name))
            continue;
        return form_read(value, &plain_value) ? bytes_take(&plain_value) : NULL;
    }
    return NULL;
}

void http_add_field(struct http_response *response, const char *name, const char *value)
{
    bytes_print(&response->fields, "%s: ", name);
    for (; *value; value++) {
        bool control = ((unsigned char)*value < 0x20 && *value != '\t') || *value == 0x7f;
        bytes_add_char(&response->fields, (char)(control ? '?' : *value));
    }
    bytes_add_text(&response->fields, "\r\n");
}

void http_answer(struct http_response *response, int status, const char *type, struct slice body)
{
    response->status = status;
    response->length = -1;
    if (type)
        http_add_field(response, "Content-Type", type);
    bytes_reset(&response->body);
    bytes_add(&response->body, body);
}

void http_answer_text(struct http_response *response, int status, const char *sentence)
{
    http_answer(response, status, "text/plain; charset=utf-8", slice_of(sentence));
    bytes_add_char(&response->body, '\n');
}
