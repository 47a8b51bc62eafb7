/*
 * config — the settings, filled once from one table of name, type, default, range and a line of help.
 *
 * Plain values that every room may read.  The manual page and the sample file are printed from the same table
 * (`nestbox help settings`), so they cannot disagree.  Sizes take KiB, MiB, GiB, TiB; durations ms, s,
 * min, h, d.  Paths are absolute.  An empty value is the default.
 */
#ifndef NESTBOX_CONFIG_H
#define NESTBOX_CONFIG_H

#include "bytes.h"
#include "err.h"
#include "scope.h"
#include "slice.h"

enum { CONFIG_DOMAINS_MAX = 32, CONFIG_CONNECT_TO_MAX = 64, CONFIG_MONITORS_MAX = 16 };

enum door { DOOR_OPEN, DOOR_ASK, DOOR_CLOSED };
enum hold { HOLD_AUTO, HOLD_DEFER, HOLD_ACCEPT };
enum own_sts { OWN_STS_NONE, OWN_STS_TESTING, OWN_STS_ENFORCE };
enum without_key { WITHOUT_KEY_SERVER, WITHOUT_KEY_CLEAR, WITHOUT_KEY_DEFER };
enum registration { REGISTRATION_CLOSED, REGISTRATION_OPEN, REGISTRATION_INVITE, REGISTRATION_FEE };

enum endpoint_tls { ENDPOINT_TLS_AS_POLICY, ENDPOINT_TLS_REQUIRED, ENDPOINT_TLS_OPTIONAL };

struct endpoint { /* one listener */
    bool off;
    enum endpoint_tls tls; /* of smtp: wins over require_tls there */
    char address[64];      /* without brackets */
    int port;              /* 0: a free one */
};
struct connect_to { /* name:port=addr:port */
    char name[256];
    int port;
    char address[64];
    int to_port;
};

struct config {
    /* [server] */
    char domains[CONFIG_DOMAINS_MAX][256]; /* canonical; the first is the main one */
    size_t domain_count;
    char hostname[256]; /* mx.example.org; first domain unless set */
    char data_dir[1024];
    char server_key_file[1024]; /* "" : data_dir/keys/server.key, or a credential of systemd */
    char postmaster[320];       /* "" : the first account */
    /* [listen] */
    struct endpoint smtp, submission, submissions, imap, imaps, https, http;
    /* [tls] */
    char certificate[1024], key[1024]; /* data_dir/tls/cert.pem and key.pem unless set */
    char acme[512];                    /* "" : off */
    /* [policy] */
    enum door contact, follow;
    int64_t undo_ms; /* 0 to 60 min, default 1 min */
    enum hold hold;
    bool require_tls;
    enum own_sts mta_sts; /* of the domains here */
    bool seal;
    bool seal_appended;
    bool push; /* to devices that owners registered */
    enum without_key seal_without_key;
    int64_t message_max, quota;
    enum registration registration;
    int registration_rate;                   /* accounts of one network in an hour */
    char fee[128], fee_pay[512];             /* the price, and how it is paid: words for people */
    int64_t unused_account_ms;               /* 0: they stay */
    char trust_arc[CONFIG_DOMAINS_MAX][256]; /* whose seals count; the first "" ends them */
    char monitors[CONFIG_MONITORS_MAX][64];  /* who may read /metrics; the first "" ends them */
    /* [relay] */
    char relay_host[256], relay_user[256], relay_password_file[1024];
    int relay_port;
    /* [network] */
    char dns_server[128];    /* ADDR[@PORT]; "" : the system's */
    char trust_anchor[1024]; /* FILE; "none": DNSSEC off; "": the packaged root anchor */
    char ca_file[1024];
    bool allow_private;
    struct connect_to connect_to[CONFIG_CONNECT_TO_MAX];
    size_t connect_to_count;
    char source_address[64]; /* connect from here; "" : the system chooses */
    /* Steps of all deliveries, said by tests alone; count 0: mail and inboxes have steps of their own. */
    int64_t retry_ms[16];
    size_t retry_count;
};

/* Reads `text`; every mistake (ERR_MALFORMED) names line, setting and what would be right.  Unknown settings
 * are mistakes, and so is a second value.  *out is written on success only; it is large: keep it on the heap
 * or static. */
MUST_CHECK bool config_parse(struct slice text, struct config *out, struct err *err);
/* ERR_ABSENT: no such file. */
MUST_CHECK bool config_read(const char *path, struct config *out, struct err *err);
void config_defaults(struct config *out); /* no domain and no hostname: those must be said */
bool config_hosts(const struct config *config, struct slice domain); /* one of ours, case ignored */
/* One whose ARC seals count, case ignored. */
bool config_trusts_sealer(const struct config *config, struct slice domain);
/* One of [policy] monitors, written as the peer of a connection is. */
bool config_is_monitor(const struct config *config, const char *address);
bool config_mx_wants_tls(const struct config *config); /* of other servers, on the port of smtp */
/* Certificate and key lie in data_dir, so that the server may make them. */
bool config_owns_certificate(const struct config *config);
bool config_fetches_certificate(const struct config *config); /* from the authority of acme */
/* Warnings to be logged at each start: of allow_private, connect_to, trust_anchor = none, and an acme that cannot work. */
size_t config_warnings(const struct config *config, const char *out[], size_t max);
void config_manual(struct bytes *out);      /* the settings as text for people */
void config_manual_page(struct bytes *out); /* the same for man(1): docs/man/nestbox.conf.5 */
/* The file that `init` writes.  `dir` NULL: data_dir stays a comment with its default. */
void config_sample(const char *domain, const char *dir, struct bytes *out);

#endif
