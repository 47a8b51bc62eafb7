#include "own_key.h"

#include "commit.h"
#include "config.h"
#include "memory.h"
#include "store_own_key.h"

bool own_key_fits(const struct bridge *bridge, const char *address)
{
    struct address read;

    address_read(bridge->config, slice_of(address), &read);
    switch (read.kind) {
    case ADDRESS_PUBLISH:
    case ADDRESS_COMMAND:
    case ADDRESS_CLAIM:
    case ADDRESS_HELP:
    case ADDRESS_OFFICE: return true;
    case ADDRESS_PERSON: /* alice=example.org is alice@example.org where that is us: she has her own */
        return read.mail_person || !config_hosts(bridge->config, slice_of(read.host));
    case ADDRESS_FOREIGN:
    case ADDRESS_MALFORMED:
    case ADDRESS_ACCOUNT:
    case ADDRESS_SUBSCRIBE:
    case ADDRESS_UNSUBSCRIBE:
    case ADDRESS_BOUNCE: return false;
    }
    __builtin_unreachable();
}

struct made_key {
    const char *address;
    const struct pgp_pair *pair;
};

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    const struct made_key *made = ctx;

    (void)bridge;
    return store_add_own_key(tx, made->address, made->pair, err);
}

static enum found find(struct bridge *bridge, const char *address, struct pgp_pair *out,
                       struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);
    enum found found = view ? store_own_key(view, address, out, err) : FAILED;

    if (found != FOUND || out->secret.len > 0)
        return found;
    pgp_pair_clear(out);
    err_because(err, ERR_TEMPORARY, "The server cannot use a key of its own; try again later",
                "the OpenPGP key of %s does not unwrap", address);
    return FAILED;
}

bool own_key_get(struct bridge *bridge, const char *address, struct pgp_pair *out, struct err *err)
{
    scoped_value(pgp_pair) made = {0};

    if (!own_key_fits(bridge, address))
        return err_set(err, ERR_REFUSED, "No key is made for this address");
    enum found found = find(bridge, address, out, err);
    if (found != ABSENT)
        return found == FOUND;
    if (!pgp_pair_make(address, &made, err) ||
        !bridge_commit(bridge, record, &(struct made_key){address, &made}, err))
        return false;
    found = find(bridge, address, out, err); /* another worker may have been faster */
    return found == FOUND || (found == ABSENT && err_set(err, ERR_TEMPORARY, "Try again later"));
}

void own_opened_clear(struct own_opened *opened)
{
    source_free(opened->plain);
    store_body_drop(opened->body);
    *opened = (struct own_opened){0};
}

/* What is compressed inside may be a million times as long as the mail was: it gets no more room than any mail. */
struct bounded_sink {
    struct sink sink;
    struct sink *into;
    int64_t room;
};

static bool write_bounded(struct sink *sink, struct slice s, struct err *err)
{
    struct bounded_sink *bounded = container_of(sink, struct bounded_sink, sink);

    bounded->room -= (int64_t)s.len;
    if (bounded->room < 0)
        return err_set(err, ERR_TOO_LARGE, "What is encrypted in this mail is too long");
    return sink_write(bounded->into, s, err);
}

static bool open_into(struct bridge *bridge, const struct pgp_pair *own,
                      const struct slice *certificates, size_t count, struct source *part,
                      struct own_opened *out, struct err *err)
{
    static const struct sink_kind kind = {write_bounded};
    struct bounded_sink bounded = {
        {&kind}, store_body_sink(out->body), bridge->config->message_max};

    return pgp_open(own, certificates, count, part, &bounded.sink, &out->verdict, err);
}

bool own_key_open(struct bridge *bridge, const char *address, const struct slice *certificates,
                  size_t count, struct source *part, struct own_opened *out, struct err *err)
{
    scoped_value(pgp_pair) own = {0};
    scoped_value(own_opened) opened = {0};
    bool is_openpgp;

    if (!pgp_is_encrypted(part, PGP_AS_OPENPGP, &is_openpgp, err))
        return false;
    if (!is_openpgp)
        return err_set(err, ERR_REFUSED, "This mail is encrypted in a way the server cannot open");
    if (!own_key_get(bridge, address, &own, err))
        return false;
    opened.body = store_body_new_wrapped(bridge->store, err);
    if (!opened.body || !open_into(bridge, &own, certificates, count, part, &opened, err) ||
        !store_body_finish(opened.body, err))
        return false;
    opened.plain = store_body_written(opened.body, err);
    if (!opened.plain)
        return false;
    *out = (struct own_opened){steal(&opened.body), steal(&opened.plain), opened.verdict};
    return true;
}
