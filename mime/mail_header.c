/*
 * mail_header — header fields found, unfolded and decoded (RFC 5322 2.2, RFC 2047, RFC 2231).
 *
 * GMime sees a field only after it became one line of valid UTF-8 that names no character set but ours.
 */
#include "mime_private.h"

#include "memory.h"
#include "text.h"

enum { LONGEST_TYPE = 8 * 1024 };

static bool is_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] >= 0x7F)
            return false;
    return name.len > 0;
}

static void add_field(struct header *header, struct slice name, struct slice raw)
{
    must_make_room(header->fields, header->count, header->capacity);
    header->fields[header->count++] = (struct header_field){.name = name, .raw = raw};
}

/* A line that is neither a field nor the continuation of one is ignored, with its continuations. */
void header_read(struct header *header, struct bytes *text)
{
    bool continues = false;

    header->text = *text;
    *text = (struct bytes){0};
    struct slice rest = bytes_slice(&header->text);
    while (rest.at && rest.len > 0) {
        struct slice line = slice_line(&rest);

        if (line.len > 0 && (line.at[0] == ' ' || line.at[0] == '\t')) {
            struct slice *raw = continues ? &header->fields[header->count - 1].raw : NULL;
            if (raw)
                raw->len = (size_t)(line.at + line.len - raw->at);
            continue;
        }
        size_t colon = slice_find(line, ':');
        continues = colon != SIZE_MAX && is_name(slice_trim(slice_first(line, colon)));
        if (continues)
            add_field(header, slice_trim(slice_first(line, colon)), slice_from(line, colon + 1));
    }
}

void header_clear(struct header *header)
{
    for (size_t i = 0; i < header->count; i++) {
        free(header->fields[i].plain);
        free(header->fields[i].decoded);
    }
    free(header->fields);
    bytes_clear(&header->text);
    *header = (struct header){0};
}

struct header_field *header_find(const struct header *header, const char *name, size_t index)
{
    for (size_t i = 0; i < header->count; i++)
        if (slice_is_nocase(header->fields[i].name, name) && index-- == 0)
            return &header->fields[i];
    return NULL;
}

/* name*=charset'language'value: an unknown charset is made empty by moving the first quote to its start. */
static void defuse_parameters(char *text)
{
    for (char *at = strstr(text, "*="); at; at = strstr(at + 1, "*=")) {
        char *charset = at + 2 + strspn(at + 2, " \"");
        size_t len = strcspn(charset, "'");

        if (charset[len] == '\'' && !charset_known((struct slice){charset, len}))
            *charset = '\'';
    }
}

/* Unfolding takes the line end away and leaves the blank behind it (RFC 5322 2.2.3). */
static void unfold(struct slice raw, struct bytes *out)
{
    while (raw.at)
        bytes_add(out, slice_line(&raw));
}

const char *field_plain(struct header_field *field)
{
    scoped_value(bytes) line = {0}, utf8 = {0}, clean = {0};

    if (field->plain)
        return field->plain;
    unfold(field->raw, &line);
    charset_to_utf8(bytes_slice(&line), SLICE("us-ascii"), &utf8);
    clean_add(&clean, bytes_slice(&utf8), CLEAN_FIELD);
    field->plain = must_copy(slice_trim(bytes_slice(&clean)));
    return field->plain;
}

const char *field_decoded(struct header_field *field)
{
    scoped_value(bytes) text = {0};

    if (field->decoded)
        return field->decoded;
    encoded_words_read(slice_of(field_plain(field)), WORDS_AS_TEXT, &text);
    field->decoded = clean_line(bytes_slice(&text));
    return field->decoded;
}

char *field_for_gmime(struct header_field *field)
{
    scoped_value(bytes) text = {0};

    encoded_words_read(slice_of(field_plain(field)), WORDS_ONLY, &text);
    return bytes_take(&text);
}

static void read_parameters(GMimeParamList *list, struct mail_parameters *out)
{
    int count = g_mime_param_list_length(list);

    out->at = must_alloc_array(MAIL_MAX_PARAMETERS, sizeof *out->at);
    for (int i = 0; i < count && out->count < MAIL_MAX_PARAMETERS; i++) {
        GMimeParam *param = g_mime_param_list_get_parameter_at(list, i);
        char *name = g_ascii_strdown(g_mime_param_get_name(param), -1);

        out->at[out->count++] =
            (struct mail_parameter){.name = clean_line(slice_of(name)),
                                    .value = clean_line(slice_of(g_mime_param_get_value(param)))};
        g_free(name);
    }
}

/* Encoded words have no business in a parameter (RFC 2047 5), yet programs write file names so. */
static void parse_parameters(const char *text, GMimeParserOptions *options,
                             struct mail_parameters *out)
{
    scoped_value(bytes) harmless = {0};

    encoded_words_read(slice_of(text), WORDS_NORMAL, &harmless);
    if (harmless.len == 0)
        return;
    defuse_parameters(harmless.at);
    GMimeParamList *list = g_mime_param_list_parse(options, harmless.at);
    if (!list)
        return;
    read_parameters(list, out);
    g_object_unref(list);
}

static char *lower_case(struct slice text)
{
    char *copy = must_copy(text);

    for (char *at = copy; *at; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at + 'a' - 'A');
    return copy;
}

/* The text up to the first semicolon, without blanks and comments. */
static char *bare_value(const char *plain)
{
    struct slice rest = slice_of(plain);
    struct slice value = slice_trim(slice_cut(&rest, ';'));
    size_t end = 0;

    while (end < value.len && value.at[end] > ' ' && value.at[end] != '(')
        end++;
    return lower_case(slice_first(value, end));
}

static bool is_type(const char *value)
{
    const char *slash = strchr(value, '/');
    return slash && slash > value && slash[1] && !strchr(slash + 1, '/');
}

char *header_content_type(const char *plain, GMimeParserOptions *options, const char *otherwise,
                          struct mail_parameters *out)
{
    bool is_disposition = *otherwise == '\0';

    if (!plain || strlen(plain) > LONGEST_TYPE)
        return must_dup(otherwise);
    char *value = bare_value(plain);
    if (!is_disposition && !is_type(value)) {
        free(value);
        return must_dup(otherwise);
    }
    const char *semicolon = strchr(plain, ';');
    if (semicolon)
        parse_parameters(semicolon + 1, options, out);
    return value;
}

void mail_parameters_clear(struct mail_parameters *parameters)
{
    for (size_t i = 0; i < parameters->count; i++) {
        free(parameters->at[i].name);
        free(parameters->at[i].value);
    }
    free(parameters->at);
    *parameters = (struct mail_parameters){0};
}

const char *mail_parameter_find(const struct mail_parameters *parameters, const char *name)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (slice_is_nocase(slice_of(parameters->at[i].name), name))
            return parameters->at[i].value;
    return NULL;
}
