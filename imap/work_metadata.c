/* Notes on mailboxes and on the server (RFC 5464). */
#include "imap_work.h"
#include "store_people.h"

enum { RECIPIENTS_MOST = 100 }; /* of one mail (behaviour.md 12) */

/* ---- GETMETADATA ---- */

struct finding {
    struct imap_notes_found base;
    struct imap *imap;
    int64_t account_id;
    char *mailbox;
    struct imap_notes wanted;
};

static struct finding *finding_of(struct errand *errand)
{
    return container_of(errand, struct finding, base.base.errand);
}

static bool keep_note(void *ctx, const struct annotation *note)
{
    imap_notes_add(ctx, must_dup(note->name), must_dup(note->value));
    return true;
}

/* What this server says of itself; the last is Delta Chat's word. */
static bool add_own(struct finding *it, struct store_view *view, struct err *err)
{
    struct imap_notes *notes = &it->base.notes;
    scoped_value(account) account = {0};

    if (store_account(view, it->account_id, &account, err) != FOUND)
        return false;
    imap_notes_add(notes, must_dup("/shared/admin"),
                   must_print("mailto:postmaster@%s", account.domain));
    imap_notes_add(notes, must_dup("/shared/vendor/deltachat/maxsmtprecipients"),
                   must_print("%d", RECIPIENTS_MOST));
    return true;
}

static bool find_notes(struct errand *errand, struct err *err)
{
    struct finding *it = finding_of(errand);
    scoped(store_view) view = store_look(it->imap->parts.store, err);
    scoped_value(mailbox) mailbox = {0};

    if (!view)
        return false;
    if (it->mailbox[0] == '\0')
        return add_own(it, view, err) &&
               find_contact_notes(it->imap, view, it->account_id, &it->wanted, &it->base.notes,
                                  err) &&
               store_annotations(view, it->account_id, 0, keep_note, &it->base.notes, err);
    switch (store_mailbox_named(view, it->account_id, slice_of(it->mailbox), &mailbox, err)) {
    case FOUND:
        return store_annotations(view, it->account_id, mailbox.id, keep_note, &it->base.notes, err);
    case ABSENT: return err_set(err, ERR_ABSENT, "There is no such mailbox");
    case FAILED: return false;
    }
    __builtin_unreachable();
}

static void finding_free(struct errand *errand)
{
    struct finding *it = finding_of(errand);

    imap_notes_clear(&it->base.notes);
    imap_notes_clear(&it->wanted);
    free(it->mailbox);
    free(it);
}

struct errand *duty_notes(void *ctx, int64_t account_id, struct slice mailbox,
                          const struct imap_notes *wanted)
{
    struct finding *it = must_new(struct finding);

    it->base.base.errand =
        (struct errand){.lane = LANE_QUICK, .work = find_notes, .free = finding_free};
    it->imap = ctx;
    it->account_id = account_id;
    it->mailbox = must_copy(mailbox);
    for (size_t i = 0; i < wanted->count; i++)
        imap_notes_add(&it->wanted, must_dup(wanted->at[i].name), NULL);
    return &it->base.base.errand;
}

/* ---- SETMETADATA ---- */

struct noting {
    struct imap_errand base;
    struct imap *imap;
    int64_t account_id;
    char *mailbox;
    struct imap_notes notes;
};

static bool write_notes(struct errand *errand, struct store_tx *tx, struct err *err)
{
    const struct noting *it = container_of(errand, struct noting, base.errand);

    for (size_t i = 0; i < it->notes.count; i++) {
        const struct imap_note *note = &it->notes.at[i];
        bool ours = it->mailbox[0] == '\0' && is_contact_note(note->name);
        if (ours ? !set_contact_note(it->imap, tx, it->account_id, note, err)
                 : !bridge_mailbox_annotate(tx, it->account_id, slice_of(it->mailbox), note->name,
                                            note->value, err))
            return false;
    }
    return true;
}

static void noting_free(struct errand *errand)
{
    struct noting *it = container_of(errand, struct noting, base.errand);

    imap_notes_clear(&it->notes);
    free(it->mailbox);
    free(it);
}

struct errand *duty_note(void *ctx, int64_t account_id, struct slice mailbox,
                         struct imap_notes *notes)
{
    struct noting *it = must_new(struct noting);

    it->imap = ctx;
    it->base.errand =
        (struct errand){.lane = LANE_QUICK, .write = write_notes, .free = noting_free};
    it->account_id = account_id;
    it->mailbox = must_copy(mailbox);
    it->notes = *notes;
    *notes = (struct imap_notes){0};
    return &it->base.errand;
}
