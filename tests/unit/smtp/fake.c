#include "fake.h"

#include "memory.h"
#include "smtp_private.h"

#include <stdio.h>

struct smtp_body {
    struct fake *fake;
    struct bytes text;
    size_t flushed;
};

struct done_errand { /* results are filled when it is made; doing it is nothing */
    struct smtp_errand base;
    struct smtp_body *body;
    int firsts;
};

static void done_free(struct errand *errand)
{
    struct done_errand *done = container_of(errand, struct done_errand, base.errand);

    if (done->base.first)
        errand_free(done->base.first);
    if (done->body) {
        bytes_clear(&done->body->text);
        free(done->body);
    }
    free(done);
}

static struct done_errand *done_new(int code, const char *status, const char *words)
{
    struct done_errand *done = must_new(struct done_errand);

    done->base.errand.free = done_free;
    done->base.errand.ok = true;
    done->base.code = code;
    snprintf(done->base.status, sizeof done->base.status, "%s", status);
    snprintf(done->base.words, sizeof done->base.words, "%s", words);
    return done;
}

static void login_free(struct errand *errand)
{
    free(container_of(errand, struct login_errand, errand));
}

static struct login_errand *login_new(bool right)
{
    struct login_errand *login = must_new(struct login_errand);

    login->errand.free = login_free;
    login->errand.ok = true;
    login->account_id = right ? 1 : 0;
    memset(login->server_signature, 'v', sizeof login->server_signature);
    return login;
}

static struct errand *fake_login(void *ctx, const struct peer *peer, struct slice name,
                                 struct slice password)
{
    struct login_errand *login =
        login_new(slice_is_nocase(name, "alice@home.test") && slice_is(password, "secret"));

    (void)ctx, (void)peer;
    login->closed = slice_is(name, "asleep@home.test");
    return &login->errand;
}

static void challenge_free(struct errand *errand)
{
    free(container_of(errand, struct challenge_errand, errand));
}

static struct errand *fake_challenge(void *ctx, struct slice name)
{
    struct challenge_errand *challenge = must_new(struct challenge_errand);

    (void)ctx, (void)name;
    challenge->errand.free = challenge_free;
    challenge->errand.ok = true;
    memset(challenge->salt, 's', sizeof challenge->salt);
    challenge->iterations = 4096;
    return &challenge->errand;
}

static struct errand *fake_prove(void *ctx, struct slice name, struct slice auth_message,
                                 struct slice proof)
{
    (void)ctx, (void)auth_message;
    return &login_new(slice_is(name, "alice@home.test") && slice_is(proof, "right proof"))->errand;
}

static struct errand *fake_sender(void *ctx, int64_t account_id, struct slice mail_from)
{
    bool own = slice_is_nocase(mail_from, "alice@home.test");

    (void)ctx;
    own = own || account_id == 0;
    struct done_errand *done = done_new(own ? 250 : 550, own ? "2.1.0" : "5.7.1", "Not yours");
    if (slice_is(mail_from, "known@nowhere.test"))
        done->base.code = 550;
    done->base.answered = slice_starts_nocase(mail_from, "known@");
    return &done->base.errand;
}

static bool fake_has_room(void *ctx, enum smtp_door door, int64_t octets)
{
    return !((const struct fake *)ctx)->packed || door != SMTP_DOOR_MX || octets < 64 * 1024;
}

static struct errand *fake_recipient(void *ctx, const struct smtp_envelope *envelope,
                                     struct slice recipient)
{
    const struct smtp_errand *says = ((const struct fake *)ctx)->recipient_says;

    if (says)
        return &done_new(says->code, says->status, says->words)->base.errand;
    if (slice_starts_nocase(recipient, "nobody@"))
        return &done_new(550, "5.1.1", "There is no such person here.")->base.errand;
    if (envelope->require_tls && slice_ends_nocase(recipient, "@else.test"))
        return &done_new(550, "5.7.30", "Not all the way")->base.errand;
    if (envelope->door == SMTP_DOOR_MX && !slice_ends_nocase(recipient, "@home.test") &&
        !slice_is_nocase(recipient, "postmaster"))
        return &done_new(550, "5.7.1", "Not here")->base.errand;
    return &done_new(250, "2.1.5", "OK")->base.errand;
}

