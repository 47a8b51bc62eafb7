/*
 * draft-cavage-http-signatures-12: what Mastodon and nearly everybody sends.
 *
 *     Signature: keyId="…",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="…"
 */
#include "clock.h"
#include "memory.h"
#include "signature_private.h"
#include "text.h"

enum parameter { KEY_ID, ALGORITHM, HEADERS, SIGNATURE, CREATED, EXPIRES, PARAMETERS };
static const char *const parameter_names[PARAMETERS] = {
    [KEY_ID] = "keyId",        [ALGORITHM] = "algorithm", [HEADERS] = "headers",
    [SIGNATURE] = "signature", [CREATED] = "created",     [EXPIRES] = "expires",
};
enum covered {
    COVERS_TARGET = 1,
    COVERS_HOST = 2,
    COVERS_DATE = 4,
    COVERS_CREATED = 8,
    COVERS_EXPIRES = 16,
    COVERS_DIGEST = 32,
};
struct claim { /* the parameters, unquoted */
    bool there[PARAMETERS];
    struct bytes value[PARAMETERS];
    struct signature_time time;
    unsigned covered;
};

static void claim_clear(struct claim *claim)
{
    for (int i = 0; i < PARAMETERS; i++)
        bytes_clear(&claim->value[i]);
}
SCOPED_VALUE(claim, claim_clear)

/* name=value or name="value"; what we do not know is read and left. */
static bool read_parameter(struct slice *rest, struct claim *claim, struct err *err)
{
    scoped_value(bytes) unknown = {0};
    struct bytes *into = &unknown;
    struct slice name = scan_word(rest);

    for (int i = 0; i < PARAMETERS; i++) {
        if (!slice_is_nocase(name, parameter_names[i]))
            continue;
        if (claim->there[i])
            return err_set(err, ERR_REFUSED, "The signature has %s twice", parameter_names[i]);
        claim->there[i] = true;
        into = &claim->value[i];
    }
    scan_space(rest);
    bool equals = name.len > 0 && scan_char(rest, '=');
    scan_space(rest);
    if (equals && rest->len > 0 && rest->at[0] != '"') {
        bytes_add(into, scan_word(rest));
        return true;
    }
    if (!equals || !scan_quoted(rest, into))
        return err_set(err, ERR_REFUSED, "The Signature field cannot be read");
    return true;
}

static bool read_parameters(struct slice rest, struct claim *claim, struct err *err)
{
    if (slice_starts_nocase(rest, "Signature ")) /* old PeerTube */
        rest = slice_trim(slice_from(rest, 10));
    for (;;) {
        scan_space(&rest);
        if (!read_parameter(&rest, claim, err))
            return false;
        scan_space(&rest);
        if (rest.len == 0)
            break;
        if (!scan_char(&rest, ','))
            return err_set(err, ERR_REFUSED, "The Signature field cannot be read");
    }
    if (!claim->there[KEY_ID] || !claim->there[SIGNATURE] || !claim->there[HEADERS])
        return err_set(err, ERR_REFUSED, "The signature needs keyId, headers and signature");
    return true;
}

static bool algorithm_is(const struct claim *claim, const char *name)
{
    return slice_is_nocase(bytes_slice(&claim->value[ALGORITHM]), name);
}

static bool check_algorithm(struct claim *claim, struct signature *out, struct err *err)
{
    bool any = !claim->there[ALGORITHM] || algorithm_is(claim, "hs2019");
    bool rsa = algorithm_is(claim, "rsa-sha256");
    bool ed25519 = algorithm_is(claim, "ed25519");

    if (!any && !rsa && !ed25519)
        return err_set(err, ERR_REFUSED,
                       "The signature's algorithm is not supported; use rsa-sha256");
    if (!base64_read(bytes_slice(&claim->value[SIGNATURE]), &out->value))
        return err_set(err, ERR_REFUSED, "The signature is not base64");
    if (!signature_length_fits(rsa, ed25519, out->value.len))
        return err_set(err, ERR_REFUSED, "The signature does not fit its algorithm");
    return true;
}

/* (created) and (expires): only where the algorithm hides in the key, and only if they were given. */
static bool add_moment(struct claim *claim, enum parameter which, int64_t *out_s,
                       struct bytes *base, struct err *err)
{
    struct slice text = bytes_slice(&claim->value[which]);

    if (claim->there[ALGORITHM] && !algorithm_is(claim, "hs2019"))
        return err_set(err, ERR_REFUSED, "(created) and (expires) need the algorithm hs2019");
    if (!claim->there[which] || !slice_to_number(text, INT64_MAX / SECOND_MS, out_s) || *out_s == 0)
        return err_set(err, ERR_REFUSED, "The signature's \"%s\" is no time",
                       parameter_names[which]);
    bytes_add(base, text);
    return true;
}

