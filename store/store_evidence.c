/* What proves where a mail came from. */
#include "store_private.h"
#include "store_write.h"

#include <stdio.h>

static void take_domain(struct sql_rows *rows, char *out, size_t size)
{
    scoped_text char *text = take_text(rows);

    snprintf(out, size, "%s", text ? text : "");
}

static void read_evidence(struct sql_rows *rows, void *out)
{
    struct evidence *evidence = out;

    evidence->class = (enum evidence_class)take_int(rows);
    take_domain(rows, evidence->client, sizeof evidence->client);
    evidence->tls = take_bool(rows);
    evidence->spf = (enum auth_result)take_int(rows);
    take_domain(rows, evidence->spf_domain, sizeof evidence->spf_domain);
    evidence->dmarc = (enum auth_result)take_int(rows);
    evidence->policy = (enum dmarc_policy)take_int(rows);
    take_domain(rows, evidence->author_domain, sizeof evidence->author_domain);
    evidence->spf_aligned = take_bool(rows);
    evidence->dkim_aligned = take_bool(rows);
    evidence->signed_by_author_domain = take_bool(rows);
    evidence->vouched = take_bool(rows);
    evidence->arc = (enum auth_result)take_int(rows);
}

static bool read_signatures(struct store_view *view, int64_t message_id, struct evidence *out,
                            struct err *err)
{
    scoped_value(sql_rows) rows = {0};
    enum found found = FAILED;

    if (!sql_ask(&rows, view->sql,
                 "SELECT result, domain FROM evidence_dkim WHERE message_id = ? ORDER BY position",
                 with(as_number(message_id)), err))
        return false;
    while (out->dkim_count < EVIDENCE_SIGNATURES_MAX && (found = sql_next(&rows, err)) == FOUND) {
        struct evidence_signature *signature = &out->dkim[out->dkim_count++];
        signature->result = (enum auth_result)take_int(&rows);
        take_domain(&rows, signature->domain, sizeof signature->domain);
    }
    return found != FAILED;
}

enum found store_evidence(struct store_view *view, int64_t message_id, struct evidence *out,
                          struct err *err)
{
    *out = (struct evidence){.tls = false};
    enum found found = sql_find(
        view->sql,
        "SELECT m.evidence, coalesce(e.client, ''), coalesce(e.tls, 0), coalesce(e.spf, 0),"
        " e.spf_domain, coalesce(e.dmarc, 0), coalesce(e.policy, 0), e.author_domain,"
        " coalesce(e.spf_aligned, 0), coalesce(e.dkim_aligned, 0),"
        " coalesce(e.signed_by_author_domain, 0), coalesce(e.vouched, 0),"
        " coalesce(e.arc, 0)"
        " FROM message m LEFT JOIN evidence e ON e.message_id = m.id WHERE m.id = ?",
        with(as_number(message_id)), read_evidence, out, err);
    if (found == FOUND && !read_signatures(view, message_id, out, err))
        return FAILED;
    return found;
}

bool store_add_evidence(struct store_tx *tx, int64_t message_id, const struct evidence *evidence,
                        struct err *err)
{
    if (!sql_run(tx->sql,
                 "INSERT INTO evidence (message_id, client, tls, spf, spf_domain, dmarc, policy,"
                 " author_domain, spf_aligned, dkim_aligned, signed_by_author_domain, vouched, arc)"
                 " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                 with(as_number(message_id), as_text(evidence->client), as_number(evidence->tls),
                      as_number(evidence->spf), as_text(evidence->spf_domain),
                      as_number(evidence->dmarc), as_number(evidence->policy),
                      as_text(evidence->author_domain), as_number(evidence->spf_aligned),
                      as_number(evidence->dkim_aligned),
                      as_number(evidence->signed_by_author_domain), as_number(evidence->vouched),
                      as_number(evidence->arc)),
                 err))
        return false;
    for (size_t i = 0; i < evidence->dkim_count; i++)
        if (!sql_run(tx->sql,
                     "INSERT INTO evidence_dkim (message_id, position, result, domain)"
                     " VALUES (?, ?, ?, ?)",
                     with(as_number(message_id), as_number((int64_t)i),
                          as_number(evidence->dkim[i].result), as_text(evidence->dkim[i].domain)),
                     err))
            return false;
    return true;
}

static void read_chain(struct sql_rows *rows, void *out)
{
    *(struct bytes *)out = take_bytes(rows);
}

enum found store_arc_chain(struct store_view *view, int64_t message_id, struct bytes *out,
                           struct err *err)
{
    return sql_find(view->sql,
                    "SELECT chain FROM evidence WHERE message_id = ? AND chain IS NOT NULL",
                    with(as_number(message_id)), read_chain, out, err);
}

bool store_add_arc_chain(struct store_tx *tx, int64_t message_id, struct slice chain,
                         struct err *err)
{
    return sql_run(tx->sql, "UPDATE evidence SET chain = ? WHERE message_id = ?",
                   with(as_blob(chain), as_number(message_id)), err);
}
