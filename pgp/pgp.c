#include "memory.h"
#include "packets.h"
#include "pgp_private.h"

struct pgp *pgp_new(const char *const *judge_argv)
{
    struct pgp *pgp = must_new(struct pgp);

    pgp->quick = quick_new(NULL);
    crc24_init(&pgp->crc24);
    judge_init(&pgp->judges, judge_argv);
    judge_init(&pgp->seals, judge_argv);
    return pgp;
}

void pgp_free(struct pgp *pgp)
{
    if (!pgp)
        return;
    judge_clear(&pgp->judges);
    judge_clear(&pgp->seals);
    quick_free(pgp->quick);
    free(pgp);
}

void pgp_when_slow(struct pgp *pgp, bool (*step_aside)(void *ctx), void *ctx)
{
    pgp->step_aside = step_aside;
    pgp->aside = ctx;
}

static bool add_certificate(struct judge_request *request, struct slice certificate,
                            struct err *err)
{
    if (certificate.len > PGP_CERTIFICATE_MAX)
        return err_set(err, ERR_TOO_LARGE,
                       "A certificate may have at most 64 KiB; export it minimal");
    bytes_add(&request->certificates[request->certificate_count++], certificate);
    return true;
}

bool pgp_key_read(struct pgp *pgp, struct slice certificate, struct pgp_key_facts *out,
                  struct err *err)
{
    struct judge_answer answer;
    scoped_value(judge_request) request = {.kind = FRAME_READ_KEY};

    if (!add_certificate(&request, certificate, err) ||
        !judge_ask(&pgp->judges, &request, NULL, &answer, err))
        return false;
    *out = answer.facts;
    return true;
}

bool pgp_verify(struct pgp *pgp, const struct slice *certificates, size_t count,
                struct source *what, struct slice signature, struct pgp_verdict *out,
                struct err *err)
{
    struct judge_answer answer;
    scoped_value(judge_request) request = {.kind = FRAME_VERIFY};

    if (count > PGP_CERTIFICATES_MAX)
        return err_set(err, ERR_TOO_LARGE, "Too many certificates to check against");
    for (size_t i = 0; i < count; i++)
        if (!add_certificate(&request, certificates[i], err))
            return false;
    if (signature.len > PGP_SIGNATURE_MAX) { /* no single signature is that long */
        *out = (struct pgp_verdict){.judgement = PGP_UNFIT};
        return true;
    }
    bytes_add(&request.signature, signature);
    if (!judge_ask(&pgp->judges, &request, what, &answer, err))
        return false;
    *out = answer.verdict;
    return true;
}

bool pgp_key_vouched(struct pgp *pgp, struct slice certificate, const struct slice *by,
                     size_t count, const char *address, bool *out, struct err *err)
{
    struct judge_answer answer;
    scoped_value(judge_request) request = {.kind = FRAME_VOUCHED};

    *out = false;
    if (!add_certificate(&request, certificate, err))
        return false;
    for (size_t i = 0; i < count && request.certificate_count < PGP_CERTIFICATES_MAX; i++)
        if (!add_certificate(&request, by[i], err))
            return false;
    bytes_add_text(&request.signature, address);
    if (!judge_ask(&pgp->judges, &request, NULL, &answer, err))
        return false;
    *out = answer.verdict.judgement == PGP_GOOD;
    return true;
}

/* Fit to be shown to an engine of this process? */
static bool fit_binary(struct slice certificate, struct bytes *out)
{
    struct err unfit;

    return certificate.len <= PGP_CERTIFICATE_MAX && openpgp_binary(certificate, out) &&
           certificate_is_fit(bytes_slice(out), &unfit);
}

bool pgp_key_merge(struct slice one, struct slice other, struct bytes *out, struct err *err)
{
    scoped_value(bytes) first = {0};
    scoped_value(bytes) second = {0};

    if (!fit_binary(one, &first) || !fit_binary(other, &second))
        return err_set(err, ERR_REFUSED, "This is not an OpenPGP certificate");
    return quick_merge(bytes_slice(&first), bytes_slice(&second), out, err);
}

bool pgp_key_for_address(struct slice certificate, struct slice address, struct bytes *out)
{
    scoped_value(bytes) binary = {0};

    return fit_binary(certificate, &binary) &&
           certificate_for_address(bytes_slice(&binary), address, out);
}
