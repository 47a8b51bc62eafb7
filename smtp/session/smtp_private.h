/*
 * What the files of the session share.
 *
 *   CONNECTED --EHLO--> GREETED --MAIL--> SENDER --RCPT--> RECIPIENTS --DATA--> BODY
 *       ^                 | ^               |                  |  |              |
 *       |            STARTTLS +---- RSET ---+------------------+--|- final dot --+
 *       |                 v   |                                  BDAT            |
 *       +-- secured -- HANDSHAKE                                  v              |
 *  everything said in clear   |           BETWEEN_CHUNKS <-----> CHUNK -- LAST --+
 *  is forgotten (RFC 3207 4.2)+---- RSET --------+
 *
 * AUTH is a state of its own between GREETED and GREETED: lines are its, not commands.
 */
#ifndef NESTBOX_SMTP_PRIVATE_H
#define NESTBOX_SMTP_PRIVATE_H

#include "duties.h"
#include "framing.h"
#include "grammar.h"
#include "id.h"
#include "pace.h"
#include "parameters.h"
#include "scram.h"
#include "smtp.h"

enum state {
    CONNECTED,
    GREETED,
    HANDSHAKE,
    AUTHENTICATING,
    SENDER,
    RECIPIENTS,
    BODY,
    CHUNK,
    BETWEEN_CHUNKS,
    STATES
};

enum {
    SOFT_ERRORS = 10, /* answers to what comes behind them are late */
    ERROR_REST_MS = 1000,
    HARD_ERRORS = 20,
    AUTH_FAILURES_MAX = 3,
    CONNECTIONS_OF_ONE = 100, /* logged in to one account */
    SENDINGS_OF_ONE = 2000,   /* recipients of one account; as many again in an hour */
    LINE_MAX = 2048,
    AUTH_LINE_MAX = 12288, /* RFC 4954 4 */
};

enum auth_step {
    AUTH_NONE,
    AUTH_PLAIN,
    AUTH_LOGIN_NAME,
    AUTH_LOGIN_PASSWORD,
    AUTH_SCRAM_FIRST,
    AUTH_SCRAM_FINAL,
    AUTH_SCRAM_DONE,
};
struct auth { /* one exchange under way */
    enum auth_step step;
    char *name;
    struct scram scram;
    int64_t account_id; /* proven, told when the client has taken our signature */
    char address[ADDRESS_SIZE];
};

struct refusal { /* of a command; words are a literal */
    int code;
    const char *status, *words;
};

struct smtp_session {
    const struct smtp_duties *duties;
    struct peer peer;
    enum smtp_door door;
    enum state state;
    bool secured, extended, skipping_line;
    char id[SESSION_NAME_SIZE];
    char ehlo[256];
    struct tls_facts tls;
    char *late; /* a reply that waits for late_at_ms; nothing is read until it is said */
    int64_t late_at_ms;
    int64_t account_id; /* logged in */
    struct seat seat;   /* on the roll, once logged in */
    unsigned endings;   /* the roll's, when the password was given */
    char account[ADDRESS_SIZE];
    int errors, auth_failures;
    int commands, empty_commands, refused; /* since the last mail that was taken */
    int64_t began_ms, answered_ms;         /* the connection; the last answer */
    int said_code;                         /* of the last reply */
    struct auth auth;

    /* the transaction */
    char *mail_from;
    struct mail_terms terms;
    char **recipients;
    struct recipient_terms *recipient_terms; /* one for each recipient */
    size_t recipient_count;
    char candidate[ADDRESS_SIZE]; /* the recipient being asked about */
    struct recipient_terms candidate_terms;
    struct smtp_body *body;
    struct framing framing;
    int64_t body_size, body_began_ms;
    struct pace pace;             /* of the text */
    int64_t flush_began_ms;       /* while it goes to file nothing is read */
    int64_t chunk_left;           /* octets of BDAT still to come */
    struct refusal chunk_refused; /* code not 0: they are dropped, and this is said behind them */
    bool hurried;                 /* the pace is that of a crowd */
    bool chunk_last;
    bool too_large, broken; /* broken: the spool failed, the rest is read and dropped */
    struct err broken_err;
    struct smtp_errand *waiting; /* waits for its `first` */

    /* what goes on when the errand is home; set by whoever sends one */
    enum next (*resumed)(struct smtp_session *, struct smtp_errand *);
    enum next (*judged)(struct smtp_session *, struct errand *); /* a log-in is out */
    struct turn *turn;                                           /* of the call under way */
};

/* smtp_session.c: the only writer of s->state. */
void enter(struct smtp_session *s, enum state next);
enum next send_errand(struct smtp_session *s, struct errand *errand,
                      enum next (*resumed)(struct smtp_session *, struct smtp_errand *));
