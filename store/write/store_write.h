/*
 * store_write — writing: on the include path of bridge/ alone.
 *
 * Every function runs on the writer, inside apply(), and is short.  Strings are borrowed for the call.  What a
 * function must find and does not is ERR_ABSENT; what must be new and is not is ERR_CONFLICT unless said
 * otherwise.  Changes to mailboxes, deliveries, accounts and people note their topic for the change feed.
 */
#ifndef NESTBOX_STORE_WRITE_H
#define NESTBOX_STORE_WRITE_H

#include "pgp.h"
#include "store_claim.h"
#include "store_contact.h"
#include "store_delivery.h"
#include "store_dkim.h"
#include "store_invitation.h"
#include "store_mailbox.h"
#include "store_message.h"
#include "store_move.h"
#include "store_own_key.h"
#include "store_pass.h"
#include "store_peer.h"
#include "store_people.h"
#include "store_poll.h"
#include "store_push.h"
#include "store_secret.h"
#include "store_transport.h"

/* People.  For structs handed in, `id` is ignored on add; on success *out_id is never used again. */
MUST_CHECK bool store_add_domain(struct store_tx *tx, const struct domain *domain,
                                 struct err *err); /* there already: true, unchanged */
MUST_CHECK bool store_add_account(struct store_tx *tx, const struct account *account,
                                  int64_t *out_id, struct err *err); /* with its local
    person and mailboxes; name taken, now or ever: ERR_REFUSED */
MUST_CHECK bool store_update_account(struct store_tx *tx, const struct account *account,
                                     struct err *err); /* all but name, domain, keys */
MUST_CHECK bool store_set_credential(struct store_tx *tx, int64_t account_id,
                                     const struct credential *credential, struct err *err);
/* Those from before they lay under the server key. */
MUST_CHECK bool store_wrap_credentials(struct store_tx *tx, struct err *err);
MUST_CHECK bool store_add_account_key(struct store_tx *tx, int64_t account_id,
                                      const struct account_key *key, struct err *err); /* same
    fingerprint: replaced */
/* Its owner's program told it then; an earlier date changes nothing. */
MUST_CHECK bool store_key_seen(struct store_tx *tx, int64_t id, int64_t seen_ms, struct err *err);
/* State and what was told; ERR_CONFLICT: it is not in state `from` any more. */
MUST_CHECK bool store_move_key(struct store_tx *tx, const struct account_key *key,
                               enum key_state from, struct err *err);
MUST_CHECK bool store_remove_account_key(struct store_tx *tx, int64_t account_id,
                                         const char *fingerprint, struct err *err);
/* Finds the person by actor_id, else by address, else by handle if one of the two has no actor id, and updates it; or
 * adds.  With fetched_ms set (a whole actor document) what is NULL is forgotten; without, it is kept.  A word that
 * names somebody of another handle: ERR_CONFLICT. */
MUST_CHECK bool store_put_person(struct store_tx *tx, const struct person *person, int64_t *out_id,
                                 struct err *err);
MUST_CHECK bool store_person_gone(struct store_tx *tx, int64_t person_id,
                                  struct err *err); /* its follows and deliveries end */
MUST_CHECK bool store_put_person_key(struct store_tx *tx, const struct person_key *key,
                                     struct err *err);
/* One row per pair; sets state and, if not NULL, activity_id. */
MUST_CHECK bool store_put_follow(struct store_tx *tx, int64_t follower_id, int64_t followed_id,
                                 enum follow_state state, const char *activity_id, int64_t *out_id,
                                 struct err *err);
/* In the place of the person's last. */
MUST_CHECK bool store_put_move(struct store_tx *tx, const struct move *move, struct err *err);
/* At most ALIASES_MAX are read: the caller counts. */
MUST_CHECK bool store_put_alias(struct store_tx *tx, int64_t account_id, const char *actor_id,
                                bool present, struct err *err);
