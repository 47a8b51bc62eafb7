/* tag=value lists (RFC 6376 3.2): of signatures, seals and key records. */
#include "dkim_private.h"

#include "text.h"

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_alnum(name.at[i]))
            return false;
    return name.len > 0 && (name.at[0] < '0' || name.at[0] > '9');
}

static bool add_tag(struct slice spec, struct dkim_tags *out)
{
    struct slice rest = spec;
    struct slice name = slice_trim(slice_cut(&rest, '='));

    if (!rest.at || !is_name(name) || out->count == DKIM_TAGS_MAX)
        return false;
    for (size_t i = 0; i < out->count; i++)
        if (slice_eq(out->at[i].name, name))
            return false;
    out->at[out->count++] = (struct dkim_tag){name, slice_trim(rest), rest};
    return true;
}

bool dkim_tags_read(struct slice list, struct dkim_tags *out)
{
    out->count = 0;
    while (list.at) {
        struct slice spec = slice_cut(&list, ';');
        bool last = !list.at;
        if (last && slice_empty(slice_trim(spec)))
            break;
        if (!add_tag(spec, out))
            return false;
    }
    return out->count > 0;
}

const struct dkim_tag *dkim_tag(const struct dkim_tags *tags, const char *name)
{
    for (size_t i = 0; i < tags->count; i++)
        if (slice_is(tags->at[i].name, name))
            return &tags->at[i];
    return NULL;
}

struct slice dkim_tag_or(const struct dkim_tags *tags, const char *name, const char *otherwise)
{
    const struct dkim_tag *tag = dkim_tag(tags, name);

    return tag ? tag->value : slice_of(otherwise);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool dkim_base64(struct slice value, struct bytes *out)
{
    scoped_value(bytes) dense = {0};

    for (size_t i = 0; i < value.len; i++)
        if (!is_space(value.at[i]))
            bytes_add_char(&dense, value.at[i]);
    return base64_read(bytes_slice(&dense), out);
}

struct slice dkim_list_next(struct slice *rest)
{
    return slice_trim(slice_cut(rest, ':'));
}

bool dkim_list_has(struct slice list, const char *word)
{
    while (list.at)
        if (slice_is_nocase(dkim_list_next(&list), word))
            return true;
    return false;
}
