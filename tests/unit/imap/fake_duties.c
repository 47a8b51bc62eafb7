#include "fake_duties.h"

#include "memory.h"

#include <stdio.h>

struct imap_body {
    struct fake *fake;
    struct bytes text;
};

static struct done *done_of(struct errand *errand)
{
    return container_of(errand, struct done, any.base.errand);
}

static void done_free(struct errand *errand)
{
    struct done *done = done_of(errand);

    if (done->clear)
        done->clear(done);
    number_set_clear(&done->uids);
    free(done);
}

struct done *done_new(void (*clear)(struct done *))
{
    struct done *done = must_new(struct done);

    done->any.base.errand.free = done_free;
    done->any.base.errand.ok = true;
    done->clear = clear;
    return done;
}

void fake_work(struct errand *errand)
{
    struct done *done = done_of(errand);

    if (done->slice)
        done->slice(done);
}

struct errand *errand_of(struct done *done)
{
    return &done->any.base.errand;
}

struct errand *fake_failed(enum err_kind kind, const char *words)
{
    struct done *done = done_new(NULL);

    done->any.base.errand.ok = false;
    err_set(&done->any.base.errand.err, kind, "%s", words);
    return errand_of(done);
}

struct errand *fake_gone(void)
{
    struct errand *errand = fake_failed(ERR_ABSENT, "This mailbox is gone");

    done_of(errand)->any.base.gone = true;
    return errand;
}

/* ---- who ---- */

static struct errand *fake_login(void *ctx, const struct peer *peer, struct slice name,
                                 struct slice password)
{
    (void)peer;
    struct done *done = done_new(NULL);

    (void)ctx;
    if (slice_is(name, "alice@home.test") && slice_is(password, "secret"))
        done->any.login.account_id = 1;
    return errand_of(done);
}

static struct errand *fake_challenge(void *ctx, struct slice name)
{
    (void)ctx, (void)name;
    return errand_of(done_new(NULL));
}

static struct errand *fake_prove(void *ctx, struct slice name, struct slice message,
                                 struct slice proof)
{
    struct done *done = done_new(NULL);

    (void)ctx, (void)message;
    if (slice_is(name, "alice@home.test") && slice_is(proof, "right proof"))
        done->any.login.account_id = 1;
    return errand_of(done);
}

static bool fake_login_busy(void *ctx)
{
    return ((struct fake *)ctx)->login_busy;
}

/* ---- mailboxes ---- */

static struct imap_mailbox inbox(const struct fake *fake)
{
    return (struct imap_mailbox){
        .id = 1,
        .name = must_dup("INBOX"),
        .subscribed = true,
        .uid_validity = 7,
        .uid_next = fake->count ? fake->messages[fake->count - 1].uid + 1 : 1,
        .modseq = fake->modseq,
        .exists = (uint32_t)fake->count,
    };
}

static void listing_clear(struct done *done)
{
    for (size_t i = 0; i < done->any.listing.count; i++)
        imap_mailbox_clear(&done->any.listing.at[i]);
    free(done->any.listing.at);
}

static struct errand *fake_list(void *ctx, int64_t account_id, bool count)
{
    struct done *done = done_new(listing_clear);
    struct imap_listing *listing = &done->any.listing;

    const struct fake *fake = ctx;
    struct slice names = slice_of(fake->mailboxes);

    (void)account_id, (void)count;
    while (fake->mailboxes && names.at && names.len > 0) {
        struct slice name = slice_cut(&names, ' ');
        bool gone = slice_ends(name, SLICE("-"));
        bool subscribed = gone || slice_ends(name, SLICE("+"));
        must_make_room(listing->at, listing->count, listing->capacity);
        listing->at[listing->count++] =
            (struct imap_mailbox){.id = 3,
                                  .name = must_copy(slice_first(name, name.len - subscribed)),
                                  .subscribed = subscribed,
                                  .gone = gone};
    }
    if (fake->mailboxes)
        return errand_of(done);
    listing->at = must_alloc_array(2, sizeof listing->at[0]);
    listing->count = 2;
    listing->at[0] = inbox(ctx);
    listing->at[1] = (struct imap_mailbox){
        .id = 2, .name = must_dup("Work/Old"), .special = SPECIAL_ARCHIVE, .uid_validity = 8};
    return errand_of(done);
}

static struct errand *fake_status(void *ctx, int64_t account_id, struct slice name)
{
    struct done *done = done_new(listing_clear);
    struct imap_listing *listing = &done->any.listing;

    (void)account_id;
    if (!slice_is(name, "INBOX")) {
        done->any.base.refused = true;
        strcpy(done->any.base.code, "NONEXISTENT");
        return errand_of(done);
    }
    listing->at = must_alloc_array(1, sizeof listing->at[0]);
    listing->count = 1;
    listing->at[0] = inbox(ctx);
    return errand_of(done);
}

