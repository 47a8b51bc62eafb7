/* What the outgoing half has others do: rows and bodies read, outcomes recorded. */
#include "bridge_activity.h"
#include "bridge_list.h"
#include "bridge_peer.h"
#include "out_text.h"
#include "smtp_work.h"
#include "store_delivery.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { PASSWORD_MAX = 512 };

/* ---- what is due ---- */
struct look {
    struct out_look base;
    struct smtp *smtp;
    struct claims_held held;
    int limit;
};

struct found_due { /* how it is read */
    struct look *look;
    struct store_view *view;
    struct err *err;
    bool failed;
};

static bool add_due(void *ctx, const struct due_row *row)
{
    struct found_due *due = ctx;
    struct out_look *look = &due->look->base;
    scoped_value(delivery) delivery = {0};
    enum found found = store_delivery(due->view, row->id, &delivery, due->err);

    due->failed = found == FAILED;
    if (found != FOUND)
        return found == ABSENT;
    must_make_room(look->due, look->count, look->capacity);
    look->due[look->count++] = (struct out_due){
        .id = delivery.id,
        /* a row without a body has a text of its own, written when it goes; so does who gets it encrypted */
        .text_id = delivery.body_id && !delivery.cipher ? delivery.body_id : -delivery.id,
        .host = must_dup(row->host),
        .mail_from = must_dup(delivery.mail_from ? delivery.mail_from : ""),
    };
    return true;
}

static bool look_work(struct errand *errand, struct err *err)
{
    struct look *look = container_of(errand, struct look, base.errand);
    const struct smtp_parts *parts = &look->smtp->parts;
    const unsigned targets = 1u << TARGET_MAIL;
    scoped(store_view) view = store_look(parts->store, err);

    int64_t now_ms = clock_now(parts->clock);
    struct found_due due = {.look = look, .view = view, .err = err};

    return view &&
           store_deliveries_due(view, targets, now_ms, &look->held, look->limit, add_due, &due,
                                err) &&
           !due.failed &&
           store_delivery_next_due(view, targets, now_ms, &look->base.next_due_ms, err);
}

static void look_free(struct errand *errand)
{
    struct look *look = container_of(errand, struct look, base.errand);

    for (size_t i = 0; i < look->base.count; i++) {
        free(look->base.due[i].host);
        free(look->base.due[i].mail_from);
    }
    free(look->base.due);
    claims_held_clear(&look->held);
    free(look);
}

static struct errand *work_look(void *ctx, struct claims_held *held, int limit)
{
    struct look *look = must_new(struct look);

    look->base.errand = (struct errand){.lane = LANE_QUICK, .work = look_work, .free = look_free};
    look->base.next_due_ms = INT64_MAX;
    look->smtp = ctx;
    look->held = *held;
    *held = (struct claims_held){0};
    look->limit = limit;
    return &look->base.errand;
}

/* ---- a mail, ready to be sent ---- */
struct load {
    struct out_load base;
    struct smtp *smtp;
    int64_t ids[CLAIMS_PER_HOST];
    size_t count;
};

