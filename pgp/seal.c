/*
 * The only maker of a pgp_sealed: whoever has one knows in which form the bytes went into that sink.
 */
#include "memory.h"
#include "pgp.h"

struct pgp_sealed {
    enum pgp_form form;
    int64_t size;
    const struct sink *sink;
};

struct pgp_sealed *pgp_seal(struct pgp *pgp, const struct pgp_orders *orders, struct source *plain,
                            struct sink *into, struct err *err)
{
    (void)pgp; /* a copy needs no judge */
    if (orders->form != PGP_CLEAR_BY_CHOICE) {
        err_set(err, ERR_REFUSED,
                "This server keeps mail in clear only; set seal_without_key to clear");
        return NULL;
    }
    if (!sink_copy(into, plain, err))
        return NULL;

    struct pgp_sealed *sealed = must_new(struct pgp_sealed);
    *sealed = (struct pgp_sealed){orders->form, plain->size, into};
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
