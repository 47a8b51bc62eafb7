/* Appended messages: in the spool while they come, sealed on a worker, filed on the writer. */
#include "imap_work.h"
#include "spool.h"

enum { BULK_ABOVE = 1024 * 1024 };

struct imap_body {
    struct spool *spool;
};

struct imap_body *duty_body_new(void *ctx)
{
    struct imap *imap = ctx;
    struct imap_body *body = must_new(struct imap_body);

    body->spool = spool_new(imap->parts.spools, SPOOL_OWN);
    return body;
}

bool duty_body_add(struct imap_body *body, struct slice s)
{
    return spool_add(body->spool, s);
}

void duty_body_free(struct imap_body *body)
{
    if (body)
        spool_free(body->spool);
    free(body);
}

struct flush {
    struct imap_errand base;
    struct spool *spool; /* borrowed: the session waits for us, dead or alive */
};

static bool flush(struct errand *errand, struct err *err)
{
    return spool_flush(container_of(errand, struct flush, base.errand)->spool, err);
}

static void flush_free(struct errand *errand)
{
    free(container_of(errand, struct flush, base.errand));
}

struct errand *duty_body_flush(struct imap_body *body)
{
    struct flush *it = must_new(struct flush);

    it->base.errand = (struct errand){.lane = LANE_HEAVY, .work = flush, .free = flush_free};
    it->spool = body->spool;
    return &it->base.errand;
}

/* ---- APPEND ---- */

struct append {
    struct imap_copied base;
    struct imap *imap;
    int64_t account_id;
    char *mailbox;
    struct imap_body *bodies[APPEND_MESSAGES_MAX];
    struct appended messages[APPEND_MESSAGES_MAX];
    size_t count;
};

static struct append *append_of(struct errand *errand)
{
    return container_of(errand, struct append, base.base.errand);
}

static bool prepare(struct errand *errand, struct err *err)
{
    struct append *it = append_of(errand);

    for (size_t i = 0; i < it->count; i++) {
        scoped(source) content = spool_source(it->bodies[i]->spool);
        it->messages[i].content = content;
        bool good =
            bridge_append_prepare(it->imap->parts.bridge, it->account_id, &it->messages[i], err);
        it->messages[i].content = NULL;
        if (!good)
            return false;
    }
    return true;
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct append *it = append_of(errand);
    struct mailbox_outcome outcome = {0};
    bool good = bridge_append_record(it->imap->parts.bridge, tx, it->account_id,
                                     slice_of(it->mailbox), it->messages, it->count, &outcome, err);

    if (good) {
        free(it->base.to);
        it->base.to = steal(&outcome.new_uids);
        it->base.count = outcome.new_count;
        it->base.uid_validity = outcome.uid_validity;
    }
    mailbox_outcome_clear(&outcome);
    return good;
}

static void append_free_errand(struct errand *errand)
{
    struct append *it = append_of(errand);

    for (size_t i = 0; i < it->count; i++) {
        appended_clear(&it->messages[i]);
        duty_body_free(it->bodies[i]);
    }
    free(it->base.to);
    free(it->mailbox);
    free(it);
}

struct errand *duty_append(void *ctx, int64_t account_id, struct slice mailbox,
                           const struct imap_message *messages, size_t count)
{
    struct append *it = must_new(struct append);
    int64_t size = 0;

    it->imap = ctx;
    it->account_id = account_id;
    it->mailbox = must_copy(mailbox);
    it->count = count;
    for (size_t i = 0; i < count; i++) {
        it->bodies[i] = messages[i].body;
        it->messages[i] = (struct appended){.flags = messages[i].flags,
                                            .keywords = messages[i].keywords,
                                            .date_ms = messages[i].date_ms};
        size += spool_size(messages[i].body->spool);
    }
    it->base.base.errand = (struct errand){.lane = size > BULK_ABOVE ? LANE_BULK : LANE_HEAVY,
                                           .work = prepare,
                                           .write = record,
                                           .may_move = true,
                                           .free = append_free_errand};
    return &it->base.base.errand;
}
