/* MAIL on submission, and RCPT: asked of the bridge, on the QUICK lane. */
#include "smtp_work.h"

struct question {
    struct smtp_errand base;
    struct smtp *smtp;
    enum mail_door door;
    int64_t account_id;
    char *mail_from, *recipient; /* recipient NULL: about the sender */
    char *client, *helo;         /* of mail from outside; or NULL */
    struct contact_visit *knock; /* somebody known came again */
};

static struct question *question_of(struct errand *errand)
{
    return container_of(errand, struct question, base.errand);
}

static bool record(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct question *q = question_of(errand);

    return bridge_knock_record(q->smtp->parts.bridge, tx, q->knock, err);
}

static bool ask_recipient(struct question *q, struct store_view *view, struct answer *answer,
                          struct err *err)
{
    const struct asked_recipient asked = {
        .door = q->door,
        .mail_from = slice_of(q->mail_from),
        .client = slice_of(q->client),
        .helo = slice_of(q->helo),
        .recipient = slice_of(q->recipient),
    };

    if (!bridge_recipient(q->smtp->parts.bridge, view, &asked, answer, &q->knock, err))
        return false;
    q->base.errand.write = q->knock ? record : NULL;
    return true;
}

static bool ask(struct errand *errand, struct err *err)
{
    struct question *q = question_of(errand);
    struct answer answer = {0};
    scoped(store_view) view = store_look(q->smtp->parts.store, err);

    bridge_knock_free(steal(&q->knock)); /* of a first run */
    errand->write = NULL;
    if (!view)
        return false;
    bool asked = q->recipient ? ask_recipient(q, view, &answer, err)
                              : bridge_sender(q->smtp->parts.bridge, view, q->account_id,
                                              slice_of(q->mail_from), &answer, err);
    if (!asked)
        return false;
    smtp_say(&q->base, &answer, "OK");
    return true;
}

static void question_free(struct errand *errand)
{
    struct question *q = question_of(errand);

    bridge_knock_free(q->knock);
    free(q->client);
    free(q->helo);
    free(q->mail_from);
    free(q->recipient);
    free(q);
}

static struct question *question_new(struct smtp *smtp, int64_t account_id, struct slice mail_from)
{
    struct question *q = must_new(struct question);

    q->base.errand = (struct errand){.lane = LANE_QUICK, .work = ask, .free = question_free};
    q->smtp = smtp;
    q->account_id = account_id;
    q->mail_from = must_copy(mail_from);
    return q;
}

struct errand *work_sender(void *ctx, int64_t account_id, struct slice mail_from)
{
    if (account_id == 0)
        return work_outside_sender(ctx, mail_from);
    return &question_new(ctx, account_id, mail_from)->base.errand;
}

struct errand *work_recipient(void *ctx, const struct smtp_envelope *envelope,
                              struct slice recipient)
{
    struct question *q = question_new(ctx, envelope->account_id, envelope->mail_from);

    q->door = envelope->door == SMTP_DOOR_MX ? MAIL_DOOR_MX : MAIL_DOOR_SUBMISSION;
    q->recipient = must_copy(recipient);
    if (envelope->door == SMTP_DOOR_MX) {
        q->client = must_dup(envelope->peer->text);
        q->helo = must_dup(envelope->ehlo);
    }
    return &q->base.errand;
}
