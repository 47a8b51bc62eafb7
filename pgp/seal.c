/*
 * The only maker of a pgp_sealed: whoever has one knows in which form the bytes went into that sink.
 *
 * A sealed mail is PGP/MIME (RFC 3156 4): the fields that stand outside, one part that says so, one that is armor.
 */
#include "armor.h"
#include "id.h"
#include "memory.h"
#include "packets.h"
#include "pgp_private.h"

struct pgp_sealed {
    enum pgp_form form;
    int64_t size;
    const struct sink *sink;
};

/* Counts on the way. */
struct counting_sink {
    struct sink sink;
    struct sink *into;
    int64_t size;
};

static bool count(struct sink *sink, struct slice s, struct err *err)
{
    struct counting_sink *counting = container_of(sink, struct counting_sink, sink);

    counting->size += (int64_t)s.len;
    return sink_write(counting->into, s, err);
}

static const struct sink_kind counting_kind = {count};

/* ---- certificates ---- */
struct binaries {
    struct bytes at[PGP_CERTIFICATES_MAX];
    struct slice slices[PGP_CERTIFICATES_MAX];
    size_t count;
};

static void binaries_clear(struct binaries *binaries)
{
    for (size_t i = 0; i < binaries->count; i++)
        bytes_clear(&binaries->at[i]);
}
SCOPED_VALUE(binaries, binaries_clear)

static bool refuse(struct err *err)
{
    return err_set(err, ERR_REFUSED, "Nobody can encrypt to this OpenPGP certificate");
}

static bool read_certificates(const struct pgp_orders *orders, struct binaries *out,
                              struct err *err)
{
    struct err unfit;

    if (orders->count == 0 || orders->count > PGP_CERTIFICATES_MAX)
        return refuse(err);
    for (size_t i = 0; i < orders->count; i++) {
        struct bytes *binary = &out->at[out->count++];
        if (!openpgp_binary(orders->certificates[i], binary) ||
            !certificate_is_fit(bytes_slice(binary), &unfit))
            return refuse(err);
        out->slices[i] = bytes_slice(binary);
    }
    return true;
}

/* ---- the mail around the armor ---- */
static bool write_top(struct slice outer, const char *boundary, struct sink *into, struct err *err)
{
    scoped_value(bytes) top = {0};

    bytes_add(&top, outer);
    bytes_print(&top,
                "MIME-Version: 1.0\r\n"
                "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n"
                " boundary=\"%s\"\r\n"
                "\r\n"
                "--%s\r\n"
                "Content-Type: application/pgp-encrypted\r\n"
                "\r\n"
                "Version: 1\r\n"
                "\r\n"
                "--%s\r\n"
                "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
                "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n"
                "\r\n",
                boundary, boundary, boundary);
    return sink_write(into, bytes_slice(&top), err);
}

static bool write_end(const char *boundary, struct sink *into, struct err *err)
{
    scoped_value(bytes) end = {0};

    bytes_print(&end, "\r\n--%s--\r\n", boundary);
    return sink_write(into, bytes_slice(&end), err);
}

/* ---- engines ---- */
static bool by_librnp(struct pgp *pgp, struct quick_context *context, struct source *plain,
                      struct sink *into, struct err *err)
{
    struct armor armor;

    armor_begin(&armor, &pgp->crc24, into);
    bool ok = quick_encrypt(context, plain, &armor.sink, err) && armor_end(&armor, err);
    armor_clear(&armor);
    quick_give_back(pgp->quick, context);
    return ok;
}

static bool by_gnupg(struct pgp *pgp, const struct binaries *certificates, struct source *plain,
                     struct sink *into, struct err *err)
{
    scoped_value(judge_request) request = {.kind = FRAME_ENCRYPT};
    struct armor armor;
    struct reframe reframe;

    for (size_t i = 0; i < certificates->count; i++)
        bytes_add(&request.certificates[request.certificate_count++], certificates->slices[i]);
    armor_begin(&armor, &pgp->crc24, into);
    reframe_begin(&reframe, &armor.sink);
    bool ok = judge_encrypt(&pgp->seals, &request, plain, &reframe.sink, err) &&
              reframe_end(&reframe, err) && armor_end(&armor, err);
    reframe_clear(&reframe);
    armor_clear(&armor);
    return ok;
}

static bool seal_mail(struct pgp *pgp, const struct pgp_orders *orders, struct source *plain,
                      struct sink *into, struct err *err)
{
    scoped_value(binaries) certificates = {0};
    struct quick_context *context = NULL;
    char boundary[TOKEN_LEN + 1];

    if (!read_certificates(orders, &certificates, err))
        return false;
    enum quick_fit fit = quick_take(pgp->quick, certificates.slices, certificates.count,
                                    orders->signer, &context, err);
    if (fit != QUICK_FITS && orders->signer)
        return fit == QUICK_UNFIT ? refuse(err) : false;
    if (fit != QUICK_FITS && pgp->step_aside && pgp->step_aside(pgp->aside))
        return err_because(err, ERR_TEMPORARY, "Mail cannot be encrypted at the moment",
                           "it is begun anew where waiting for GnuPG is no harm");
    token_new(boundary);
    if (!write_top(orders->outer, boundary, into, err)) {
        quick_give_back(pgp->quick, context);
        return false;
    }
    bool ok = fit == QUICK_FITS ? by_librnp(pgp, context, plain, into, err)
                                : by_gnupg(pgp, &certificates, plain, into, err);
    return ok && write_end(boundary, into, err);
}

/* ---- forms ---- */
static bool write_as(struct pgp *pgp, const struct pgp_orders *orders, struct source *plain,
                     struct sink *into, struct err *err)
{
    switch (orders->form) {
    case PGP_SEALED: return seal_mail(pgp, orders, plain, into, err);
    case PGP_WAS_ENCRYPTED:
    case PGP_SERVER_KEY: /* the store checks that the body wraps what is written to it */
    case PGP_CLEAR_BY_CHOICE: return sink_copy(into, plain, err);
    }
    __builtin_unreachable();
}

struct pgp_sealed *pgp_seal(struct pgp *pgp, const struct pgp_orders *orders, struct source *plain,
                            struct sink *into, struct err *err)
{
    struct counting_sink counting = {{&counting_kind}, into, 0};

    if (!write_as(pgp, orders, plain, &counting.sink, err))
        return NULL;

    struct pgp_sealed *sealed = must_new(struct pgp_sealed);
    *sealed = (struct pgp_sealed){orders->form, counting.size, into};
    return sealed;
}

enum pgp_form pgp_sealed_form(const struct pgp_sealed *sealed)
{
    return sealed->form;
}

int64_t pgp_sealed_size(const struct pgp_sealed *sealed)
{
    return sealed->size;
}

const struct sink *pgp_sealed_sink(const struct pgp_sealed *sealed)
{
    return sealed->sink;
}

void pgp_sealed_free(struct pgp_sealed *sealed)
{
    free(sealed);
}
