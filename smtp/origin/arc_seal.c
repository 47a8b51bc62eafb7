/*
 * A set of our own on top of a chain (RFC 8617 5.1), for what is passed on: what was found when it came, a signature
 * over the mail as it leaves, and a seal over all sets.
 */
#include "dkim_private.h"

#include "clock.h"

#include <stdio.h>

struct sealing {
    const struct arc_orders *orders;
    const struct arc_signer *signer;
    size_t number;       /* of our set */
    struct bytes fields; /* ours as far as they are written, newest first, and the chain */
};

/* Puts a field in front. */
static void put(struct sealing *sealing, const struct bytes *field)
{
    struct bytes fields = {0};

    bytes_add(&fields, bytes_slice(field));
    bytes_add(&fields, bytes_slice(&sealing->fields));
    bytes_clear(&sealing->fields);
    sealing->fields = fields;
}

static struct dkim_text *read_fields(struct slice fields)
{
    struct dkim_text *text = dkim_text_new(DKIM_TO_SIGN);

    dkim_text_add(text, fields);
    dkim_text_add(text, SLICE("\r\n"));
    dkim_text_end(text);
    return text;
}

/* Ends a field that was written up to "b=". */
static bool sign(struct sealing *sealing, struct bytes *field, const struct bytes *data,
                 struct err *err)
{
    scoped_value(bytes) signature = {0};

    if (!sealing->signer->sign(sealing->signer->ctx, bytes_slice(data), &signature, err))
        return false;
    dkim_sign_end(field, bytes_slice(&signature));
    put(sealing, field);
    return true;
}

static void add_results(struct sealing *sealing)
{
    scoped_value(bytes) field = {0};

    bytes_print(&field, "ARC-Authentication-Results: i=%zu; %.*s\r\n", sealing->number,
                SLICE_ARGS(sealing->orders->results));
    put(sealing, &field);
}

/* Tags that signature and seal have in common. */
static void begin(const struct sealing *sealing, const char *name, const char *more,
                  struct bytes *field)
{
    const struct arc_orders *orders = sealing->orders;

    bytes_print(field, "%s: i=%zu; a=rsa-sha256; %s;\r\n\td=%s; s=%s; t=%lld;", name,
                sealing->number, more, orders->domain, orders->selector,
                (long long)(orders->now_ms / SECOND_MS));
}

static bool add_message(struct sealing *sealing, const struct dkim_text *text,
                        const struct dkim_text *signatures, struct err *err)
{
    scoped_value(bytes) field = {0};
    scoped_value(bytes) data = {0};

    begin(sealing, "ARC-Message-Signature", "c=relaxed/relaxed", &field);
    dkim_cover(text, signatures, &field, &data);
    return sign(sealing, &field, &data, err);
}

static bool add_seal(struct sealing *sealing, struct err *err)
{
    scoped_value(bytes) field = {0};
    scoped_value(bytes) data = {0};
    struct arc_sets sets;

    begin(sealing, "ARC-Seal", sealing->number == 1 ? "cv=none" : "cv=pass", &field);
    bytes_add_text(&field, "\r\n\tb=");
    scoped(dkim_text) before = read_fields(bytes_slice(&sealing->fields));
    if (!arc_sets_read(before, &sets))
        return err_set(err, ERR_TEMPORARY, "a chain changed while it was sealed");
    arc_cover_sets(&sets, sealing->number, &data);
    dkim_cover_self(&field, &data);
    return sign(sealing, &field, &data, err);
}

/* False: it cannot be gone on with. */
static bool next_number(struct slice chain, size_t *out)
{
    scoped(dkim_text) text = read_fields(chain);
    struct arc_sets sets;

    if (!arc_sets_read(text, &sets) || !arc_sets_whole(&sets))
        return false;
    *out = sets.count + 1;
    return *out <= ARC_SETS_MAX;
}

bool arc_seal(const struct dkim_text *text, struct slice signatures,
              const struct arc_orders *orders, const struct arc_signer *signer, struct bytes *out,
              struct err *err)
{
    struct sealing sealing = {.orders = orders, .signer = signer};

    if (!dkim_can_sign(text) || !next_number(orders->chain, &sealing.number))
        return true;
    scoped(dkim_text) above = read_fields(signatures);
    bytes_add(&sealing.fields, orders->chain);
    add_results(&sealing);
    bool ok = add_message(&sealing, text, above, err) && add_seal(&sealing, err);
    if (ok)
        bytes_add(out, bytes_slice(&sealing.fields));
    bytes_clear(&sealing.fields);
    return ok;
}