/* The row goes, and with it the follower, if it is a mail person nobody needs any more. */
MUST_CHECK bool store_forget_follow(struct store_tx *tx, int64_t follow_id, struct err *err);
/* How its address fares, as the struct says. */
MUST_CHECK bool store_follow_fares(struct store_tx *tx, const struct follow *follow,
                                   struct err *err);
/* One more mail for this reader on that day; *out_count with it. */
MUST_CHECK bool store_count_mail(struct store_tx *tx, int64_t follow_id, int64_t day,
                                 int64_t *out_count, struct err *err);
MUST_CHECK bool store_gather(struct store_tx *tx, int64_t follow_id, int64_t day,
                             int64_t message_id, struct err *err);
/* What was gathered up to that day waits no longer. */
MUST_CHECK bool store_end_gathered(struct store_tx *tx, int64_t follow_id, int64_t day,
                                   struct err *err);

/* Tokens: `id` is ignored on add.  Those of a pair end by purpose, or are kept without their person. */
MUST_CHECK bool store_add_token(struct store_tx *tx, const struct token *token, struct err *err);
MUST_CHECK bool store_end_tokens(struct store_tx *tx, enum token_purpose purpose,
                                 int64_t account_id, int64_t person_id, struct err *err);
MUST_CHECK bool store_orphan_tokens(struct store_tx *tx, enum token_purpose purpose,
                                    int64_t account_id, int64_t person_id, int64_t expires_ms,
                                    struct err *err);
MUST_CHECK bool store_count_asked(struct store_tx *tx, enum asked_for what,
                                  const unsigned char digest[32], int64_t at_ms, struct err *err);

/* Invitations: id, uses and made_ms are ignored on add; a name twice: ERR_CONFLICT. */
MUST_CHECK bool store_add_invitation(struct store_tx *tx, const struct invitation *invitation,
                                     struct err *err);
MUST_CHECK bool store_use_invitation(struct store_tx *tx, int64_t id,
                                     struct err *err); /* used up or expired: ERR_CONFLICT */
MUST_CHECK bool store_remove_invitation(struct store_tx *tx, const char *name, struct err *err);
/* The row goes if it is of a mail person whom nobody needs any more. */
MUST_CHECK bool store_forget_person(struct store_tx *tx, int64_t person_id, struct err *err);
/* Claims of addresses: id and state are ignored on add.  One of the same name makes room; its invitation is used
 * (ERR_CONFLICT: used up or expired), and comes back when it lapses. */
MUST_CHECK bool store_add_claim(struct store_tx *tx, const struct name_claim *claim,
                                int64_t *out_id, struct err *err);
MUST_CHECK bool store_end_claim(struct store_tx *tx, int64_t id, struct err *err);
/* It waits to be paid for: by its reference, until its expires_ms. */
MUST_CHECK bool store_claim_confirmed(struct store_tx *tx, const struct name_claim *claim,
                                      struct err *err);
MUST_CHECK bool store_claim_paid(struct store_tx *tx, int64_t id, struct err *err);
/* Those whose time is over lapse; names whose time is over are free, and the next ones where more than `most` lapsed.  Some of
 * them at a time. */
MUST_CHECK bool store_lapse_claims(struct store_tx *tx, int64_t most, bool *out_more,
                                   struct err *err);
/* Somebody logged in; a chat program reads it, unless its owner said no. */
MUST_CHECK bool store_account_used(struct store_tx *tx, int64_t id, struct err *err);
MUST_CHECK bool store_account_end_told(struct store_tx *tx, int64_t id, struct err *err);
MUST_CHECK bool store_account_chats(struct store_tx *tx, int64_t id, struct err *err);
/* Its followers hear whether follows wait. */
MUST_CHECK bool store_account_told(struct store_tx *tx, int64_t id, bool approves, struct err *err);
/* Passes: `id` is ignored on add; of that kind the account keeps the newest `most`. */
MUST_CHECK bool store_add_pass(struct store_tx *tx, const struct pass *pass, int most,
                               struct err *err);
