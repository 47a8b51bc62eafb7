/*
 * out_courier — what the files of the courier share.
 *
 * A courier carries one text to people of one host, and then others for the same host while the connection stands:
 *
 *   ┌> KEYS  (of those whom a mail may go to encrypted)
 *   v
 *     LOAD ─> MX ─> POLICY ─> ADDRESSES ─> TLSA ─> TALK ─(another address, or in clear)─> TALK ─> RECORD
 *                                           │ ^
 *                             (the next mail) (it needs another connection, or this one broke)
 *
 * It has no connection of its own, so it outlives every conversation and can record what came of it.  What it decides
 * nowhere itself: where mail goes (out_mx.c), whether a policy was announced (out_policy.c), what TLSA records demand
 * (out_dane.c), how much TLS that makes (out_tls.c).
 */
#ifndef NESTBOX_SMTP_OUT_COURIER_H
#define NESTBOX_SMTP_OUT_COURIER_H

#include "client.h"
#include "out_dane.h"
#include "out_keys.h"
#include "out_mx.h"
#include "out_policy.h"

enum courier_stage {
    LOAD,
    FIND_KEYS,
    FIND_MX,
    FIND_POLICY,
    FIND_ADDRESSES,
    FIND_TLSA,
    TALK,
    RECORD
};

struct courier {
    struct out *out;
    struct claims_batch *batch; /* what `mail` is made of */
    struct claims_batch *next;  /* asked for over the connection that stands; or NULL */
    char *domain;               /* to which the mail goes; with a relay its name */
    enum courier_stage stage;
    struct out_mail *mail; /* NULL before LOAD is done */
    struct key_search keys;
    bool aimed; /* the choice is made, and all that is asked about it */
    struct mx_choice choice;
    struct policy_search policy;
    struct dane dane[MX_HOSTS_MAX]; /* of the hosts of the choice */
    size_t host, address;           /* where to go next */
    int port, talks;
    bool handshake_failed;    /* at this address */
    bool unbegun;             /* `mail` came over a connection that it does not fit */
    struct tls_orders orders; /* of the talk */
    struct out_talk talk;
    const char *last_host;      /* that was dialled; "" */
    bool hoped;                 /* some trouble on the way may pass */
    char words[OUT_REPLY_SIZE]; /* for who is open in the end */
    int64_t rest_ms;
    struct turn *turn;
};

/* ---- out_courier.c ---- */
enum next courier_wait(struct courier *it, enum courier_stage stage, struct errand *errand);
/* Everybody who is still open gets this, and all is recorded. */
enum next courier_settle(struct courier *it, enum out_fate fate, const char *words);
void courier_log(const struct courier *it);     /* what came of the mail */
int64_t courier_rest_ms(const struct out *out); /* of a mail whose end could not be recorded */
/* What LOAD brought; takes `back`.  What cannot be read is not forgotten: it comes later, and has its end.  NULL: it was
 * dropped meanwhile. */
struct out_mail *courier_loaded(const struct courier *it, const struct claims_batch *batch,
                                struct errand *back);

/* Looks for keys, as what was loaded is undecided; it is loaded again then. */
enum next courier_find_keys(struct courier *it);

/* ---- out_courier_talk.c ---- */
enum next courier_begin_anew(struct courier *it); /* with the first host, for another mail */
enum next courier_talk(struct courier *it);       /* at the next host where something may be said */
enum next courier_talked(struct courier *it, struct errand *back); /* takes `back` */
bool courier_is_relayed(const struct courier *it);
/* What TLS reports will say. */
void courier_count(struct courier *it, enum tls_judge judge, enum tls_result result,
                   const char *host, const char *address);

#endif
