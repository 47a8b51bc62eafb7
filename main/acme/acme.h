/*
 * acme — has a certificate from the authority of [tls] acme, and renews it: a session without a peer, on the outward loop.
 *
 * It looks at least once an hour.  What reads or writes files, signs or reads JSON is done by errands on the BULK lane;
 * between them it fetches.  docs/certificates.md has its rules.
 */
#ifndef NESTBOX_MAIN_ACME_H
#define NESTBOX_MAIN_ACME_H

#include "bytes.h"
#include "session.h"

struct challenges;
struct config;
struct data_dir;
struct vault;

struct acme_parts { /* all borrowed, for the loop's life */
    const struct config *config;
    const struct data_dir *dir;
    struct vault *vault;
    struct challenges *challenges;
};
extern const struct session_kind acme_kind;
void *acme_new(const struct acme_parts *parts);

/* The certificate for people, as lines of `nestbox status`, and as JSON.  Reads files. */
struct json;
void acme_say(const struct config *config, const struct data_dir *dir, struct bytes *out);
void acme_add_json(const struct config *config, const struct data_dir *dir, struct json *json);
struct certificate_told;
void acme_tell(const struct config *config, const struct data_dir *dir,
               struct certificate_told *out);

#endif