MUST_CHECK bool store_end_pass(struct store_tx *tx, int64_t id, struct err *err);
MUST_CHECK bool store_end_passes(struct store_tx *tx, int64_t account_id, struct err *err);
/* Devices that are pushed to: in the place of the same endpoint; the account keeps the newest `most`. */
MUST_CHECK bool store_put_push(struct store_tx *tx, const struct push *push, int most,
                               struct err *err);
MUST_CHECK bool store_push_fares(struct store_tx *tx, const struct push *push, struct err *err);
/* NULL: all of the account. */
MUST_CHECK bool store_end_push(struct store_tx *tx, int64_t account_id, const char *endpoint,
                               struct err *err);
/* Contacts: id 0 adds, else all but the pair and its evidence is set.  A second row of a pair: ERR_CONFLICT. */
MUST_CHECK bool store_put_contact(struct store_tx *tx, const struct contact *contact,
                                  int64_t *out_id, struct err *err);
/* With what waits for it, and the person if it is a mail person nobody needs any more. */
/* In the place of an older one; the newest `most` of all are kept. */
MUST_CHECK bool store_put_portrait(struct store_tx *tx, int64_t person_id,
                                   const struct portrait *portrait, int most, struct err *err);
/* Unless somebody here was asked about them. */
MUST_CHECK bool store_forget_portrait(struct store_tx *tx, int64_t person_id, struct err *err);
MUST_CHECK bool store_forget_contact(struct store_tx *tx, const struct contact *contact,
                                     struct err *err);
MUST_CHECK bool store_set_expecting(struct store_tx *tx, int64_t account_id, int64_t until_ms,
                                    struct err *err);

/* In the place of what was known from that source; the account keeps what was heard of last, `most` in all. */
MUST_CHECK bool store_put_peer_key(struct store_tx *tx, const struct peer_key *key, int most,
                                   struct err *err);
MUST_CHECK bool store_forget_peer_keys(struct store_tx *tx, int64_t account_id, struct err *err);
/* For all deliveries of that text that are open. */
MUST_CHECK bool store_settle_cipher(struct store_tx *tx, int64_t body_id, enum cipher cipher,
                                    struct err *err);

/* Of two pairs for one address the first stays. */
MUST_CHECK bool store_add_own_key(struct store_tx *tx, const char *address,
                                  const struct pgp_pair *pair, struct err *err);
/* Keys that sign mail: `id` and `since_ms` are ignored on add.  Moving on from another state than `from`: ERR_CONFLICT. */
MUST_CHECK bool store_add_dkim_key(struct store_tx *tx, const struct dkim_key *key,
                                   struct err *err);
MUST_CHECK bool store_move_dkim_key(struct store_tx *tx, int64_t id, enum dkim_state from,
                                    enum dkim_state to, struct err *err);

/* Messages */
MUST_CHECK bool store_add_message(struct store_tx *tx, const struct message *message,
                                  int64_t *out_id, struct err *err); /* activity_id,
    message_id or ref known already: ERR_CONFLICT */
/* Once for a message, beside its class. */
MUST_CHECK bool store_add_evidence(struct store_tx *tx, int64_t message_id,
                                   const struct evidence *evidence, struct err *err);
/* To a message whose evidence was added. */
MUST_CHECK bool store_add_arc_chain(struct store_tx *tx, int64_t message_id, struct slice chain,
                                    struct err *err);
MUST_CHECK bool store_update_message(struct store_tx *tx, const struct message *message,
                                     struct err *err); /* text, version, updated_ms,
    state, visibility, release_ms, language, sensitive, published_ms, url */
MUST_CHECK bool store_set_message_state(struct store_tx *tx, int64_t id, enum message_state state,
                                        struct err *err); /* withdrawn or
    undone: texts, tags, attachments are forgotten */
MUST_CHECK bool store_add_audience(struct store_tx *tx, int64_t message_id,
                                   const struct audience *audience, struct err *err); /* there
    already: To wins over Cc, mentioned over not */
MUST_CHECK bool store_add_hashtag(struct store_tx *tx, int64_t message_id, const char *tag,
                                  struct err *err);
