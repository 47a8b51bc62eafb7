#include "doc.h"

#include "text.h"

#include <stdlib.h>

void doc_clear(struct doc *doc)
{
    json_decref(doc->root);
    doc->root = NULL;
}

/* How deep brackets stand in one another, strings left out.  jansson would recurse to 2048. */
static bool is_shallow(struct slice text)
{
    int depth = 0;
    bool quoted = false;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            depth++;
        else if (!quoted && (c == '}' || c == ']'))
            depth--;
        if (depth > DOC_DEPTH_MAX)
            return false;
    }
    return true;
}

bool doc_read(struct slice text, struct doc *out, struct err *err)
{
    json_error_t fault;

    if (text.len > DOC_BYTES_MAX)
        return err_set(err, ERR_TOO_LARGE, "The document is larger than 1 MiB");
    if (!is_shallow(text))
        return err_set(err, ERR_MALFORMED, "The document is nested too deeply");
    json_t *root = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &fault);
    if (!root)
        return err_because(err, ERR_MALFORMED, "The document is not JSON", "%s", fault.text);
    if (!json_is_object(root)) {
        json_decref(root);
        return err_set(err, ERR_MALFORMED, "The document is not a JSON object");
    }
    out->root = root;
    return true;
}

const json_t *doc_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    return json_is_null(value) ? NULL : value;
}

static const char *text_of(const json_t *value)
{
    if (!json_is_string(value) || json_string_length(value) > DOC_TEXT_MAX)
        return NULL;
    return json_string_value(value);
}

const char *doc_text(const json_t *object, const char *name)
{
    return text_of(doc_member(object, name));
}

size_t doc_count(const json_t *value)
{
    if (!json_is_array(value))
        return value ? 1 : 0;
    size_t count = json_array_size(value);
    return count < DOC_LIST_MAX ? count : DOC_LIST_MAX;
}

const json_t *doc_entry(const json_t *value, size_t i)
{
    return json_is_array(value) ? json_array_get(value, i) : value;
}

const json_t *doc_first(const json_t *value)
{
    return json_is_array(value) ? json_array_get(value, 0) : value;
}

const char *doc_id(const json_t *value)
{
    const json_t *first = doc_first(value);

    if (!json_is_object(first))
        return text_of(first);
    const char *id = doc_text(first, "id");
    return id ? id : doc_text(first, "href");
}

const char *doc_sole_id(const json_t *object, const char *name)
{
    const json_t *value = doc_member(object, name);
    const char *id = doc_id(value);

    for (size_t i = 1; id && i < doc_count(value); i++) {
        const char *other = doc_id(doc_entry(value, i));
        if (!other || strcmp(other, id) != 0)
            return NULL;
    }
    return id;
}

bool doc_lists_text(const json_t *value, const char *text)
{
    for (size_t i = 0; i < doc_count(value); i++) {
        const char *entry = text_of(doc_entry(value, i));
        if (entry && strcmp(entry, text) == 0)
            return true;
    }
    return false;
}

bool doc_is_type(const json_t *object, const char *type)
{
    return doc_lists_text(doc_member(object, "type"), type);
}

const char *doc_type(const json_t *object)
{
    return text_of(doc_first(doc_member(object, "type")));
}

bool doc_is_name(const char *id, bool fragment)
{
    struct url url;
    struct err ignored;
    char *host = NULL;

    if (!id || strlen(id) > DOC_ID_MAX || !url_read(slice_of(id), &url) || !url.https)
        return false;
    if (url.fragment.len > 0 && !fragment)
        return false;
    bool canonical = host_canonical(url.host, &host, &ignored);
    free(host);
    return canonical;
}

bool doc_same_origin(const char *a, const char *b)
{
    return a && b && url_same_origin(slice_of(a), slice_of(b));
}