static struct smtp_body *fake_body_new(void *ctx, enum smtp_door door)
{
    struct smtp_body *body = must_new(struct smtp_body);

    body->fake = ctx;
    body->fake->body_door = door;
    body->fake->bodies++;
    return body;
}

static bool fake_body_add(struct smtp_body *body, struct slice s)
{
    bytes_add(&body->text, s);
    return body->text.len - body->flushed >= 64 * 1024;
}

static struct errand *fake_body_flush(struct smtp_body *body)
{
    struct done_errand *done = done_new(0, "", "");

    body->flushed = body->text.len;
    body->fake->timer.now_ms += body->fake->flush_takes_ms;
    if (++body->fake->flushes == body->fake->flush_fails_at) {
        done->base.errand.ok = false;
        err_set(&done->base.errand.err, ERR_FULL, "The disk is full");
    }
    return &done->base.errand;
}

static void fake_body_free(struct smtp_body *body)
{
    body->fake->bodies--;
    bytes_clear(&body->text);
    free(body);
}

static struct errand *fake_take(void *ctx, const struct smtp_mail *mail)
{
    struct fake *fake = ctx;
    const struct smtp_errand *says = fake->take_says;
    struct done_errand *done =
        says ? done_new(says->code, says->status, says->words) : done_new(250, "2.0.0", "Taken");

    done->body = mail->body;
    fake->bodies--;
    done->firsts = fake->first_errands;
    if (done->firsts > 0)
        done->base.first = &done_new(0, "", "")->base.errand;
    if (fake->take_fails) {
        done->base.errand.ok = false;
        err_set(&done->base.errand.err, fake->take_fails, "It did not work");
        return &done->base.errand;
    }
    fake->mails++;
    bytes_reset(&fake->last_body);
    bytes_add(&fake->last_body, bytes_slice(&mail->body->text));
    snprintf(fake->last_from, sizeof fake->last_from, "%.*s", SLICE_ARGS(mail->mail_from));
    fake->last_recipients = mail->recipient_count;
    mail_terms_clear(&fake->last_terms);
    recipient_terms_clear(&fake->last_recipient_terms);
    fake->last_terms = mail_terms_copy(mail->terms);
    fake->last_recipient_terms = recipient_terms_copy(&mail->recipient_terms[0]);
    return &done->base.errand;
}

static void fake_fed(struct smtp_errand *take, struct errand *back)
{
    struct done_errand *done = container_of(take, struct done_errand, base);

    errand_free(back);
    if (--done->firsts > 0)
        take->first = &done_new(0, "", "")->base.errand;
}

static bool fake_busy(void *ctx)
{
    struct fake *fake = ctx;

    return fake->busy;
}

static bool fake_login_busy(void *ctx)
{
    struct fake *fake = ctx;

    return fake->login_busy;
}

/* Carries out next steps until the session wants bytes or hangs up. */
static void follow(struct fake *fake, struct turn *turn, enum next next)
{
    bytes_drop_front(&fake->unread, turn->used);
    while (next != NEXT_READ && next != NEXT_HANG_UP) {
        struct turn again = {.out = &fake->out, .crowded = fake->crowded};
        if (next == NEXT_WAIT) {
            if (fake->changes_password)
                roll_end(&fake->roll, 1, NULL, NULL); /* nobody is in yet */
            fake->changes_password = false;
            next = smtp_session_kind.resume(fake->session, turn->errand, &again);
        } else if (next == NEXT_START_TLS) {
            fake->secured = true;
            if (fake->unread.len > 0) { /* as the driver does: bytes that came early end it */
                next = NEXT_HANG_UP;
                break;
            }
            next = smtp_session_kind.secured(fake->session, &fake->tls, &again);
        } else {
            next = smtp_session_kind.more(fake->session, &again);
        }
        *turn = again;
    }
    fake->over = fake->over || next == NEXT_HANG_UP;
    fake->wake_at_ms = turn->wake_at_ms;
    fake->watch = turn->watch;
    fake->at_home |= turn->at_home;
}

/* An answer is late: it comes at once. */
static bool rests(const struct fake *fake)
{
    return !fake->over && ((const struct smtp_session *)fake->session)->late;
}

