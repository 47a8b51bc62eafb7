/*
 * document_type — is this what was asked for?  An uploaded file with a type of its own must never pass for an actor
 * (GHSA-jhrq-qvrm-qr36).
 */
#ifndef NESTBOX_ACTIVITYPUB_DOCUMENT_TYPE_H
#define NESTBOX_ACTIVITYPUB_DOCUMENT_TYPE_H

#include "work.h"

bool document_type_fits(enum document_kind kind, struct slice content_type);

#endif
