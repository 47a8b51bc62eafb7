/*
 * The small parts: words, quoted strings, fields, time.
 */
#include "clock.h"
#include "memory.h"
#include "signature_private.h"

enum { HOUR_S = 3600, AGE_MAX_S = HOUR_S, AGE_MAX_WITH_EXPIRY_S = 12 * HOUR_S, SKEW_S = HOUR_S };

bool scan_char(struct slice *rest, char c)
{
    if (rest->len == 0 || rest->at[0] != c)
        return false;
    *rest = slice_from(*rest, 1);
    return true;
}

void scan_space(struct slice *rest)
{
    while (rest->len > 0 && (rest->at[0] == ' ' || rest->at[0] == '\t'))
        *rest = slice_from(*rest, 1);
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '*';
}

struct slice scan_word(struct slice *rest)
{
    size_t len = 0;

    while (len < rest->len && is_word_char(rest->at[len]))
        len++;
    struct slice word = slice_first(*rest, len);
    *rest = slice_from(*rest, len);
    return word;
}

bool scan_quoted(struct slice *rest, struct bytes *out)
{
    struct slice in = *rest;

    if (!scan_char(&in, '"'))
        return false;
    for (; in.len > 0; in = slice_from(in, 1)) {
        if (in.at[0] == '"') {
            *rest = slice_from(in, 1);
            return true;
        }
        if (in.at[0] == '\\')
            in = slice_from(in, 1);
        if (in.len == 0 || (unsigned char)in.at[0] < 0x20 || in.at[0] == 0x7f)
            return false;
        bytes_add_char(out, in.at[0]);
    }
    return false;
}

bool signature_field(const struct http_request *request, struct slice name, struct bytes *out,
                     struct err *err)
{
    size_t count = 0;

    for (size_t i = 0; i < request->field_count; i++) {
        if (!slice_eq_nocase(request->fields[i].name, name))
            continue;
        if (count++ > 0)
            bytes_add_text(out, ", ");
        bytes_add(out, slice_trim(request->fields[i].value));
    }
    if (count == 0)
        return err_set(err, ERR_REFUSED, "The signature covers \"%.*s\", which was not sent",
                       SLICE_ARGS(slice_first(name, 40)));
    return true;
}

bool signature_time_fits(const struct signature_time *time, int64_t now_ms, struct err *err)
{
    int64_t now_s = now_ms / SECOND_MS;
    int64_t age_s = now_s - time->created_s;

    if (age_s < -SKEW_S)
        return err_set(err, ERR_REFUSED, "The signature is from the future; check your clock");
    if (time->expires_s == 0 && age_s > AGE_MAX_S)
        return err_set(err, ERR_REFUSED, "The signature is older than an hour; check your clock");
    if (time->expires_s != 0 && (age_s > AGE_MAX_WITH_EXPIRY_S || now_s > time->expires_s + SKEW_S))
        return err_set(err, ERR_REFUSED, "The signature has expired");
    return true;
}

bool signature_length_fits(bool must_be_rsa, bool must_be_ed25519, size_t len)
{
    if (must_be_rsa)
        return len >= 128;
    return must_be_ed25519 ? len == 64 : len >= 64;
}

char *signature_authority(const struct http_request *request)
{
    struct slice host = slice_trim(http_field(request, "Host", NULL));
    size_t colon = slice_find_last(host, ':');

    if (colon != SIZE_MAX && slice_is(slice_from(host, colon), ":443"))
        host = slice_first(host, colon);
    char *authority = must_copy(host);
    for (char *c = authority; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    return authority;
}