MUST_CHECK bool
store_clear_tags(struct store_tx *tx, int64_t message_id,
                 struct err *err); /* before an edit writes them anew: hashtags, mentions */
MUST_CHECK bool store_add_attachment(struct store_tx *tx, int64_t message_id,
                                     const struct attachment *attachment,
                                     struct store_body *body /* taken; or NULL */, struct err *err);
/* Of somebody elsewhere. */
MUST_CHECK bool store_put_reaction(struct store_tx *tx, int64_t message_id, int64_t person_id,
                                   enum reaction reaction, const char *activity_id, bool present,
                                   struct err *err);
/* Of somebody here: a new version, unless it is so already.  *out as it is then; its id is 0 if there never was one. */
MUST_CHECK bool store_set_own_reaction(struct store_tx *tx, int64_t message_id, int64_t person_id,
                                       enum reaction kind, bool present, struct own_reaction *out,
                                       bool *out_changed, struct err *err);
/* Once more, its end may have moved; with other choices, or none, all votes from here are gone, as they are at its server. */
MUST_CHECK bool store_put_poll(struct store_tx *tx, const struct poll *poll, struct err *err);
MUST_CHECK bool store_poll_told(struct store_tx *tx, int64_t message_id, struct err *err);
MUST_CHECK bool store_forget_vote(struct store_tx *tx, int64_t reaction_id, struct err *err);
MUST_CHECK bool store_forget_votes_of(struct store_tx *tx, int64_t person_id, struct err *err);
MUST_CHECK bool store_forget_poll(struct store_tx *tx, int64_t message_id, struct err *err);

/* Mailboxes.  Takes `body` (finished) and checks that `sealed` vouches for it. */
struct new_copy {
    int64_t account_id, message_id;
    const char *mailbox; /* made if missing */
    unsigned flags;
    const char *keywords; /* or NULL */
    const char *from, *subject, *header_message_id;
    const char *envelope, *structure, *parts; /* mime/structure.h; or NULL */
    int64_t received_ms;
};
MUST_CHECK bool store_add_copy(struct store_tx *tx, const struct new_copy *copy,
                               const struct pgp_sealed *sealed, struct store_body *body,
                               int64_t *out_entry_id, struct err *err);
/* The copy gets this body (taken, vouched for) and what is told of it; its places get new UIDs.  *out_done false: it is
 * gone, or sealed already. */
MUST_CHECK bool store_reseal_copy(struct store_tx *tx, int64_t copy_id, const struct new_copy *copy,
                                  const struct pgp_sealed *sealed, struct store_body *body,
                                  bool *out_done, struct err *err);
MUST_CHECK bool store_move_copies(struct store_tx *tx, int64_t message_id, int64_t account_id,
                                  const char *to_mailbox,
                                  struct err *err); /* edit, delete: to Trash */
/* A copy that waits for the contact's answer: in no mailbox (`mailbox` is not read). */
MUST_CHECK bool store_hold_copy(struct store_tx *tx, int64_t contact_id,
                                const struct new_copy *copy, const struct pgp_sealed *sealed,
                                struct store_body *body, struct err *err);
/* What waits goes into the mailbox, oldest first; or is forgotten. */
MUST_CHECK bool store_release_held(struct store_tx *tx, int64_t contact_id, const char *mailbox,
                                   struct err *err);
MUST_CHECK bool store_drop_held(struct store_tx *tx, int64_t contact_id, struct err *err);
/* What waits of one message, for everybody; or for one account what is older than the newest copy of it that waits. */
MUST_CHECK bool store_drop_held_of(struct store_tx *tx, int64_t message_id, struct err *err);
MUST_CHECK bool store_drop_held_before(struct store_tx *tx, int64_t message_id, int64_t account_id,
                                       struct err *err);
/* As IMAP changes them.  One command takes one MODSEQ, and gives it to every entry that changes. */
MUST_CHECK bool store_next_modseq(struct store_tx *tx, int64_t mailbox_id, int64_t *out_modseq,
                                  struct err *err);
