/* One transaction: MAIL, RCPT, DATA, the text. */
#include "client_private.h"

#include "memory.h"

#include <stdio.h>

enum { ADDRESS_MAX = 320 };

static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* Whether it can be written into a command at all. */
static bool is_sendable(const char *address)
{
    struct slice whole = slice_of(address);
    size_t at = slice_find_last(whole, '@');

    if (at == SIZE_MAX || at == 0 || at + 1 == whole.len || whole.len > ADDRESS_MAX)
        return false;
    for (size_t i = 0; i < whole.len; i++) {
        unsigned char c = (unsigned char)whole.at[i];
        bool in_domain = i > at;
        if (c < ' ' || c == 0x7f || (in_domain && strchr(" <>", c)))
            return false;
    }
    return true;
}

static bool is_atom_char(char c)
{
    return (unsigned char)c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || strchr("!#$%&'*+-/=?^_`{|}~", c);
}

/* RFC 5321 4.1.2 */
static bool is_dot_string(struct slice local)
{
    bool at_start = true;

    for (size_t i = 0; i < local.len; i++) {
        bool dot = local.at[i] == '.';
        if (dot ? at_start : !is_atom_char(local.at[i]))
            return false;
        at_start = dot;
    }
    return !at_start;
}

static void add_path(struct bytes *out, const char *address)
{
    struct slice whole = slice_of(address);
    size_t at = slice_find_last(whole, '@');
    struct slice local = slice_first(whole, at);

    if (whole.len == 0 || is_dot_string(local)) {
        bytes_print(out, "<%s>", address);
        return;
    }
    bytes_add(out, SLICE("<\""));
    for (size_t i = 0; i < local.len; i++) {
        if (local.at[i] == '"' || local.at[i] == '\\')
            bytes_add_char(out, '\\');
        bytes_add_char(out, local.at[i]);
    }
    bytes_print(out, "\"%s>", address + at);
}

static bool addresses_need_utf8(const struct out_mail *mail)
{
    bool ascii = is_ascii(mail->mail_from);

    for (size_t i = 0; i < mail->count; i++)
        ascii = ascii &&
                (mail->recipients[i].fate != OUT_OPEN || is_ascii(mail->recipients[i].address));
    return !ascii;
}

static bool needs_utf8(const struct out_mail *mail)
{
    return mail->utf8_header || addresses_need_utf8(mail);
}

/* Why this server cannot have this mail; NULL: it can. */
static const char *why_unfit(const struct client *c)
{
    const struct out_mail *mail = c->talk->mail;
    const struct smtp_offers *offers = &c->offers;

    if (offers->size > 0 && mail->size > offers->size)
        return "552 5.3.4 Their server takes no mail of this size";
    if (addresses_need_utf8(mail) && !offers->utf8)
        return "553 5.6.7 Their server cannot take an address with letters beyond ASCII";
    if (mail->utf8_header && !offers->utf8)
        return "554 5.6.9 Their server cannot take a header with letters beyond ASCII";
    if (mail->eight_bit && !offers->eight_bit)
        return "554 5.6.3 Their server takes mail in 7 bits alone";
    return NULL;
}

static void refuse_unsendable(struct out_mail *mail)
{
    for (size_t i = 0; i < mail->count; i++) {
        struct out_recipient *recipient = &mail->recipients[i];
        if (recipient->fate != OUT_OPEN || is_sendable(recipient->address))
            continue;
        recipient->fate = OUT_REFUSED;
        snprintf(recipient->reply, sizeof recipient->reply, "553 5.1.3 This is no address");
    }
    if (*mail->mail_from && !is_sendable(mail->mail_from))
        out_decide(mail, OUT_REFUSED, "553 5.1.7 The sender's is no address");
}

