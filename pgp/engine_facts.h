/* engine_facts — what GPGME shows of a certificate, as the facts that others read.  Within the judge; gpgme.h stays behind it. */
#ifndef NESTBOX_PGP_ENGINE_FACTS_H
#define NESTBOX_PGP_ENGINE_FACTS_H

#include "pgp.h"

#include <gpgme.h>

/* Of version 4; false: another. */
bool engine_fill_fingerprint(const char *fingerprint, char out[PGP_FINGERPRINT_SIZE]);
bool engine_part_is_alive(gpgme_subkey_t part);
/* What it is and can be used for today; false: it has no part of version 4. */
bool engine_fill_facts(gpgme_key_t key, struct pgp_key_facts *out);

#endif