MUST_CHECK bool store_set_flags(struct store_tx *tx, int64_t mailbox_id, uint32_t uid,
                                unsigned flags, const char *keywords, int64_t modseq,
                                struct err *err);
MUST_CHECK bool store_expunge(struct store_tx *tx, int64_t mailbox_id, uint32_t uid, int64_t modseq,
                              struct err *err); /* gone already: true */
MUST_CHECK bool store_copy_entry(struct store_tx *tx, int64_t mailbox_id, uint32_t uid,
                                 int64_t to_mailbox_id, uint32_t *out_uid,
                                 struct err *err); /* flags go with it; gone: true, UID 0 */
MUST_CHECK bool store_make_mailbox(struct store_tx *tx, int64_t account_id, const char *name,
                                   int special, int64_t *out_id,
                                   struct err *err); /* there already: found */
MUST_CHECK bool store_rename_mailbox(struct store_tx *tx, int64_t mailbox_id, const char *name,
                                     struct err *err);
MUST_CHECK bool store_subscribe_mailbox(struct store_tx *tx, int64_t mailbox_id, bool subscribed,
                                        struct err *err);
/* Not empty: ERR_CONFLICT.  Its name stays subscribed, if it was, until the second. */
MUST_CHECK bool store_delete_mailbox(struct store_tx *tx, int64_t mailbox_id, struct err *err);
MUST_CHECK bool store_forget_left_name(struct store_tx *tx, int64_t account_id, struct slice name,
                                       struct err *err);
/* A note on a mailbox, or (0) on the server; value NULL: none. */
MUST_CHECK bool store_annotate(struct store_tx *tx, int64_t account_id, int64_t mailbox_id,
                               const char *name, const char *value, struct err *err);
MUST_CHECK bool store_maildir_done(struct store_tx *tx, int64_t entry_id, struct err *err);

/* Deliveries.  A withdrawal raises `wanted` as an edit does, so store_delivery_done() can tell a Delete (version is
 * the new wanted) from an Update that was on its way when the withdrawal came. */
MUST_CHECK bool store_want_delivery(struct store_tx *tx, const struct delivery *delivery,
                                    struct err *err); /* one row per (subject, target):
    raises wanted, due now, counts tries anew; withdrawn rows stay so */
/* They may have it in version `wanted` by another's doing: silent until there is a newer one.  A row that is there stays. */
MUST_CHECK bool store_know_delivery(struct store_tx *tx, const struct delivery *delivery,
                                    struct err *err);
/* TARGET_MAIL with the body of the mail (taken; one body may serve several rows of one change). */
MUST_CHECK bool store_want_mail(struct store_tx *tx, const struct delivery *delivery,
                                struct store_body *body, struct err *err);
/* Mails without a body (rendered when they are sent) from the account to the person: those not sent yet end. */
MUST_CHECK bool store_end_copies(struct store_tx *tx, int64_t account_id, int64_t person_id,
                                 struct err *err);
MUST_CHECK bool store_want_withdrawn(struct store_tx *tx, enum delivery_subject subject,
                                     int64_t subject_id, int64_t due_ms,
                                     struct err *err); /* every row of
    it: Delete where delivered or tried, silent where it may be on its way, dropped where it
    was never due and for mails */
/* Both change up to 500 rows at once; store_changes_wait() says that there are more. */
MUST_CHECK bool store_want_version(struct store_tx *tx, enum delivery_subject subject,
                                   int64_t subject_id, int version, int64_t due_ms,
                                   struct err *err);
MUST_CHECK bool store_change_go_on(struct store_tx *tx, struct err *err); /* 500 rows further */
MUST_CHECK bool store_delivery_done(struct store_tx *tx, int64_t id, int version,
                                    struct err *err); /* what was sent; more wanted meanwhile
    stays due.  A withdrawn one's row goes */
MUST_CHECK bool store_delivery_later(struct store_tx *tx, int64_t id, int64_t due_ms,
                                     const char *reply, struct err *err); /* tries + 1 */