/* What its author asked of reports goes on to who makes them (RFC 3461 4, 5.2.1). */
static void say_wish(const struct out_recipient *recipient, struct bytes *out)
{
    static const char *const names[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};
    char before = '=';

    if (recipient->wish.notify)
        bytes_add(out, SLICE(" NOTIFY"));
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        if (!(recipient->wish.notify & 1u << i))
            continue;
        bytes_add_char(out, before);
        bytes_add_text(out, names[i]);
        before = ',';
    }
    if (recipient->wish.orcpt)
        bytes_print(out, " ORCPT=%s", recipient->wish.orcpt);
}

static void say_recipient(struct client *c, const struct out_recipient *recipient)
{
    bytes_add(c->turn->out, SLICE("RCPT TO:"));
    add_path(c->turn->out, recipient->address);
    if (c->offers.dsn)
        say_wish(recipient, c->turn->out);
    bytes_add(c->turn->out, SLICE("\r\n"));
}

/* One, or with PIPELINING all for whom there is room.  False: nobody is left to be named. */
static bool name_recipients(struct client *c)
{
    const struct out_mail *mail = c->talk->mail;
    size_t at = client_next_to_name(c, c->asked);

    if (at == mail->count)
        return false;
    for (bool more = true; more && at < mail->count; at = client_next_to_name(c, c->asked)) {
        say_recipient(c, &mail->recipients[at]);
        client_named(c, &mail->recipients[at]);
        c->asked = at + 1;
        more = c->offers.pipelining;
    }
    if (c->offers.pipelining) { /* RFC 2920 3.1: DATA may end the group */
        bytes_add(c->turn->out, SLICE("DATA\r\n"));
        c->data_said = true;
    }
    return true;
}

static void say_terms(const struct mail_terms *terms, struct bytes *out)
{
    if (terms->dsn_return != DSN_RETURN_UNSAID)
        bytes_add_text(out, terms->dsn_return == DSN_RETURN_FULL ? " RET=FULL" : " RET=HDRS");
    if (terms->envid)
        bytes_print(out, " ENVID=%s", terms->envid);
}

static void say_mail(struct client *c)
{
    const struct out_mail *mail = c->talk->mail;
    struct bytes *out = c->turn->out;

    bytes_add(out, SLICE("MAIL FROM:"));
    add_path(out, mail->mail_from);
    if (c->offers.sized)
        bytes_print(out, " SIZE=%lld", (long long)mail->size);
    if (c->offers.eight_bit && mail->eight_bit)
        bytes_add(out, SLICE(" BODY=8BITMIME"));
    if (c->offers.utf8 && needs_utf8(mail))
        bytes_add(out, SLICE(" SMTPUTF8"));
    if (c->offers.dsn)
        say_terms(&mail->terms, out);
    if (mail->terms.require_tls)
        bytes_add(out, SLICE(" REQUIRETLS"));
    bytes_add(out, SLICE("\r\n"));
}

enum next client_mail(struct client *c)
{
    struct out_mail *mail = c->talk->mail;
    const char *why = why_unfit(c);

    refuse_unsendable(mail);
    if (why)
        out_decide(mail, OUT_REFUSED, why);
    if (!out_is_open(mail))
        return client_finish(c);
    if (client_next_to_name(c, 0) == mail->count)
        return client_quit(c);
    say_mail(c);
    c->mails_said++;
    mail->unreporting = !c->offers.dsn;
    client_enter(c, CLIENT_MAIL);
    if (c->offers.pipelining)
        name_recipients(c);
    return NEXT_READ;
}

static enum out_fate fate_of(const struct smtp_reply *reply)
{
    if (reply_is(reply, 2))
        return OUT_TAKEN;
    return reply_is(reply, 5) ? OUT_REFUSED : OUT_LATER;
}

/* Everybody who is still open hears this. */
static enum next decide(struct client *c, const struct smtp_reply *reply)
{
    char words[OUT_REPLY_SIZE];

    smtp_reply_print(reply, words, sizeof words);
    out_decide(c->talk->mail, fate_of(reply), words);
    return client_finish(c);
}

