/*
 * The client session before a hostile server: the first byte chooses how the mail is, the second how many others
 * may follow it, 0xff parts what arrives in one read.
 *
 * Beyond not crashing: unread bytes stay bounded, nothing we say is a command that an answer made up, and nobody is
 * taken without a dot.
 */
#include "../unit/smtp/fake_client.h"
#include "log.h"
#include "memory.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_login(struct out_mail *mail)
{
    mail->login = must_dup("me");
    mail->password = must_dup("sesame");
}

/* Every line of ours up to DATA begins with a command of ours. */
static void check_commands(struct slice said)
{
    static const char *const commands[] = {"EHLO ",       "HELO ",       "STARTTLS",
                                           "AUTH PLAIN ", "MAIL FROM:<", "RCPT TO:<",
                                           "DATA",        "RSET",        "QUIT"};

    while (said.at && said.len > 0) {
        struct slice line = slice_line(&said);
        bool known = false;
        for (size_t i = 0; i < COUNT_OF(commands); i++)
            known |= slice_starts(line, slice_of(commands[i]));
        assert(known);
        if (slice_is(line, "DATA"))
            return;
    }
}

static void check_end(struct fake_client *fake)
{
    const struct out_mail *mail = fake->talk.mail;
    bool dot = slice_find_text(bytes_slice(&fake->out), SLICE("\r\n.\r\n")) != SIZE_MAX;

    check_commands(bytes_slice(&fake->out));
    for (size_t i = 0; i < mail->count; i++) {
        assert(mail->recipients[i].fate != OUT_TAKEN || dot);
        assert(mail->recipients[i].fate == OUT_OPEN || mail->recipients[i].reply[0]);
        for (const char *c = mail->recipients[i].reply; *c; c++)
            assert(*c >= ' ' && *c < 0x7f);
    }
    assert(fake->talk.end == TALK_DONE || fake->talk.reply[0]);
    assert(fake->talk.end != TALK_DONE || !out_is_open(mail));
}

static int further; /* mails that may still come: the same once more */

static void nothing_free(struct errand *errand)
{
    free(errand);
}

static struct errand *more(struct out_talk *talk)
{
    struct errand *errand = must_new(struct errand);

    assert(!out_is_open(talk->mail) && !out_is_unrecorded(talk->mail));
    errand->free = nothing_free;
    return errand;
}

static bool fits(struct out_talk *talk, struct errand *back)
{
    errand_free(back);
    if (further-- <= 0)
        return false;
    for (size_t i = 0; i < talk->mail->count; i++) {
        talk->mail->recipients[i].fate = OUT_OPEN;
        talk->mail->recipients[i].recorded = false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake_client fake;

    if (size < 2)
        return 0;
    log_set_level(LOG_ERROR);
    struct out_mail *mail = fake_mail(data[0] & 0x80 ? "A: \xc3\xbc\n\n.\n" : "A: b\n\nhi",
                                      data[0] & 7u ? data[0] & 7u : 1);
    if (data[0] & 0x40)
        add_login(mail);
    fake_client_begin(&fake, mail, (enum tls_demand)(data[0] >> 3 & 3));
    fake.shake_fails = data[0] & 0x20;
    fake.piece_size = 3;
    fake.talk.more = more;
    fake.talk.fits = fits;
    further = data[1] & 3;
    struct slice rest = {(const char *)data + 2, size - 2};
    while (rest.at && !fake.over) {
        fake_client_hear(&fake, slice_cut(&rest, '\xff'));
        assert(fake.over || fake.unread.len <= 64 * 1024);
    }
    fake_client_nudge(&fake, NUDGE_TIMER);
    fake_client_cut(&fake);
    check_end(&fake);
    fake_client_end(&fake);
    return 0;
}
