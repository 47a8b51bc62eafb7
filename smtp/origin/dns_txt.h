/*
 * dns_txt — the text of a TXT record (RFC 1035 3.3.14), and "tag=value;" lists in it.  Pure.
 */
#ifndef NESTBOX_SMTP_DNS_TXT_H
#define NESTBOX_SMTP_DNS_TXT_H

#include "bytes.h"
#include "dns.h"

/* The only record among those of the answer that begins with `version`, its strings joined.  False: there is none, or
 * more than one, which counts as none (RFC 8461 3.1, RFC 8460 3). */
bool dns_txt_only(const struct dns_answer *answer, const char *version, struct bytes *out);
/* The next "tag=value" of a list, without the space around both; false at its end.  What has no '=' is an empty tag. */
bool dns_txt_field(struct slice *rest, struct slice *tag, struct slice *value);

#endif