static bool add_target(const struct http_request *request, bool with_query, struct bytes *base)
{
    scoped_text char *method = must_copy(request->method);

    for (char *c = method; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + ('a' - 'A'));
    bytes_add_text(base, method);
    bytes_add_char(base, ' ');
    bytes_add(base, with_query ? request->target : request->path);
    return true;
}

static unsigned covers(struct slice name)
{
    static const struct {
        const char *name;
        enum covered bit;
    } known[] = {
        {"(request-target)", COVERS_TARGET },
        {"host",             COVERS_HOST   },
        {"date",             COVERS_DATE   },
        {"(created)",        COVERS_CREATED},
        {"(expires)",        COVERS_EXPIRES},
        {"digest",           COVERS_DIGEST },
    };

    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (slice_is_nocase(name, known[i].name))
            return known[i].bit;
    return 0;
}

static bool add_value(const struct http_request *request, struct claim *claim, struct slice name,
                      bool with_query, struct bytes *base, struct err *err)
{
    switch (covers(name)) {
    case COVERS_TARGET: return add_target(request, with_query, base);
    case COVERS_CREATED: return add_moment(claim, CREATED, &claim->time.created_s, base, err);
    case COVERS_EXPIRES: return add_moment(claim, EXPIRES, &claim->time.expires_s, base, err);
    default: return signature_field(request, name, base, err);
    }
}

static bool build_base(const struct http_request *request, struct claim *claim, bool with_query,
                       struct bytes *base, struct err *err)
{
    struct slice rest = slice_trim(bytes_slice(&claim->value[HEADERS]));
    size_t count = 0;

    claim->covered = 0;
    while (rest.at) {
        struct slice name = slice_cut(&rest, ' ');
        if (name.len == 0 || ++count > COVERED_MAX)
            return err_set(err, ERR_REFUSED,
                           "The signature's list of headers is empty, broken or too long");
        unsigned bit = covers(name);
        if (claim->covered & bit)
            return err_set(err, ERR_REFUSED, "The signature covers a header twice");
        claim->covered |= bit;
        if (count > 1)
            bytes_add_char(base, '\n');
        for (size_t i = 0; i < name.len; i++)
            bytes_add_char(base, (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] | 0x20
                                                                               : name.at[i]));
        bytes_add_text(base, ": ");
        if (!add_value(request, claim, name, with_query, base, err))
            return false;
        if (base->len > BASE_MAX)
            return err_set(err, ERR_REFUSED, "The signature covers too much");
    }
    return true;
}

static bool covers_enough(const struct claim *claim, bool post, struct err *err)
{
    if (!(claim->covered & COVERS_TARGET))
        return err_set(err, ERR_REFUSED, "The signature must cover (request-target)");
    if (!(claim->covered & COVERS_HOST))
        return err_set(err, ERR_REFUSED, "The signature must cover host");
    if (!(claim->covered & (COVERS_DATE | COVERS_CREATED)))
        return err_set(err, ERR_REFUSED, "The signature must cover date or (created)");
    if (post && !(claim->covered & COVERS_DIGEST))
        return err_set(err, ERR_REFUSED, "The signature must cover digest");
    return true;
}

static bool check_time(const struct http_request *request, struct claim *claim, int64_t now_ms,
                       struct err *err)
{
    int64_t date_ms = 0;

    if (claim->covered & COVERS_DATE) {
        if (!date_from_http(http_field(request, "Date", NULL), &date_ms))
            return err_set(err, ERR_REFUSED, "The Date field is no date");
        if (claim->time.created_s == 0)
            claim->time.created_s = date_ms / SECOND_MS;
    }
    return signature_time_fits(&claim->time, now_ms, err);
}

bool cavage_read(const struct http_request *request, int64_t now_ms, struct signature *out,
                 struct err *err)
{
    scoped_value(claim) claim = {0};

    out->form = SIGNATURE_CAVAGE;
    if (!read_parameters(slice_trim(http_field(request, "Signature", NULL)), &claim, err) ||
        !check_algorithm(&claim, out, err) || !build_base(request, &claim, true, &out->base, err) ||
        !covers_enough(&claim, slice_is(request->method, "POST"), err) ||
        !check_time(request, &claim, now_ms, err))
        return false;
    if (request->query.at && !build_base(request, &claim, false, &out->base_without_query, err))
        return false;
    out->key_id = bytes_take(&claim.value[KEY_ID]);
    return true;
}
