/* librnp's handles, released on every way out.  Only the files of this room that speak to librnp include it. */
#ifndef NESTBOX_PGP_RNP_SCOPE_H
#define NESTBOX_PGP_RNP_SCOPE_H

#include "scope.h"

#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

struct rnp_rings { /* what one piece of work knows of keys */
    rnp_ffi_t ffi;
};
static inline void rnp_rings_clear(struct rnp_rings *rings)
{
    rnp_ffi_destroy(rings->ffi);
}
SCOPED_VALUE(rnp_rings, rnp_rings_clear)

struct rnp_key {
    rnp_key_handle_t key;
};
static inline void rnp_key_clear(struct rnp_key *key)
{
    rnp_key_handle_destroy(key->key);
}
SCOPED_VALUE(rnp_key, rnp_key_clear)

struct rnp_generating {
    rnp_op_generate_t op;
};
static inline void rnp_generating_clear(struct rnp_generating *generating)
{
    rnp_op_generate_destroy(generating->op);
}
SCOPED_VALUE(rnp_generating, rnp_generating_clear)

#endif
