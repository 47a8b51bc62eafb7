/*
 * auth — what SPF, DKIM, DMARC and ARC have in common: the words of their results (RFC 8601), which stand in base
 * because the bridge decides by them.
 */
#ifndef NESTBOX_SMTP_AUTH_H
#define NESTBOX_SMTP_AUTH_H

#include "evidence.h"

#endif
