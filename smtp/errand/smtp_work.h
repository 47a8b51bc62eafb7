/* What the files of smtp_work share: the duties of the real server. */
#ifndef NESTBOX_SMTP_WORK_H
#define NESTBOX_SMTP_WORK_H

#include "bridge_mail.h"
#include "config.h"
#include "dkim.h"
#include "dns_memory.h"
#include "duties.h"
#include "memory.h"
#include "out.h"
#include "smtp.h"
#include "store_delivery.h"
#include "store_dkim.h"
#include "store_people.h"
#include "vault.h"

struct smtp {
    struct smtp_parts parts;
    struct smtp_duties duties;
    struct out out;
    struct dns_memory *dns_memory; /* about those who write to us */
};

/* An errand that may need something done first: what that brought is handed to `fed`, which takes it. */
struct work_errand {
    struct smtp_errand base;
    void (*fed)(struct work_errand *, struct errand *back);
};

/* Fills the reply from the bridge's verdict: the one translation. */
void smtp_say(struct smtp_errand *errand, const struct answer *answer, const char *good_words);

/* work_login.c */
struct errand *work_login(void *ctx, const struct peer *peer, struct slice name,
                          struct slice password);
struct errand *work_challenge(void *ctx, struct slice name);
struct errand *work_prove(void *ctx, struct slice name, struct slice auth_message,
                          struct slice proof);
struct errand *work_sender(void *ctx, int64_t account_id,
                           struct slice mail_from);                            /* work_envelope.c */
struct errand *work_outside_sender(struct smtp *smtp, struct slice mail_from); /* work_sender.c */
struct errand *work_recipient(void *ctx, const struct smtp_envelope *envelope,
                              struct slice recipient);
bool work_has_room(void *ctx, enum smtp_door door, int64_t octets); /* work_mail.c */
struct smtp_body *work_body_new(void *ctx, enum smtp_door door);
bool work_body_add(struct smtp_body *body, struct slice s);
struct errand *work_body_flush(struct smtp_body *body);
void work_body_free(struct smtp_body *body);
struct errand *work_take(void *ctx, const struct smtp_mail *mail);
void work_fed(struct smtp_errand *take, struct errand *back);
struct errand *work_recall(void *ctx, const char *domain); /* work_transport.c */
struct errand *work_keep(void *ctx, const char *domain, const struct sts_kept *kept);
struct errand *work_next_stale(void *ctx, const char *after_domain);
struct errand *work_tls_count(void *ctx, struct ledger *seen);
struct errand *work_next_report(void *ctx, int64_t after_day,
                                const char *after_domain); /* work_report.c */
struct errand *work_write_report(void *ctx, int64_t day, const char *domain,
                                 const struct report_targets *targets);
struct errand *work_end_report(void *ctx, int64_t day, const char *domain);
/* work_cipher.c */
struct errand *work_cipher(void *ctx, int64_t delivery_id);
struct errand *work_key_found(void *ctx, const struct out_cipher *wanted, enum key_answer answer,
                              struct bytes *key);
/* Puts the encrypted text in the place of *body.  ERR_REFUSED: it can be encrypted no more. */
MUST_CHECK bool work_cipher_text(struct smtp *smtp, struct store_view *view,
                                 const struct delivery *delivery, struct source **body,
                                 struct err *err);
struct out_duties work_out_duties(struct smtp *smtp); /* work_out.c */
/* work_dkim.c: puts the signatures of its author's domain in front of a mail on its way out.  DELIVER lane. */
MUST_CHECK bool work_dkim_sign(struct smtp *smtp, struct store_view *view,
                               const struct delivery *delivery, struct out_mail *mail,
                               struct err *err);
MUST_CHECK bool work_sign_with(struct smtp *smtp, const struct dkim_key *key, struct slice data,
                               struct bytes *out, struct err *err);
/* work_seal.c: puts a set of ARC in front of the signatures of a post that goes to a reader by mail, if the post came by
 * mail.  To other mail nothing is done. */
MUST_CHECK bool work_seal(struct smtp *smtp, struct store_view *view,
                          const struct delivery *delivery, const struct dkim_text *text,
                          struct slice domain, struct bytes *fields, struct err *err);

#endif
