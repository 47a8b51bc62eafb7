/*
 * RFC 9421, HTTP Message Signatures, as far as servers use it:
 *
 *     Signature-Input: sig1=("@method" "@target-uri" "content-digest");created=1767225600;keyid="…"
 *     Signature: sig1=:BASE64:
 *
 * One signature a request; components without parameters.
 */
#include "memory.h"
#include "signature_private.h"
#include "text.h"

#include <stdlib.h>

void rfc9421_input_clear(struct rfc9421_input *input)
{
    bytes_clear(&input->key_id);
    bytes_clear(&input->algorithm);
}
SCOPED_VALUE(rfc9421_input, rfc9421_input_clear)

static bool unreadable(struct err *err)
{
    return err_set(err, ERR_REFUSED, "The Signature-Input field cannot be read");
}

/* "name", lower case, no escapes: what a field or derived component can be called. */
static bool take_component(struct slice *rest, struct slice *out)
{
    if (!scan_char(rest, '"'))
        return false;
    size_t end = slice_find(*rest, '"');
    if (end == SIZE_MAX || end == 0)
        return false;
    *out = slice_first(*rest, end);
    *rest = slice_from(*rest, end + 1);
    for (size_t i = 0; i < out->len; i++)
        if (out->at[i] <= ' ' || out->at[i] == '\\' || (out->at[i] >= 'A' && out->at[i] <= 'Z'))
            return false;
    return true;
}

static bool is_listed(const struct rfc9421_input *input, struct slice name)
{
    for (size_t i = 0; i < input->covered_count; i++)
        if (slice_eq(input->covered[i], name))
            return true;
    return false;
}

static bool take_components(struct slice *rest, struct rfc9421_input *out, struct err *err)
{
    struct slice name;

    if (!scan_char(rest, '('))
        return unreadable(err);
    for (scan_space(rest); !scan_char(rest, ')'); scan_space(rest)) {
        if (!take_component(rest, &name))
            return unreadable(err);
        if (rest->len > 0 && rest->at[0] == ';')
            return err_set(err, ERR_REFUSED, "Signed components with parameters are not supported");
        if (is_listed(out, name) || out->covered_count == COVERED_MAX)
            return err_set(err, ERR_REFUSED, "The signature covers a component twice, or too many");
        out->covered[out->covered_count++] = name;
    }
    return true;
}

/* ;key=integer, ;key="string", ;key=token, ;key */
static bool take_parameter(struct slice *rest, struct rfc9421_input *out, struct err *err)
{
    scoped_value(bytes) text = {0};
    struct slice name = scan_word(rest);
    int64_t *number = slice_is(name, "created")   ? &out->time.created_s
                      : slice_is(name, "expires") ? &out->time.expires_s
                                                  : NULL;
    struct bytes *into = slice_is(name, "keyid") ? &out->key_id
                         : slice_is(name, "alg") ? &out->algorithm
                                                 : &text;

    if (name.len == 0)
        return unreadable(err);
    if (!scan_char(rest, '='))
        return true;
    if (number) {
        if (*number != 0 || !slice_to_number(scan_word(rest), INT64_MAX / 1000, number))
            return unreadable(err);
        return true;
    }
    if (into->len > 0)
        return err_set(err, ERR_REFUSED, "The signature has a parameter twice");
    if (rest->len > 0 && rest->at[0] != '"')
        bytes_add(into, scan_word(rest));
    else if (!scan_quoted(rest, into))
        return unreadable(err);
    return true;
}

bool rfc9421_input_read(struct slice value, struct rfc9421_input *out, struct err *err)
{
    struct slice rest = slice_trim(value);

    *out = (struct rfc9421_input){.label = scan_word(&rest)};
    if (out->label.len == 0 || !scan_char(&rest, '='))
        return unreadable(err);
    out->raw = rest;
    if (!take_components(&rest, out, err))
        return false;
    for (;;) {
        struct slice before = rest;
        scan_space(&rest);
        if (!scan_char(&rest, ';')) {
            out->raw.len -= before.len;
            break;
        }
        scan_space(&rest);
        if (!take_parameter(&rest, out, err))
            return false;
    }
    if (scan_char(&rest, ','))
        return err_set(err, ERR_REFUSED, "The request must have one signature, not several");
    return rest.len == 0 || unreadable(err);
}

