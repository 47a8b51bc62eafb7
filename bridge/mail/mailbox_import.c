/* A mail taken over from elsewhere: put into a mailbox as a mail program would, once. */
#include "bridge_mailbox.h"
#include "bridge_private.h"
#include "commit.h"
#include "digest.h"
#include "memory.h"

#define PURPOSE_IMPORT "imported mail"
enum { REMEMBERED_DAYS = 30 };

struct taking_over {
    const struct imported *mail;
    struct appended appended;
    unsigned char key[VAULT_MAC_LEN];
    bool is_new;
};

/* Under the server key: what was said must not be guessed from what is remembered of it. */
static void make_key(struct bridge *bridge, struct taking_over *it)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) what = {0};

    sha256(it->mail->content, digest);
    bytes_print(&what, "%lld %.*s ", (long long)it->mail->account_id,
                SLICE_ARGS(it->mail->mailbox));
    bytes_add(&what, (struct slice){(const char *)digest, sizeof digest});
    vault_mac(bridge->vault, PURPOSE_IMPORT, bytes_slice(&what), it->key);
}

static bool have_mailbox(struct store_tx *tx, const struct imported *mail, struct err *err)
{
    scoped_value(mailbox) mailbox = {0};
    enum found found =
        store_mailbox_named(store_tx_view(tx), mail->account_id, mail->mailbox, &mailbox, err);

    if (found != ABSENT)
        return found == FOUND;
    return bridge_mailbox_create(tx, mail->account_id, mail->mailbox, 0, err) &&
           bridge_mailbox_subscribe(tx, mail->account_id, mail->mailbox, true, err);
}

static bool record(struct bridge *bridge, struct store_tx *tx, void *ctx, struct err *err)
{
    struct taking_over *it = ctx;
    const struct imported *mail = it->mail;
    struct mailbox_outcome outcome = {0};
    int64_t until_ms = clock_now(bridge->clock) + REMEMBERED_DAYS * DAY_MS;

    if (!store_see(tx, SEEN_IMPORTED, it->key, until_ms, &it->is_new, err))
        return false;
    if (!it->is_new)
        return true;
    bool good = have_mailbox(tx, mail, err) &&
                bridge_append_record(bridge, tx, mail->account_id, mail->mailbox, &it->appended, 1,
                                     &outcome, err);
    mailbox_outcome_clear(&outcome);
    return good;
}

static bool look(struct bridge *bridge, struct taking_over *it, struct err *err)
{
    scoped(store_view) view = store_look(bridge->store, err);
    enum found found = view ? store_seen(view, SEEN_IMPORTED, it->key, err) : FAILED;

    it->is_new = found == ABSENT;
    return found != FAILED;
}

static bool take_over(struct bridge *bridge, struct taking_over *it, struct err *err)
{
    scoped(source) content = source_of_slice(it->mail->content);

    it->appended = (struct appended){
        .content = content, .flags = it->mail->flags, .date_ms = it->mail->date_ms};
    bool good = bridge_append_prepare(bridge, it->mail->account_id, &it->appended, err) &&
                bridge_commit(bridge, record, it, err);
    appended_clear(&it->appended);
    return good;
}

bool bridge_import_mail(struct bridge *bridge, const struct imported *mail, bool *out_new,
                        struct err *err)
{
    struct taking_over it = {.mail = mail};

    if ((int64_t)mail->content.len > bridge->config->message_max)
        return err_set(err, ERR_TOO_LARGE, "It is larger than message_max lets mails be");
    make_key(bridge, &it);
    if (!look(bridge, &it, err) || (it.is_new && !take_over(bridge, &it, err)))
        return false;
    *out_new = it.is_new;
    return true;
}