/* Not tried, and not to be before: its host says nothing. */
MUST_CHECK bool store_delivery_put_off(struct store_tx *tx, int64_t id, int64_t due_ms,
                                       struct err *err);
MUST_CHECK bool store_delivery_drop(struct store_tx *tx, int64_t id, const char *reply,
                                    struct err *err); /* given up: the row goes */
/* Given up, and silent until something else is wanted: they may have it. */
MUST_CHECK bool store_delivery_rest(struct store_tx *tx, int64_t id, const char *reply,
                                    struct err *err);
/* Nothing is to be tried any more; it waits until its author has heard what came of it. */
MUST_CHECK bool store_delivery_park(struct store_tx *tx, int64_t id, enum delivery_tell tell,
                                    const char *reply, struct err *err);
MUST_CHECK bool store_delivery_due_now(struct store_tx *tx, int64_t id, struct err *err);
/* A slice of all: those with an id above `after`, `limit` of them.  *out_last 0: there are no more. */
MUST_CHECK bool store_deliveries_due_now(struct store_tx *tx, int64_t after, int limit,
                                         int64_t *out_last, struct err *err);
/* Nobody answered for that mail domain, which rests until next_ms; or somebody did. */
MUST_CHECK bool store_mail_host_failed(struct store_tx *tx, const char *name, int64_t next_ms,
                                       const char *reply, struct err *err);
MUST_CHECK bool store_mail_host_well(struct store_tx *tx, const char *name, struct err *err);
/* It said that it takes encrypted mail only, which is believed for a week. */
MUST_CHECK bool store_note_encrypted_only(struct store_tx *tx, const char *host, struct err *err);
MUST_CHECK bool store_put_host(struct store_tx *tx, const struct host *host, struct err *err);
MUST_CHECK bool store_add_broadcast(struct store_tx *tx, int64_t message_id, int64_t account_id,
                                    struct err *err);
/* Never before the message's own: who hears it of its author is not to be known to have it by a boost. */
MUST_CHECK bool store_add_boost_broadcast(struct store_tx *tx, int64_t reaction_id,
                                          int64_t message_id, int64_t account_id, struct err *err);
MUST_CHECK bool store_move_broadcast(struct store_tx *tx, int64_t id, int64_t cursor,
                                     struct err *err);
/* Its page could not be expanded: boosts of the message wait as long. */
MUST_CHECK bool store_put_off_broadcast(struct store_tx *tx, int64_t id, int64_t due_ms,
                                        struct err *err);
MUST_CHECK bool store_end_broadcast(struct store_tx *tx, int64_t id, struct err *err);

/* Guards.  ERR_CONFLICT is not used here: *out_new tells whether it is the first time. */
MUST_CHECK bool store_see(struct store_tx *tx, enum seen_kind kind, const unsigned char digest[32],
                          int64_t expires_ms, bool *out_new, struct err *err);
MUST_CHECK bool store_count_limited(struct store_tx *tx, int64_t account_id, enum limited what,
                                    int64_t at_ms, struct err *err);

/* The same secret under another server key; true also if it changed or went meanwhile. */
MUST_CHECK bool store_replace_secret(struct store_tx *tx, const struct secret *secret,
                                     struct slice anew, struct err *err);

/* TLS on the way to others. */
MUST_CHECK bool store_put_sts(struct store_tx *tx, const struct sts_row *row, struct err *err);
MUST_CHECK bool store_count_tls(struct store_tx *tx, const struct tls_row *row,
                                struct err *err); /* adds row->count; beyond 20,000 rows a day
    nothing new is counted */
MUST_CHECK bool store_end_tls(struct store_tx *tx, int64_t day, const char *domain,
                              struct err *err); /* it was reported */
/* One for a day, domain and reporter, the last that came; 1,000 are kept. */
MUST_CHECK bool store_put_tls_heard(struct store_tx *tx, const struct tls_heard_row *row,
                                    struct err *err);

void store_note(struct store_tx *tx, enum topic topic, int64_t id);

#endif
