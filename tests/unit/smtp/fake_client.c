#include "fake_client.h"

#include "memory.h"
#include "out_text.h"

#include <stdio.h>

static struct fake_client *at_work; /* piece() has no context, since a body needs none */

static void piece_free(struct errand *errand)
{
    struct out_piece *piece = container_of(errand, struct out_piece, errand);

    bytes_clear(&piece->text);
    free(piece);
}

static struct errand *fake_piece(struct source *body, int64_t offset)
{
    struct out_piece *piece = must_new(struct out_piece);
    size_t most = at_work->piece_size ? at_work->piece_size : OUT_PIECE, len = 0;

    piece->errand.free = piece_free;
    char *into = bytes_reserve(&piece->text, most);
    piece->errand.ok = offset != at_work->piece_fails_at &&
                       source_read(body, offset, into, most, &len, &piece->errand.err);
    piece->text.len += len;
    piece->last = offset + (int64_t)len >= body->size;
    return &piece->errand;
}

static void record_free(struct errand *errand)
{
    free(errand);
}

static struct errand *fake_record(void *ctx, const struct out_mail *mail)
{
    struct fake_client *fake = ctx;
    struct errand *errand = must_new(struct errand);

    (void)mail;
    errand->free = record_free;
    errand->ok = !fake->record_fails;
    fake->recorded++;
    return errand;
}

struct out_mail *fake_mail(const char *text, size_t count)
{
    struct out_mail *mail = must_new(struct out_mail);
    struct out_facts facts;
    struct err err;

    mail->mail_from = must_dup("alice@home.test");
    mail->recipients = must_alloc_array(count, sizeof *mail->recipients);
    mail->count = count;
    for (size_t i = 0; i < count; i++)
        mail->recipients[i].address = must_print("r%zu@c.test", i);
    mail->body = source_of_slice(slice_of(text));
    if (!out_text_facts(mail->body, &facts, &err))
        abort();
    mail->size = facts.size;
    mail->eight_bit = facts.eight_bit;
    mail->utf8_header = facts.utf8_header;
    return mail;
}

static enum next shake(struct fake_client *fake, struct turn *turn)
{
    const struct tls_facts tls = {.version = "TLSv1.3", .trust = TRUST_PROVED};

    if (fake->shake_fails || fake->unread.len > 0) { /* early bytes end it, as the driver does */
        fake->over = true;
        return NEXT_HANG_UP;
    }
    fake->shaken++;
    return smtp_client_kind.secured(fake->session, &tls, turn);
}

/* Carries out next steps until the session wants bytes or hangs up. */
static void follow(struct fake_client *fake, struct turn *turn, enum next next)
{
    bytes_drop_front(&fake->unread, turn->used);
    while (next != NEXT_READ && next != NEXT_HANG_UP) {
        struct turn again = {.out = &fake->out};
        if (next == NEXT_WAIT) {
            next = smtp_client_kind.resume(fake->session, turn->errand, &again);
        } else if (next == NEXT_MORE) {
            fake->mores++;
            next = smtp_client_kind.more(fake->session, &again);
        } else {
            next = shake(fake, &again);
        }
        *turn = again;
    }
    fake->over = fake->over || next == NEXT_HANG_UP;
}

void fake_client_begin(struct fake_client *fake, struct out_mail *mail, enum tls_demand tls)
{
    const struct peer peer = {.service = "smtp-out"};
    struct turn turn = {.out = &fake->out};

    *fake = (struct fake_client){.piece_fails_at = -1};
    at_work = fake;
    fake->duties = (struct out_duties){
        .ctx = fake, .hostname = "mx.home.test", .piece = fake_piece, .record = fake_record};
    fake->talk = (struct out_talk){.duties = &fake->duties, .mail = mail, .tls = tls};
    fake->session = smtp_client_new(&fake->talk);
    follow(fake, &turn, smtp_client_kind.begin(fake->session, &peer, &turn));
}

void fake_client_hear(struct fake_client *fake, struct slice bytes)
{
    bytes_add(&fake->unread, bytes);
    for (size_t before = SIZE_MAX;
         !fake->over && fake->unread.len > 0 && fake->unread.len != before;) {
        before = fake->unread.len;
        struct turn turn = {.in = bytes_slice(&fake->unread), .out = &fake->out};
        follow(fake, &turn, smtp_client_kind.read(fake->session, &turn));
    }
}

void fake_client_nudge(struct fake_client *fake, enum nudge why)
{
    struct turn turn = {.out = &fake->out};

    if (!fake->over)
        follow(fake, &turn, smtp_client_kind.nudged(fake->session, why, &turn));
}

void fake_client_cut(struct fake_client *fake)
{
    if (fake->session)
        smtp_client_kind.free(fake->session);
    fake->session = NULL;
    fake->over = true;
}

void fake_client_end(struct fake_client *fake)
{
    fake_client_cut(fake);
    out_mail_free(fake->talk.mail);
    bytes_clear(&fake->unread);
    bytes_clear(&fake->out);
}

/* Says the script, a part each time the client has spoken. */
void fake_client_says(struct fake_client *fake, const char *says)
{
    struct slice rest = slice_of(says);

    while (*says && rest.at && !fake->over) {
        struct slice part = slice_cut(&rest, '|');
        scoped_value(bytes) text = {0};
        while (part.at) {
            bytes_add(&text, slice_cut(&part, ';'));
            bytes_add_text(&text, "\r\n");
        }
        fake_client_hear(fake, bytes_slice(&text));
    }
}

/* And then the connection ends. */
void fake_client_play(struct fake_client *fake, const char *says)
{
    fake_client_says(fake, says);
    fake_client_cut(fake);
}

/* Ours, line ends as '|'. */
const char *fake_client_said(const struct fake_client *fake)
{
    static char text[4000];
    size_t len = 0;

    for (size_t i = 0; i < fake->out.len && len + 1 < sizeof text; i++)
        if (fake->out.at[i] == '\n')
            text[len++] = '|';
        else if (fake->out.at[i] != '\r')
            text[len++] = fake->out.at[i];
    text[len] = '\0';
    return text;
}
