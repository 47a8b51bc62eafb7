/* The driver. */
#include "fake_duties.h"

#include "imap_private.h"

#include <assert.h>

static void add_message(struct fake *fake)
{
    uint32_t uid = fake->count ? fake->messages[fake->count - 1].uid + 10 : 1000;

    if (fake->count < FAKE_MESSAGES)
        fake->messages[fake->count++] = (struct fake_message){.uid = uid, .modseq = ++fake->modseq};
}

static void nudge_nobody(void *ctx, int64_t topic)
{
    (void)ctx, (void)topic;
}

static void follow(struct fake *fake, struct turn *turn, enum next next)
{
    bytes_drop_front(&fake->unread, turn->used);
    while (next != NEXT_READ && next != NEXT_HANG_UP) {
        struct turn again = {.out = &fake->out, .crowded = fake->crowded};
        if (next == NEXT_COMPRESS) {
            next = fake->unread.len > 0 ? NEXT_HANG_UP : NEXT_READ;
            break;
        }
        if (next == NEXT_WAIT) {
            fake->timer.now_ms += fake->errands_take_ms;
            fake_work(turn->errand);
            if (fake->arrives_unheard && turn->watch >> 56 != TOPIC_MAILBOX) {
                fake->arrives_unheard = false;
                add_message(fake);
            }
            if (fake->changes_password)
                roll_end(&fake->roll, 1, NULL, NULL); /* nobody is in yet */
            fake->changes_password = false;
            next = imap_session_kind.resume(fake->session, turn->errand, &again);
        } else if (next == NEXT_START_TLS) {
            struct tls_facts facts = {.version = "TLSv1.3"};
            if (fake->unread.len > 0) { /* as the driver does: bytes that came early end it */
                next = NEXT_HANG_UP;
                break;
            }
            next = imap_session_kind.secured(fake->session, &facts, &again);
        } else {
            /* News at the worst time: what is being sent goes on. */
            if (fake->dismisses)
                roll_end(&fake->roll, 1, nudge_nobody, fake);
            next = imap_session_kind.nudged(fake->session, NUDGE_CHANGE, &again);
            assert(next == (fake->dismisses ? NEXT_HANG_UP : NEXT_MORE));
            if (next == NEXT_MORE)
                next = imap_session_kind.more(fake->session, &again);
        }
        *turn = again;
    }
    fake->over = fake->over || next == NEXT_HANG_UP;
    fake->wake_at_ms = turn->wake_at_ms;
    fake->watch = turn->watch;
}

/* An answer is late: it comes at once. */
static bool rests(const struct fake *fake)
{
    return !fake->over && ((const struct imap_session *)fake->session)->late;
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
        follow(fake, &turn, imap_session_kind.read(fake->session, &turn));
        if (rests(fake)) {
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

void fake_say(struct fake *fake, const char *said)
{
    struct slice rest = slice_of(said);

    while (rest.at)
        fake_feed(fake, slice_cut(&rest, '|'));
}

void fake_nudge(struct fake *fake, enum nudge why)
{
    struct turn turn = {.out = &fake->out, .crowded = fake->crowded};

    if (!fake->over)
        follow(fake, &turn, imap_session_kind.nudged(fake->session, why, &turn));
}

void fake_arrive(struct fake *fake)
{
    add_message(fake);
    fake_nudge(fake, NUDGE_CHANGE);
}

void fake_vanish(struct fake *fake, uint32_t uid)
{
    fake->modseq++;
    for (size_t i = 0; i < fake->count; i++)
        if (fake->messages[i].uid == uid) {
            fake_remove_at(fake, i);
            break;
        }
    fake_nudge(fake, NUDGE_CHANGE);
}

void fake_begin(struct fake *fake, bool secured, size_t count)
{
    *fake = (struct fake){
        .peer = {.text = "192.0.2.7", .service = "imap", .secured = secured},
        .modseq = 1,
        .copies_left = -1
    };
    for (size_t i = 0; i < count; i++)
        fake->messages[fake->count++] =
            (struct fake_message){.uid = 10 * ((uint32_t)i + 1), .modseq = ++fake->modseq};
    test_clock_init(&fake->timer, 1000000);
    fake->duties = fake_duties(fake);
    fake->session = imap_wire_session_new(&fake->duties, &fake->peer);
    struct turn turn = {.out = &fake->out, .crowded = fake->crowded};
    follow(fake, &turn, imap_session_kind.begin(fake->session, &fake->peer, &turn));
    if (secured) {
        struct tls_facts facts = {.version = "TLSv1.3", .channel_binding_len = 32};
        follow(fake, &turn, imap_session_kind.secured(fake->session, &facts, &turn));
    }
}

void fake_end(struct fake *fake)
{
    imap_session_kind.free(fake->session);
    bytes_clear(&fake->unread);
    bytes_clear(&fake->out);
    bytes_clear(&fake->last_body);
    bytes_clear(&fake->taken_out);
    imap_notes_clear(&fake->notes);
    tally_free(fake->duties.owners);
    logins_free(fake->duties.logins);
}
