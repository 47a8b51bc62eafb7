/* Reports of TLS by others, among the mail that is taken. */
#ifndef NESTBOX_SMTP_WORK_HEARD_H
#define NESTBOX_SMTP_WORK_HEARD_H

#include "smtp_work.h"
#include "tls_heard.h"

/* Whether this mail tells of TLS on the way to a domain of ours, by somebody who proved who they are.  HEAVY lane. */
bool work_hear_tls(struct smtp *smtp, const struct mail_arrival *arrival, struct tls_heard *out);
/* In the transaction that takes the mail. */
MUST_CHECK bool work_heard_record(struct store_tx *tx, const struct mail_arrival *arrival,
                                  const struct tls_heard *heard, struct err *err);

#endif