void fake_feed(struct fake *fake, struct slice bytes)
{
    if (fake->over)
        return;
    bytes_add(&fake->unread, bytes);
    for (size_t before = SIZE_MAX;
         !fake->over && fake->unread.len > 0 && fake->unread.len != before;) {
        before = fake->unread.len;
        struct turn turn = {
            .in = bytes_slice(&fake->unread), .out = &fake->out, .crowded = fake->crowded};
        follow(fake, &turn, smtp_session_kind.read(fake->session, &turn));
        if (rests(fake)) {
            fake->rests++;
            fake->timer.now_ms = fake->wake_at_ms;
            fake_nudge(fake, NUDGE_TIMER);
            before = SIZE_MAX;
        }
    }
}

void fake_pass(struct fake *fake, int64_t ms)
{
    fake->timer.now_ms += ms;
    if (!fake->over && fake->wake_at_ms <= fake->timer.now_ms)
        fake_nudge(fake, NUDGE_TIMER);
}

void fake_nudge(struct fake *fake, enum nudge why)
{
    struct turn turn = {.out = &fake->out, .crowded = fake->crowded};

    follow(fake, &turn, smtp_session_kind.nudged(fake->session, why, &turn));
}

void fake_begin(struct fake *fake, const char *service, bool require_tls)
{
    fake_begin_early(fake, service, require_tls, false);
}

void fake_begin_early(struct fake *fake, const char *service, bool require_tls, bool early)
{
    *fake = (struct fake){
        .peer = {.text = "192.0.2.7", .service = service}
    };
    test_clock_init(&fake->timer, 1000000);
    snprintf(fake->tls.version, sizeof fake->tls.version, "TLSv1.3");
    fake->peer.secured = strcmp(service, "submissions") == 0;
    fake->duties = (struct smtp_duties){
        .ctx = fake,
        .hostname = "mx.home.test",
        .message_max = 1024 * 1024,
        .recipients_max = 3,
        .require_tls = require_tls,
        .is_busy = fake_busy,
        .logins = logins_new(),
        .roll = &fake->roll,
        .owners = tally_new(),
        .sendings = rate_new(64, 1800),
        .timer = &fake->timer.clock,
        .is_login_busy = fake_login_busy,
        .login = fake_login,
        .challenge = fake_challenge,
        .prove = fake_prove,
        .sender = fake_sender,
        .has_room = fake_has_room,
        .recipient = fake_recipient,
        .body_new = fake_body_new,
        .body_add = fake_body_add,
        .body_flush = fake_body_flush,
        .body_free = fake_body_free,
        .take = fake_take,
        .fed = fake_fed,
    };
    fake->session = smtp_wire_session_new(&fake->duties, &fake->peer);
    struct turn turn = {.out = &fake->out, .early = early};
    follow(fake, &turn, smtp_session_kind.begin(fake->session, &fake->peer, &turn));
    if (fake->peer.secured)
        fake_secure(fake, &fake->tls);
}

void fake_secure(struct fake *fake, const struct tls_facts *tls)
{
    struct turn turn = {.out = &fake->out};

    fake->tls = *tls;
    follow(fake, &turn, smtp_session_kind.secured(fake->session, tls, &turn));
}

void fake_end(struct fake *fake)
{
    smtp_session_kind.free(fake->session);
    logins_free(fake->duties.logins);
    tally_free(fake->duties.owners);
    rate_free(fake->duties.sendings);
    bytes_clear(&fake->unread);
    bytes_clear(&fake->out);
    bytes_clear(&fake->last_body);
    mail_terms_clear(&fake->last_terms);
    recipient_terms_clear(&fake->last_recipient_terms);
}

void fake_say(struct fake *fake, const char *said)
{
    struct slice rest = slice_of(said);

    while (rest.at)
        fake_feed(fake, slice_cut(&rest, '|'));
}

const char *fake_last_line(struct fake *fake)
{
    static char line[600];
    struct slice out = slice_trim(bytes_slice(&fake->out));
    size_t start = slice_find_last(out, '\n');

    snprintf(line, sizeof line, "%.*s",
             SLICE_ARGS(slice_from(out, start == SIZE_MAX ? 0 : start + 1)));
    return line;
}