/* A log-in or its challenge, which is no reply yet; `judged` borrows it. */
enum next send_login(struct smtp_session *s, struct errand *errand,
                     enum next (*judged)(struct smtp_session *, struct errand *));
void transaction_clear(struct smtp_session *s);
bool text_comes(const struct smtp_session *s); /* what arrives is no command */

/* Logged in no more, and no text is coming: a mail that began in time is still taken, and the next is not. */
bool must_leave(const struct smtp_session *s);

/* smtp_patience.c */
int64_t session_now(const struct smtp_session *s);
int64_t patience_ends_ms(struct smtp_session *s); /* when the driver should wake us */
enum next patience_is_over(struct smtp_session *s);
void text_begins(struct smtp_session *s);
void text_came(struct smtp_session *s, int64_t octets);
bool text_is_too_slow(const struct smtp_session *s);
/* False: *out_next is the end.  `empty`: a command that brings no mail forward. */
bool patience_with_command(struct smtp_session *s, bool empty, enum next *out_next);
enum next patience_with_refused(struct smtp_session *s, const struct smtp_errand *errand);
void patience_renewed(struct smtp_session *s); /* a mail was taken */

/* reply.c */
enum next reply(struct smtp_session *s, int code, const char *status, const char *words);
enum next reply_bad(struct smtp_session *s, int code, const char *status,
                    const char *words); /* counts
    as an error of the client; hangs up after too many */
/* Said after a rest; the peer cannot go on before that. */
enum next reply_late(struct smtp_session *s, int64_t wait_ms, int code, const char *status,
                     const char *words);
enum next reply_failed(struct smtp_session *s, const struct err *err); /* our trouble: 451, 452 */
enum next reply_too_large(struct smtp_session *s);
enum next reply_full(struct smtp_session *s);
enum next reply_errand(struct smtp_session *s,
                       const struct smtp_errand *errand); /* what a duty found */

/* commands by file; `args` is what follows the verb, trimmed */
enum next on_ehlo(struct smtp_session *s, struct slice args); /* smtp_greet.c */
enum next on_helo(struct smtp_session *s, struct slice args);
enum next on_starttls(struct smtp_session *s, struct slice args);
enum next on_auth(struct smtp_session *s, struct slice args); /* smtp_auth.c */
enum next auth_line(struct smtp_session *s, struct slice line);
void auth_clear(struct auth *auth);
void auth_offer(const struct smtp_session *s, struct bytes *out); /* the line of EHLO */
enum next auth_end(struct smtp_session *s);                       /* back to commands */
enum next auth_malformed(struct smtp_session *s);
enum next auth_failed(struct smtp_session *s, const struct err *err); /* our trouble */
/* True: this network has to wait with passwords for that name; *out_next is the answer. */
bool auth_must_wait(struct smtp_session *s, struct slice name, enum next *out_next);
enum next auth_judge(struct smtp_session *s, struct errand *back); /* PLAIN, LOGIN */
enum next auth_refuse(struct smtp_session *s, struct slice name);
enum next auth_accept(struct smtp_session *s, int64_t account_id, const char *address);
enum next auth_challenge(struct smtp_session *s, struct slice text, enum auth_step step);
enum next auth_scram_first(struct smtp_session *s, struct slice message); /* smtp_scram.c */
enum next auth_scram_final(struct smtp_session *s, struct slice message);
enum next on_mail(struct smtp_session *s, struct slice args); /* smtp_envelope.c */
enum next on_rcpt(struct smtp_session *s, struct slice args);
bool offers_dsn(const struct smtp_session *s);
enum next on_data(struct smtp_session *s, struct slice args); /* smtp_data.c */
enum next body_read(struct smtp_session *s);
void body_begin(struct smtp_session *s, bool chunked);
/* Frames `text` of DATA or BDAT; true if the spool must be flushed before more. */
bool body_add_framed(struct smtp_session *s, struct slice text);
enum next body_flush(struct smtp_session *s); /* goes on with body_read() */
enum next body_end(struct smtp_session *s); /* all of it is here: over to the duties, or refused */
bool body_is_refused(const struct smtp_session *s); /* body_end() would refuse it already */
/* Of one that is refused: what was kept of it makes room for others, however long the rest takes. */
void body_drop(struct smtp_session *s);
enum next on_bdat(struct smtp_session *s, struct slice args); /* smtp_bdat.c */
/* The command is refused, yet its octets come: they are dropped before the answer. */
enum next refuse_bdat(struct smtp_session *s, struct slice args, struct refusal refusal);
enum next chunk_drop(struct smtp_session *s);  /* octets of a refused BDAT */
enum next chunk_ended(struct smtp_session *s); /* octets of a good one */

#endif