static struct errand *fake_change(void *ctx, int64_t account_id, enum mailbox_change change,
                                  struct slice name, struct slice new_name,
                                  enum imap_special special)
{
    (void)ctx, (void)account_id, (void)new_name, (void)special;
    if (slice_is(name, "INBOX"))
        return fake_failed(ERR_REFUSED, "INBOX stays");
    struct done *done = done_new(NULL);
    if (change ==
        MAILBOX_DELETE) /* Work/New: what is open, by the name that somebody gave it since */
        done->any.base.deleted = slice_is(name, "Work/New") ? 1 : 2;
    return errand_of(done);
}

static struct errand *fake_quota(void *ctx, int64_t account_id)
{
    struct done *done = done_new(NULL);

    (void)ctx, (void)account_id;
    done->any.quota = (struct imap_quota){done->any.base, 2048, 1024 * 1024};
    return errand_of(done);
}

static void notes_clear(struct done *done)
{
    imap_notes_clear(&done->any.notes.notes);
}

static struct errand *fake_notes(void *ctx, int64_t account_id, struct slice mailbox,
                                 const struct imap_notes *wanted)
{
    const struct fake *fake = ctx;
    struct done *done = done_new(notes_clear);
    struct imap_notes *notes = &done->any.notes.notes;

    (void)account_id, (void)wanted;
    if (mailbox.len == 0)
        imap_notes_add(notes, must_dup("/shared/admin"), must_dup("mailto:postmaster@home.test"));
    for (size_t i = 0; mailbox.len > 0 && i < fake->notes.count; i++)
        imap_notes_add(notes, must_dup(fake->notes.at[i].name), must_dup(fake->notes.at[i].value));
    return errand_of(done);
}

static struct errand *fake_note(void *ctx, int64_t account_id, struct slice mailbox,
                                struct imap_notes *notes)
{
    struct fake *fake = ctx;

    (void)account_id, (void)mailbox;
    if (fake->notes.count + notes->count > 8)
        return fake_failed(ERR_REFUSED, "There are 8 notes, the limit here");
    for (size_t i = 0; i < notes->count; i++)
        if (notes->at[i].value)
            imap_notes_add(&fake->notes, must_dup(notes->at[i].name), must_dup(notes->at[i].value));
    return errand_of(done_new(NULL));
}

/* ---- what lies there ---- */

void fake_add_entry(struct imap_changes *changes, const struct fake_message *message)
{
    must_make_room(changes->at, changes->count, changes->capacity);
    changes->at[changes->count++] = (struct imap_entry){
        message->uid, message->flags, message->keywords[0] ? must_dup(message->keywords) : NULL,
        message->modseq};
}

void fake_opened_clear(struct done *done)
{
    imap_opened_clear(&done->any.opened);
}

static void fill_changes(const struct fake *fake, int64_t since, struct imap_changes *out)
{
    out->modseq = out->modseq_before = fake->modseq;
    for (size_t i = 0; i < fake->count; i++)
        if (fake->messages[i].modseq > since)
            fake_add_entry(out, &fake->messages[i]);
    for (size_t i = 0; i < fake->gone_count; i++)
        if (fake->gone_modseq[i] > since)
            number_set_add(&out->vanished, fake->gone[i], fake->gone[i]);
}

static struct errand *fake_open(void *ctx, int64_t account_id, struct slice name, int64_t since,
                                const struct number_set *known)
{
    struct fake *fake = ctx;
    struct done *done = done_new(fake_opened_clear);
    struct imap_opened *opened = &done->any.opened;

    (void)account_id, (void)known;
    if (!slice_is(name, "INBOX")) {
        done->any.base.refused = true;
        strcpy(done->any.base.code, "NONEXISTENT");
        strcpy(done->any.base.words, "There is no such mailbox");
        return errand_of(done);
    }
    opened->mailbox = inbox(fake);
    opened->changes.modseq = fake->modseq;
    if (since)
        fill_changes(fake, since, &opened->changes);
    for (size_t i = 0; i < fake->count; i++) {
        must_make_room(opened->uids, opened->count, opened->capacity);
        opened->uids[opened->count++] = fake->messages[i].uid;
        if (!opened->first_unseen && !(fake->messages[i].flags & IMAP_SEEN))
            opened->first_unseen = fake->messages[i].uid;
    }
    return errand_of(done);
}

static struct errand *fake_changes(void *ctx, int64_t mailbox_id, int64_t since)
{
    struct fake *fake = ctx;
    struct done *done = done_new(fake_opened_clear);

    (void)mailbox_id;
    if (fake->inbox_gone) {
        done_free(errand_of(done));
        return fake_gone();
    }
    if (fake->failing_looks > 0) {
        fake->failing_looks--;
        done_free(errand_of(done));
        return fake_failed(ERR_TEMPORARY, "The disk is slow");
    }
    fill_changes(ctx, since, &done->any.opened.changes);
    return errand_of(done);
}

