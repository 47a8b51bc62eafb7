/*
 * own_policy — the MTA-STS policy of the domains here (RFC 8461 3.2): what senders read at
 * https://mta-sts.D/.well-known/mta-sts.txt, and its id for the record _mta-sts.D TXT.
 */
#ifndef NESTBOX_SMTP_OWN_POLICY_H
#define NESTBOX_SMTP_OWN_POLICY_H

#include "bytes.h"
#include "config.h"
#include "http.h"

enum { OWN_POLICY_ID_SIZE = 21 };

void own_policy_text(const struct config *config, struct bytes *out);
/* Another text has another id: nobody must remember to change it. */
void own_policy_id(const struct config *config, char out[OWN_POLICY_ID_SIZE]);
/* The route that serves it; keeps a borrow of config. */
struct http_face own_policy_face(struct config *config);

#endif
