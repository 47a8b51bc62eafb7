/*
 * out_keys — looks for the OpenPGP keys of those whom an undecided mail goes to: errand after errand, for a courier.
 *
 *     LOOK ─(somebody is not known)─> FETCH, advanced ─(there is no such host)─> FETCH, direct ─> KEEP ─> LOOK …
 *      └─(settled)─> done
 *
 * Where the host of the advanced way exists, its word is the last (draft-koch-openpgp-webkey-service 3.1).  Redirections are
 * followed as far as FETCH lets us go: https, public addresses, three of them.
 */
#ifndef NESTBOX_SMTP_OUT_KEYS_H
#define NESTBOX_SMTP_OUT_KEYS_H

#include "key_directory.h"
#include "out.h"

enum key_step { KEYS_LOOK, KEYS_FETCH, KEYS_KEEP };
struct key_search {
    const struct out_duties *duties; /* borrowed */
    int64_t delivery_id;
    enum key_step step;
    struct out_cipher wanted; /* its address and domain are ours; no errand */
    enum directory_way way;
    int hops, asked;
    bool failed; /* of trouble of ours */
};
/* Gives the first errand. */
struct errand *key_search_begin(struct key_search *it, const struct out_duties *duties,
                                int64_t delivery_id);
/* Takes `back`.  Gives the next errand; NULL: it is settled, or failed. */
struct errand *key_search_go_on(struct key_search *it, struct errand *back);
void key_search_clear(struct key_search *it);

/* What the world asked for a key says; also for tests and fuzzers. */
struct fetch;
enum key_answer key_answer_read(const struct fetch *fetch);

#endif
