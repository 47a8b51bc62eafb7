/*
 * out — mail on its way out (RFC 5321 5): the values its sessions share, and what they ask to be done elsewhere.
 *
 * A dispatcher looks what is due; a courier carries one mail to people of one host: it asks DNS, chooses, has a
 * client session talk (client.h), and records what came of it.  All of them live on the outward loop; errands
 * borrow from the courier, which waits for them, dead or alive.
 */
#ifndef NESTBOX_SMTP_OUT_H
#define NESTBOX_SMTP_OUT_H

#include "claims.h"
#include "clock.h"
#include "envelope.h"
#include "errand.h"
#include "out_ledger.h"
#include "out_sts.h"
#include "session.h"
#include "stream.h"
#include "tls_report.h"

enum { OUT_REPLY_SIZE = 200, OUT_COURIERS_MAX = 128, OUT_COURIERS_TO_RELAY = 8 };

enum out_fate { OUT_OPEN, OUT_TAKEN, OUT_LATER, OUT_REFUSED };
struct out_recipient {
    int64_t delivery_id;
    int version;
    char *address; /* local@domain, the local part unquoted */
    struct recipient_terms wish;
    enum out_fate fate;
    bool recorded;
    char reply[OUT_REPLY_SIZE]; /* one line, printable */
};

enum out_host { OUT_HOST_UNSEEN, OUT_HOST_SPOKE, OUT_HOST_FAILED };
struct out_mail {    /* one text for people of one host */
    char *mail_from; /* "" is the null sender */
    struct out_recipient *recipients;
    size_t count;
    struct source *body;
    int64_t size; /* as it goes over the wire */
    bool eight_bit, utf8_header;
    struct mail_terms terms;      /* what its author said */
    bool secret;                  /* leaves over TLS alone */
    bool undecided;               /* whether it leaves encrypted: there is no text yet */
    bool tls_optional;            /* "TLS-Required: No": what policies say does not matter */
    char *login, *password;       /* of the relay, or NULL */
    char refused[OUT_REPLY_SIZE]; /* why it does not leave; "" */
    /* results, beside the fates */
    enum out_host host; /* SPOKE: about this mail */
    bool unreporting;   /* who took it makes no reports */
};
void out_mail_free(struct out_mail *mail);
/* Gives this fate to everybody who has none yet. */
void out_decide(struct out_mail *mail, enum out_fate fate, const char *reply);
bool out_is_open(const struct out_mail *mail);       /* somebody has no fate yet */
bool out_is_unrecorded(const struct out_mail *mail); /* somebody has one that nobody knows of */

/* ---- what the duties' errands bring ---- */
struct out_due { /* one delivery that should be tried */
    int64_t id;
    int64_t text_id;        /* equal for rows of one text */
    char *host, *mail_from; /* the recipient's domain */
};
struct out_look { /* due() */
    struct errand errand;
    struct out_due *due;
    size_t count, capacity;
    int64_t next_due_ms; /* wall time of the next that is not due yet; INT64_MAX: none */
};
struct out_load { /* load() */
    struct errand errand;
    struct out_mail *mail; /* NULL: nothing of it is left to be sent */
};
struct out_cipher { /* cipher() */
    struct errand errand;
    bool settled;
    int64_t account_id; /* else whose key is to be looked for first, for whom */
    char *address, *domain;
};
struct out_recall { /* recall(): zeros if nothing is kept */
    struct errand errand;
    struct sts_kept kept;
};
struct out_stale { /* next_stale() */
    struct errand errand;
    char *domain; /* NULL: no more */
};
struct out_next_report { /* next_report(): of a day that is over */
    struct errand errand;
    bool found;
    int64_t day;
    char *domain;
};
struct out_report { /* write_report() */
    struct errand errand;
    struct bytes gzip; /* JSON */
    bool mailed;       /* it is a delivery now: nothing more must be remembered */
};
enum key_answer { KEY_FOUND, KEY_NOWHERE, KEY_SILENT };
enum { OUT_PIECE = 64 * 1024 };
struct out_piece { /* piece() */
    struct errand errand;
    struct bytes text;
    bool last;
};

struct out_duties {
    void *ctx;
    const struct clock *clock;
    const char *hostname;
    const char *relay_host; /* "": mail goes straight to its MX */
    int relay_port;
    bool (*is_ours)(void *ctx, struct slice domain);
    /* Whether `connect_to` says the way, so that DNS need not be asked. */
    bool (*has_route)(void *ctx, const char *host, int port);
    /* struct out_look; takes what `held` owns: not to be named. */
    struct errand *(*look)(void *ctx, struct claims_held *held, int limit);
    struct errand *(*load)(void *ctx, const int64_t *ids, size_t count); /* struct out_load */
    struct errand *(*piece)(struct source *body, int64_t offset);        /* struct out_piece */
    struct errand *(*record)(void *ctx, const struct out_mail *mail); /* every fate not recorded */
    /* Settles how an undecided mail leaves, or says what must be known first. */
    struct errand *(*cipher)(void *ctx, int64_t delivery_id); /* struct out_cipher */
    /* What came of that; takes the content of `key`. */
    struct errand *(*found)(void *ctx, const struct out_cipher *wanted, enum key_answer answer,
                            struct bytes *key);
    struct errand *(*recall)(void *ctx, const char *domain); /* struct out_recall */
    struct errand *(*keep)(void *ctx, const char *domain, const struct sts_kept *kept); /* copies */
    /* The next domain whose policy holds, and is a day old. */
    struct errand *(*next_stale)(void *ctx, const char *after_domain); /* struct out_stale */
    struct errand *(*count)(void *ctx, struct ledger *seen);           /* takes its rows */
    struct errand *(*next_report)(void *ctx, int64_t after_day,
                                  const char *after_domain); /* struct out_next_report */
    struct errand *(*write_report)(void *ctx, int64_t day, const char *domain,
                                   const struct report_targets *targets); /* struct out_report */
    struct errand *(*end_report)(void *ctx, int64_t day, const char *domain);
    /* A session without a connection, on the outward loop; takes it. */
    void (*start)(void *ctx, const struct session_kind *kind, void *session);
};

struct out { /* the outgoing half; outward loop alone */
    struct out_duties duties;
    struct ledger ledger;
    struct claims claims; /* of one text and sender for one host: they travel together */
    int faults;           /* of ours, one behind the other: outcomes that could not be recorded */
};
extern const struct session_kind out_dispatcher_kind; /* out_dispatcher.c */
void *out_dispatcher_new(struct out *out);
extern const struct session_kind out_courier_kind; /* out_courier.c */
void *out_courier_new(struct out *out, struct claims_batch *batch);
extern const struct session_kind out_refresher_kind; /* out_refresher.c */
void *out_refresher_new(struct out *out);
extern const struct session_kind out_reporter_kind; /* out_reporter.c */
void *out_reporter_new(struct out *out);
void out_start_couriers(struct out *out);
/* Has what the ledger holds counted in the store, soon. */
void out_start_counting(struct out *out); /* out_counting.c */

#endif
