#include "scram.h"

#include "id.h"
#include "memory.h"
#include "text.h"

enum { NONCE_BYTES = 18, NAME_MOST = 320 };

void scram_clear(struct scram *scram)
{
    free(scram->name);
    free(scram->gs2_header);
    free(scram->client_first_bare);
    free(scram->client_nonce);
    free(scram->server_first);
    *scram = (struct scram){0};
}

bool scram_can_bind(const struct tls_facts *tls)
{
    return tls->channel_binding_len > 0 || tls->end_point_len > 0;
}

/* "r=…" and the like: cuts one attribute of that letter off the head. */
static bool take_attribute(struct slice *rest, char letter, struct slice *out)
{
    if (!rest->at || rest->len < 2 || rest->at[0] != letter || rest->at[1] != '=')
        return false;
    struct slice attribute = slice_cut(rest, ',');
    *out = slice_from(attribute, 2);
    return true;
}

/* =2C is a comma and =3D an equals sign (RFC 5802 5.1). */
static char *read_name(struct slice raw)
{
    scoped_value(bytes) name = {0};

    for (size_t i = 0; i < raw.len; i++) {
        struct slice here = slice_from(raw, i);
        if (raw.at[i] != '=') {
            bytes_add_char(&name, raw.at[i]);
        } else if (slice_starts(here, SLICE("=2C")) || slice_starts(here, SLICE("=3D"))) {
            bytes_add_char(&name, here.at[2] == 'C' ? ',' : '=');
            i += 2;
        } else {
            return NULL;
        }
    }
    return name.len > 0 && name.len <= NAME_MOST ? bytes_take(&name) : NULL;
}

/* "n": the client cannot bind; "y": it can, and believes that we cannot; "p=NAME": it does (RFC 5802 6). */
static enum scram_verdict choose_binding(struct scram *scram, struct slice flag,
                                         const struct tls_facts *tls)
{
    if (slice_is(flag, "n"))
        return scram->binds ? SCRAM_MALFORMED : SCRAM_FINE;
    if (slice_is(flag, "y") && !scram->binds)
        return scram_can_bind(tls) ? SCRAM_SOMEBODY_BETWEEN : SCRAM_FINE;
    if (slice_is(flag, "p=tls-exporter"))
        scram->binding =
            (struct slice){(const char *)tls->channel_binding, tls->channel_binding_len};
    else if (slice_is(flag, "p=tls-server-end-point"))
        scram->binding = (struct slice){(const char *)tls->end_point, tls->end_point_len};
    else if (!slice_starts(flag, SLICE("p=")))
        return SCRAM_MALFORMED;
    if (!scram->binds)
        return SCRAM_MALFORMED;
    return scram->binding.len > 0 ? SCRAM_FINE : SCRAM_UNKNOWN_BINDING;
}

/* gs2-header with our own name as authzid or none; then n=NAME,r=NONCE. */
static enum scram_verdict read_first(struct scram *scram, struct slice message,
                                     const struct tls_facts *tls)
{
    struct slice rest = message;
    struct slice flag = slice_cut(&rest, ',');
    struct slice authzid = rest.at ? slice_cut(&rest, ',') : SLICE("");
    struct slice name;
    struct slice nonce;

    if (!rest.at)
        return SCRAM_MALFORMED;
    enum scram_verdict verdict = choose_binding(scram, flag, tls);
    if (verdict != SCRAM_FINE)
        return verdict;
    scram->gs2_header = must_copy(slice_first(message, message.len - rest.len));
    scram->client_first_bare = must_copy(rest);
    if (!take_attribute(&rest, 'n', &name) || !take_attribute(&rest, 'r', &nonce) || nonce.len == 0)
        return SCRAM_MALFORMED;
    scram->client_nonce = must_copy(nonce);
    scram->name = read_name(name);
    bool other = authzid.len > 0 &&
                 (!slice_starts(authzid, SLICE("a=")) || !slice_eq(slice_from(authzid, 2), name));
    return scram->name && !other ? SCRAM_FINE : SCRAM_MALFORMED;
}

enum scram_verdict scram_first(struct scram *scram, struct slice message,
                               const struct tls_facts *tls)
{
    return utf8_valid(message) ? read_first(scram, message, tls) : SCRAM_MALFORMED;
}

void scram_challenge(struct scram *scram, struct slice salt, int iterations, struct bytes *out)
{
    unsigned char random[NONCE_BYTES];
    scoped_value(bytes) nonce = {0};
    scoped_value(bytes) salt_text = {0};

    random_bytes(random, sizeof random);
    base64_add(&nonce, (struct slice){(char *)random, sizeof random});
    base64_add(&salt_text, salt);
    scram->server_first =
        must_print("r=%s%s,s=%s,i=%d", scram->client_nonce, nonce.at, salt_text.at, iterations);
    bytes_add_text(out, scram->server_first);
}

/* c= repeats the gs2-header, and proves that both see the same TLS. */
static bool binding_is_right(const struct scram *scram, struct slice text)
{
    scoped_value(bytes) said = {0};
    scoped_value(bytes) right = {0};

    bytes_add_text(&right, scram->gs2_header);
    bytes_add(&right, scram->binding);
    return base64_read(text, &said) && slice_eq(bytes_slice(&said), bytes_slice(&right));
}

struct client_final {
    struct slice binding, nonce, proof; /* binding and proof in base64 */
    struct slice without_proof;
};

static bool read_client_final(struct slice message, struct client_final *out)
{
    struct slice rest = message;
    size_t proof_at = slice_find_text(message, SLICE(",p="));

    if (proof_at == SIZE_MAX || !take_attribute(&rest, 'c', &out->binding) ||
        !take_attribute(&rest, 'r', &out->nonce))
        return false;
    out->without_proof = slice_first(message, proof_at);
    out->proof = slice_from(message, proof_at + 3);
    return true;
}

/* r= repeats the whole nonce: then nothing was changed on the way. */
static bool nonce_is_right(const struct scram *scram, struct slice nonce)
{
    struct slice server_first = slice_of(scram->server_first);

    return slice_eq(nonce, slice_from(slice_cut(&server_first, ','), 2));
}

enum scram_verdict scram_final(const struct scram *scram, struct slice message,
                               struct bytes *out_auth_message, struct bytes *out_proof)
{
    struct client_final final;

    if (!read_client_final(message, &final) || !nonce_is_right(scram, final.nonce) ||
        !base64_read(final.proof, out_proof))
        return SCRAM_MALFORMED;
    if (!binding_is_right(scram, final.binding))
        return SCRAM_SOMEBODY_BETWEEN;
    bytes_print(out_auth_message, "%s,%s,%.*s", scram->client_first_bare, scram->server_first,
                SLICE_ARGS(final.without_proof));
    return SCRAM_FINE;
}

void scram_last(struct slice server_signature, struct bytes *out)
{
    bytes_add_text(out, "v=");
    base64_add(out, server_signature);
}