static void found_clear(struct done *done)
{
    free(done->any.found.uids);
    free(done->any.found.threads.at);
    number_set_clear(&done->any.found.set);
}

static struct errand *fake_search(void *ctx, int64_t mailbox_id, const struct search_key *key,
                                  uint32_t last_uid, const struct search_order *order)
{
    struct fake *fake = ctx;
    struct search_key copy;

    (void)mailbox_id;
    if (fake->inbox_gone)
        return fake_gone();
    struct done *done = done_new(found_clear);
    struct imap_found *found = &done->any.found;
    search_key_copy(key, &copy); /* every message whose UID is a multiple of 20 */
    search_key_clear(&copy);
    for (size_t i = 0; i < fake->count; i++)
        if (fake->messages[i].uid <= last_uid && fake->messages[i].uid % 20 == 0) {
            must_make_room(found->uids, found->count, found->capacity);
            found->uids[found->count++] = fake->messages[i].uid;
            number_set_add(&found->set, fake->messages[i].uid, fake->messages[i].uid);
            found->modseq_last = fake->messages[i].modseq;
            if (found->count == 1)
                found->modseq_first = found->modseq_last;
        }
    found->modseq = fake->modseq;
    if (order->shape == SHAPE_SORTED && order->keys[0].reverse && found->count == 2) {
        uint32_t first = found->uids[0];
        int64_t modseq = found->modseq_first;
        found->uids[0] = found->uids[1];
        found->uids[1] = first;
        found->modseq_first = found->modseq_last;
        found->modseq_last = modseq;
    }
    if (order->shape >= SHAPE_SUBJECTS && found->count == 2) { /* (2 (4)(2))(4) */
        static const uint32_t words[] = {THREAD_OPENS,  20,           THREAD_OPENS, 40,
                                         THREAD_CLOSES, THREAD_OPENS, 20,           THREAD_CLOSES,
                                         THREAD_CLOSES, THREAD_OPENS, 40,           THREAD_CLOSES};
        found->threads.at = must_alloc_array(COUNT_OF(words), sizeof words[0]);
        memcpy(found->threads.at, words, sizeof words);
        found->threads.count = COUNT_OF(words);
    }
    return errand_of(done);
}

/* ---- bodies ---- */

static struct imap_body *fake_body_new(void *ctx)
{
    struct imap_body *body = must_new(struct imap_body);

    body->fake = ctx;
    body->fake->bodies++;
    return body;
}

static bool fake_body_add(struct imap_body *body, struct slice s)
{
    bytes_add(&body->text, s);
    return body->text.len % 7 == 0;
}

static struct errand *fake_body_flush(struct imap_body *body)
{
    return body->fake->disk_full ? fake_failed(ERR_FULL, "The disk is full")
                                 : errand_of(done_new(NULL));
}

static void fake_body_free(struct imap_body *body)
{
    body->fake->bodies--;
    bytes_clear(&body->text);
    free(body);
}

static struct errand *fake_append(void *ctx, int64_t account_id, struct slice mailbox,
                                  const struct imap_message *messages, size_t count)
{
    struct fake *fake = ctx;
    struct done *done = done_new(fake_copied_clear);
    struct imap_copied *copied = &done->any.copied;

    (void)account_id;
    copied->to = must_alloc_array(count, sizeof copied->to[0]);
    copied->uid_validity = 8;
    for (size_t i = 0; i < count; i++) {
        copied->to[copied->count++] = 100 + (uint32_t)fake->appended++;
        bytes_reset(&fake->last_body);
        bytes_add(&fake->last_body, bytes_slice(&messages[i].body->text));
        free(messages[i].keywords);
        fake_body_free(messages[i].body);
    }
    if (slice_is(mailbox, "Nowhere")) {
        done_free(errand_of(done));
        return fake_failed(ERR_ABSENT, "There is no such mailbox; create it");
    }
    return errand_of(done);
}

struct imap_duties fake_duties(struct fake *fake)
{
    return (struct imap_duties){
        .ctx = fake,
        .hostname = "mx.home.test",
        .message_max = 1024 * 1024,
        .is_login_busy = fake_login_busy,
        .owners = tally_new(),
        .roll = &fake->roll,
        .logins = logins_new(),
        .timer = &fake->timer.clock,
        .login = fake_login,
        .challenge = fake_challenge,
        .prove = fake_prove,
        .list = fake_list,
        .status = fake_status,
        .change_mailbox = fake_change,
        .quota = fake_quota,
        .notes = fake_notes,
        .note = fake_note,
        .open = fake_open,
        .changes = fake_changes,
        .rows = fake_rows,
        .piece = fake_piece,
        .search = fake_search,
        .flags = fake_flags,
        .expunge = fake_expunge,
        .copy = fake_copy,
        .take_out = fake_take_out,
        .body_new = fake_body_new,
        .body_add = fake_body_add,
        .body_flush = fake_body_flush,
        .body_free = fake_body_free,
        .append = fake_append,
    };
}