/* Read for each mail, so that a new password needs no restart. */
static bool read_password(const char *path, char **out, struct err *err)
{
    const char *said = "The relay's password cannot be read";
    char text[PASSWORD_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_system(err, said, "%s", path);
    ssize_t len = read(fd, text, sizeof text);
    close(fd);
    if (len < 0)
        return err_system(err, said, "%s", path);
    *out = must_copy(slice_trim((struct slice){text, (size_t)len}));
    explicit_bzero(text, sizeof text);
    return **out || err_because(err, ERR_TEMPORARY, said, "%s is empty", path);
}

static bool add_login(const struct config *config, struct out_mail *mail, struct err *err)
{
    if (!config->relay_host[0] || !config->relay_user[0])
        return true;
    mail->login = must_dup(config->relay_user);
    return read_password(config->relay_password_file, &mail->password, err);
}

/* ABSENT: there is nothing to be said any more. */
static enum found find_text(struct smtp *smtp, struct store_view *view,
                            const struct delivery *delivery, struct out_mail *mail, struct err *err)
{
    scoped_value(list_mail) written = {.secret = false};

    if (delivery->body_id) {
        mail->body = store_body_source(view, delivery->body_id, err);
        return mail->body ? FOUND : FAILED;
    }
    enum found found = bridge_list_mail(smtp->parts.bridge, view, delivery, &written, err);
    if (found != FOUND)
        return found;
    mail->body = source_of_bytes(&written.content);
    mail->secret = written.secret;
    return FOUND;
}

static bool note_facts(struct out_mail *mail, struct err *err)
{
    struct out_facts facts;

    if (!out_text_facts(mail->body, &facts, err))
        return false;
    mail->size = facts.size;
    mail->eight_bit = facts.eight_bit;
    mail->utf8_header = facts.utf8_header;
    mail->tls_optional = facts.tls_optional;
    return true;
}

/* What was to leave encrypted does not leave in clear when that cannot be: its author believes it secret. */
static bool encrypt_text(struct smtp *smtp, struct store_view *view,
                         const struct delivery *delivery, struct out_mail *mail, struct err *err)
{
    bool needed;

    if (!bridge_needs_cipher(smtp->parts.bridge, view, delivery, mail->body, &needed, err))
        return false;
    if (needed)
        snprintf(mail->refused, sizeof mail->refused,
                 REPLY_ENCRYPTED_ONLY "5.7.0 %s takes encrypted mail only", delivery->host);
    if (delivery->cipher != CIPHER_ALL || work_cipher_text(smtp, view, delivery, &mail->body, err))
        return true;
    if (err->kind != ERR_REFUSED)
        return false;
    snprintf(mail->refused, sizeof mail->refused, "550 5.7.5 %s. Send it again.", err->said);
    return true;
}

/* The text, and whom it is from: the same for all who travel together. */
static bool begin_mail(struct smtp *smtp, struct store_view *view, const struct delivery *delivery,
                       struct out_mail *mail, struct err *err)
{
    mail->mail_from = must_dup(delivery->mail_from ? delivery->mail_from : "");
    mail->terms = mail_terms_copy(&delivery->terms);
    switch (find_text(smtp, view, delivery, mail, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (!encrypt_text(smtp, view, delivery, mail, err))
        return false;
    return *mail->refused ||
           (work_dkim_sign(smtp, view, delivery, mail, err) && note_facts(mail, err));
}

/* One that was sent or dropped since it was found due is left out. */
static bool add_recipient(struct smtp *smtp, struct store_view *view, int64_t id,
                          struct out_mail *mail, struct err *err)
{
    scoped_value(delivery) delivery = {0};
    enum found found = store_delivery(view, id, &delivery, err);

    if (found != FOUND)
        return found == ABSENT;
    if (delivery.target != TARGET_MAIL || delivery.wanted <= delivery.delivered ||
        !delivery.rcpt_to || delivery.tell != TELL_NOTHING ||
        delivery.host_next_ms > clock_now(smtp->parts.clock)) /* found not to answer meanwhile */
        return true;
    mail->undecided = delivery.cipher == CIPHER_OPEN;
    if (mail->count == 0 && !mail->undecided && !begin_mail(smtp, view, &delivery, mail, err))
        return false;
    struct out_recipient *recipient = &mail->recipients[mail->count++];
    recipient->delivery_id = id;
    recipient->version = delivery.wanted;
    recipient->address = must_dup(delivery.rcpt_to);
    recipient->wish = recipient_terms_copy(&delivery.wish);
    if (*mail->refused) {
        recipient->fate = OUT_REFUSED;
        snprintf(recipient->reply, sizeof recipient->reply, "%s", mail->refused);
    } else if (!mail->body && !mail->undecided) {
        recipient->fate = OUT_TAKEN;
        snprintf(recipient->reply, sizeof recipient->reply, "no longer wanted");
    }
    return true;
}

static bool load_work(struct errand *errand, struct err *err)
{
    struct load *load = container_of(errand, struct load, base.errand);
    const struct smtp_parts *parts = &load->smtp->parts;
    scoped(store_view) view = store_look(parts->store, err);
    struct out_mail *mail = must_new(struct out_mail);
    bool ok = view != NULL;

    mail->recipients = must_alloc_array(load->count, sizeof *mail->recipients);
    for (size_t i = 0; ok && i < load->count; i++)
        ok = add_recipient(load->smtp, view, load->ids[i], mail, err);
    ok = ok && add_login(parts->config, mail, err);
    if (ok && mail->count > 0)
        load->base.mail = mail;
    else
        out_mail_free(mail);
    return ok;
}

static void load_free(struct errand *errand)
{
    struct load *load = container_of(errand, struct load, base.errand);

    out_mail_free(load->base.mail);
    free(load);
}

static struct errand *work_load(void *ctx, const int64_t *ids, size_t count)
{
    struct load *load = must_new(struct load);

    load->base.errand = (struct errand){.lane = LANE_DELIVER, .work = load_work, .free = load_free};
    load->smtp = ctx;
    load->count = count;
    memcpy(load->ids, ids, count * sizeof *ids);
    return &load->base.errand;
}

/* ---- the text in pieces ---- */
struct piece {
    struct out_piece base;
    struct source *body; /* borrowed: whose mail it is waits for us, dead or alive */
    int64_t offset;
};

static bool piece_work(struct errand *errand, struct err *err)
{
    struct piece *piece = container_of(errand, struct piece, base.errand);
    struct bytes *text = &piece->base.text;
    size_t len = 0;

    bytes_reset(text);
    char *into = bytes_reserve(text, OUT_PIECE);
    if (!source_read(piece->body, piece->offset, into, OUT_PIECE, &len, err))
        return false;
    text->len += len;
    piece->base.last = len == 0 || piece->offset + (int64_t)len >= piece->body->size;
    return true;
}

static void piece_free(struct errand *errand)
{
    struct piece *piece = container_of(errand, struct piece, base.errand);

    bytes_clear(&piece->base.text);
    free(piece);
}

static struct errand *work_piece(struct source *body, int64_t offset)
{
    struct piece *piece = must_new(struct piece);

    piece->base.errand =
        (struct errand){.lane = LANE_QUICK, .work = piece_work, .free = piece_free};
    piece->body = body;
    piece->offset = offset;
    return &piece->base.errand;
}

/* ---- what came of it ---- */
struct record {
    struct errand errand;
    struct smtp *smtp;
    struct delivery_outcome outcomes[CLAIMS_PER_HOST];
    size_t count;
};

static enum mail_host_state host_of(const struct out_mail *mail)
{
    if (mail->host == OUT_HOST_SPOKE)
        return HOST_SPOKE;
    return mail->host == OUT_HOST_FAILED ? HOST_FAILED : HOST_UNSEEN;
}

static bool record_write(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct record *record = container_of(errand, struct record, errand);

    for (size_t i = 0; i < record->count; i++)
        if (!bridge_delivery_ended(record->smtp->parts.bridge, tx, &record->outcomes[i], err))
            return false;
    return true;
}

static void record_free(struct errand *errand)
{
    free(container_of(errand, struct record, errand));
}

static enum delivery_end end_of(enum out_fate fate)
{
    if (fate == OUT_TAKEN)
        return DELIVERED;
    return fate == OUT_REFUSED ? DELIVERY_REFUSED : DELIVERY_LATER;
}

static struct errand *work_record(void *ctx, const struct out_mail *mail)
{
    struct record *record = must_new(struct record);

    record->errand =
        (struct errand){.lane = LANE_DELIVER, .write = record_write, .free = record_free};
    record->smtp = ctx;
    for (size_t i = 0; i < mail->count; i++) {
        const struct out_recipient *recipient = &mail->recipients[i];
        if (recipient->fate == OUT_OPEN || recipient->recorded)
            continue;
        struct delivery_outcome *outcome = &record->outcomes[record->count++];
        outcome->delivery_id = recipient->delivery_id;
        outcome->end = end_of(recipient->fate);
        outcome->version = recipient->version;
        outcome->mail_host = host_of(mail);
        outcome->unreporting = mail->unreporting;
        snprintf(outcome->reply, sizeof outcome->reply, "%s", recipient->reply);
    }
    return &record->errand;
}

/* ---- what the settings say ---- */
static bool is_ours(void *ctx, struct slice domain)
{
    const struct smtp *smtp = ctx;

    return config_hosts(smtp->parts.config, domain);
}

static bool has_route(void *ctx, const char *host, int port)
{
    const struct config *config = ((const struct smtp *)ctx)->parts.config;

    for (size_t i = 0; i < config->connect_to_count; i++)
        if (config->connect_to[i].port == port &&
            slice_is_nocase(slice_of(config->connect_to[i].name), host))
            return true;
    return false;
}

static void start(void *ctx, const struct session_kind *kind, void *session)
{
    const struct smtp_parts *parts = &((const struct smtp *)ctx)->parts;

    parts->start_session(parts->ctx, kind, session);
}

struct out_duties work_out_duties(struct smtp *smtp)
{
    const struct config *config = smtp->parts.config;

    return (struct out_duties){
        .ctx = smtp,
        .clock = smtp->parts.clock,
        .hostname = config->hostname,
        .relay_host = config->relay_host,
        .relay_port = config->relay_port,
        .is_ours = is_ours,
        .has_route = has_route,
        .look = work_look,
        .load = work_load,
        .piece = work_piece,
        .record = work_record,
        .cipher = work_cipher,
        .found = work_key_found,
        .recall = work_recall,
        .keep = work_keep,
        .next_stale = work_next_stale,
        .count = work_tls_count,
        .next_report = work_next_report,
        .write_report = work_write_report,
        .end_report = work_end_report,
        .start = start,
    };
}