static bool add_derived(const struct http_request *request, struct slice name, struct bytes *out)
{
    scoped_text char *authority = signature_authority(request);

    if (slice_is(name, "@method"))
        bytes_add(out, request->method);
    else if (slice_is(name, "@authority"))
        bytes_add_text(out, authority);
    else if (slice_is(name, "@scheme"))
        bytes_add_text(out, "https");
    else if (slice_is(name, "@path"))
        bytes_add(out, request->path);
    else if (slice_is(name, "@request-target"))
        bytes_add(out, request->target);
    else if (slice_is(name, "@query"))
        bytes_print(out, "?%.*s", SLICE_ARGS(request->query.at ? request->query : SLICE("")));
    else if (slice_is(name, "@target-uri"))
        bytes_print(out, "https://%s%.*s", authority, SLICE_ARGS(request->target));
    else
        return false;
    return true;
}

bool rfc9421_base(const struct http_request *request, const struct rfc9421_input *input,
                  struct bytes *out, struct err *err)
{
    for (size_t i = 0; i < input->covered_count; i++) {
        struct slice name = input->covered[i];
        bytes_print(out, "\"%.*s\": ", SLICE_ARGS(name));
        if (name.at[0] == '@' && !add_derived(request, name, out))
            return err_set(err, ERR_REFUSED,
                           "The signature covers a component that is not supported");
        if (name.at[0] != '@' && !signature_field(request, name, out, err))
            return false;
        bytes_add_char(out, '\n');
        if (out->len > BASE_MAX)
            return err_set(err, ERR_REFUSED, "The signature covers too much");
    }
    bytes_print(out, "\"@signature-params\": %.*s", SLICE_ARGS(input->raw));
    return true;
}

static bool names_the_target(const struct http_request *request, const struct rfc9421_input *input)
{
    if (is_listed(input, SLICE("@target-uri")))
        return true;
    if (!is_listed(input, SLICE("@authority")) && !is_listed(input, SLICE("host")))
        return false;
    if (is_listed(input, SLICE("@request-target")))
        return true;
    return is_listed(input, SLICE("@path")) &&
           (!request->query.at || is_listed(input, SLICE("@query")));
}

static bool covers_enough(const struct http_request *request, const struct rfc9421_input *input,
                          struct err *err)
{
    if (!is_listed(input, SLICE("@method")) || !names_the_target(request, input))
        return err_set(err, ERR_REFUSED, "The signature must cover @method and @target-uri");
    if (slice_is(request->method, "POST") && !is_listed(input, SLICE("content-digest")))
        return err_set(err, ERR_REFUSED, "The signature must cover content-digest");
    if (input->time.created_s == 0 || input->key_id.len == 0)
        return err_set(err, ERR_REFUSED, "The signature needs created and keyid");
    return true;
}

/* label=:base64: and nothing else */
static bool take_value(struct slice field, struct slice label, struct bytes *out)
{
    struct slice rest = slice_trim(field);

    if (!slice_eq(scan_word(&rest), label) || !scan_char(&rest, '=') || !scan_char(&rest, ':'))
        return false;
    return base64_read(slice_cut(&rest, ':'), out) && rest.at && rest.len == 0;
}

static bool check_value(const struct http_request *request, const struct rfc9421_input *input,
                        struct bytes *out, struct err *err)
{
    struct slice algorithm = bytes_slice(&input->algorithm);
    bool rsa = slice_is(algorithm, "rsa-v1_5-sha256");
    bool ed25519 = slice_is(algorithm, "ed25519");

    if (algorithm.len > 0 && !rsa && !ed25519)
        return err_set(
            err, ERR_REFUSED,
            "The signature's algorithm is not supported; use rsa-v1_5-sha256 or ed25519");
    if (!take_value(http_field(request, "Signature", NULL), input->label, out))
        return err_set(err, ERR_REFUSED,
                       "The Signature field must hold one value, of the same label");
    if (!signature_length_fits(rsa, ed25519, out->len))
        return err_set(err, ERR_REFUSED, "The signature does not fit its algorithm");
    return true;
}

bool rfc9421_read(const struct http_request *request, int64_t now_ms, struct signature *out,
                  struct err *err)
{
    scoped_value(rfc9421_input) input = {0};

    out->form = SIGNATURE_RFC9421;
    if (!rfc9421_input_read(http_field(request, "Signature-Input", NULL), &input, err) ||
        !covers_enough(request, &input, err) || !check_value(request, &input, &out->value, err) ||
        !signature_time_fits(&input.time, now_ms, err) ||
        !rfc9421_base(request, &input, &out->base, err))
        return false;
    out->key_id = bytes_take(&input.key_id);
    return true;
}