/* Whom they accepted hears this; for others there was no room. */
static enum next decide_accepted(struct client *c, const struct smtp_reply *reply)
{
    for (size_t i = 0; i < c->talk->mail->count; i++) {
        struct out_recipient *recipient = &c->talk->mail->recipients[i];
        if (!c->accepted[i])
            continue;
        recipient->fate = fate_of(reply);
        smtp_reply_print(reply, recipient->reply, sizeof recipient->reply);
    }
    return client_finish(c);
}

enum next client_mail_answered(struct client *c, const struct smtp_reply *reply)
{
    if (reply_is(reply, 3))
        return client_no_sense(c);
    c->talk->mail->host = OUT_HOST_SPOKE;
    c->tangled = !reply_is(reply, 2) && c->data_said;
    if (!reply_is(reply, 2))
        return decide(c, reply);
    client_enter(c, CLIENT_RCPT);
    if (!c->offers.pipelining)
        name_recipients(c);
    return NEXT_READ;
}

static bool any_accepted(const struct client *c)
{
    for (size_t i = 0; i < c->talk->mail->count; i++)
        if (c->accepted[i])
            return true;
    return false;
}

static void note_recipient(struct client *c, size_t at, const struct smtp_reply *reply)
{
    struct out_recipient *recipient = &c->talk->mail->recipients[at];

    if (client_hears_too_many(c, reply)) { /* open: the next transaction is for them */
        c->full = true;
        return;
    }
    c->accepted[at] = reply_is(reply, 2);
    if (c->accepted[at])
        return;
    recipient->fate = fate_of(reply);
    smtp_reply_print(reply, recipient->reply, sizeof recipient->reply);
}

enum next client_rcpt_answered(struct client *c, const struct smtp_reply *reply)
{
    size_t at = client_next_open(c, c->answered);

    if (reply_is(reply, 3))
        return client_no_sense(c);
    c->answered = at + 1;
    note_recipient(c, at, reply);
    client_enter(c, CLIENT_RCPT);
    if (client_next_open(c, c->answered) < c->asked || name_recipients(c))
        return NEXT_READ;
    if (!any_accepted(c) && !c->data_said)
        return client_finish(c);
    if (!c->data_said)
        bytes_add(c->turn->out, SLICE("DATA\r\n"));
    client_enter(c, CLIENT_DATA);
    return NEXT_READ;
}

enum next client_data_answered(struct client *c, const struct smtp_reply *reply)
{
    if (reply_is(reply, 2))
        return client_no_sense(c);
    if (!reply_is(reply, 3))
        return decide_accepted(c, reply);
    if (!any_accepted(c)) { /* no text, and whatever they say to that is nobody's */
        bytes_add(c->turn->out, SLICE(".\r\n"));
        client_enter(c, CLIENT_VOID);
        return NEXT_READ;
    }
    client_enter(c, CLIENT_TEXT);
    return client_next_piece(c);
}

enum next client_next_piece(struct client *c)
{
    c->turn->errand = c->talk->duties->piece(c->talk->mail->body, c->offset);
    return NEXT_WAIT;
}

enum next client_take_piece(struct client *c, struct errand *back)
{
    struct out_piece *piece = container_of(back, struct out_piece, errand);
    bool ok = back->ok, last = piece->last;

    out_text_add(&c->text, bytes_slice(&piece->text), c->turn->out);
    c->offset += (int64_t)piece->text.len;
    errand_free(back);
    if (!ok) /* without the dot it is no mail */
        return client_end(c, TALK_CUT, "our server could not read the mail");
    if (!last)
        return NEXT_MORE;
    out_text_end(&c->text, c->turn->out);
    client_enter(c, CLIENT_DOT);
    return NEXT_READ;
}

enum next client_void_answered(struct client *c, const struct smtp_reply *reply)
{
    (void)reply;
    return client_finish(c);
}

enum next client_dot_answered(struct client *c, const struct smtp_reply *reply)
{
    if (reply_is(reply, 3))
        return client_no_sense(c);
    return decide_accepted(c, reply);
}
