/*
 * What the files of the session share.
 *
 *   GREETING --> NOT_AUTHENTICATED --LOGIN, AUTHENTICATE--> AUTHENTICATED --SELECT--> SELECTED
 *                     | ^                                        ^                       |
 *                 STARTTLS                                       +-- CLOSE, UNSELECT ----+
 *
 * How bytes are read is a state of its own, the mode: commands are gathered whole, with their literals, but the
 * message of an APPEND goes to the spool as it comes, and during IDLE and AUTHENTICATE lines are no commands.
 */
#ifndef NESTBOX_IMAP_PRIVATE_H
#define NESTBOX_IMAP_PRIVATE_H

#include "id.h"
#include "imap_duties.h"
#include "scram.h"

struct imap_session;
enum imap_state { NOT_AUTHENTICATED, AUTHENTICATED, SELECTED };
enum imap_mode { MODE_COMMAND, MODE_SASL, MODE_APPEND, MODE_IDLE };

enum {
    TAG_MAX = 64,
    COMMAND_MAX_BEFORE = 8 * 1024, /* before log-in */
    COMMAND_MAX = 64 * 1024,
    ERRORS_MAX = 20,
    LOGIN_FAILURES_MAX = 3,
    CONNECTIONS_OF_ONE = 100,      /* logged in to one account */
    LOGIN_MS = 60 * 1000,          /* from the greeting on */
    CROWDED_LOGIN_MS = 15 * 1000,  /* in a crowd, so that there is room for others */
    IDLE_MS = 31 * 60 * 1000,      /* RFC 9051 5.4: at least 30 minutes */
    STILL_HERE_MS = 4 * 60 * 1000, /* during IDLE: NATs forget sooner than clients */
    LOOK_AGAIN_MS = 5 * 1000,      /* during IDLE, where a look failed */
    VANISHED_AT_ONCE = 4000,       /* messages */
    UID_MAX_KEPT = 1000 * 1000,    /* messages in a mailbox that can be selected */
};

enum sasl_step { SASL_NONE, SASL_PLAIN, SASL_SCRAM_FIRST, SASL_SCRAM_FINAL, SASL_SCRAM_DONE };
struct sasl { /* one log-in under way, by LOGIN too */
    enum sasl_step step;
    char *name;
    struct scram scram;
    int64_t account_id; /* proven, told when the client has taken our signature */
};

struct selected { /* id 0: nothing is */
    int64_t id;
    uint32_t uid_validity;
    bool read_only;
    uint32_t *uids; /* rising: number n is uids[n - 1] */
    size_t count, capacity;
    int64_t modseq;          /* up to which the client knows all */
    bool dirty;              /* something was committed since */
    bool gone;               /* it was deleted: this session ends, when its command did */
    struct number_set saved; /* "$" (RFC 5182) */
};

struct telling { /* changes, piece by piece: imap_sync.c */
    struct errand *home;
    struct imap_changes *changes; /* in `home` */
    size_t at;
    bool may_expunge;
    bool earlier_told; /* VANISHED (EARLIER) */
    enum next (*then)(struct imap_session *);
};

struct gathered { /* what the slices of one STORE, COPY or MOVE came to */
    struct number_set uids, new_uids;
    uint32_t uid_validity;
    int64_t target_id;
    struct errand *failed; /* COPY: why it is being taken back */
    size_t at;             /* while the sets are told: ranges of this one that were */
    bool first_told;
};

struct fetching; /* one FETCH under way: imap_fetch.c */
struct append;   /* one APPEND under way: imap_append.c */
struct asking;   /* one GETMETADATA under way: imap_metadata.c */
struct listing;  /* one LIST under way: imap_list.c */
struct finding;  /* one SEARCH being told: imap_search.c */

struct imap_session {
    const struct imap_duties *duties;
    struct peer peer;
    enum imap_state state;
    enum imap_mode mode;
    bool secured, closing, compressed;
    bool rev2, condstore, qresync; /* ENABLE (RFC 5161) */
    struct tls_facts tls;
    char id[SESSION_NAME_SIZE];
    int64_t account_id;
    struct seat seat; /* on the roll, once logged in */
    unsigned endings; /* the roll's, when the password was given */
    int errors, login_failures;
    struct sasl sasl;
    char *late; /* an answer that waits for late_at_ms; nothing is read until it is said */
    int64_t late_at_ms, began_ms;

    /* the command being gathered */
    struct bytes command;
    size_t line_at;       /* where its present line begins */
    int64_t literal_left; /* octets still to come into it */
    int64_t skip_left;    /* octets nobody wants, of a literal that is too large */
    bool too_long;

    /* the command being run */
    char tag[TAG_MAX + 1];
    bool uid;           /* UID FETCH and its like */
    bool numbers_stay;  /* no EXPUNGE may be told behind this one (RFC 9051 7.5.1) */
    bool search_modseq; /* SEARCH asks for MODSEQ */
    struct lexer lexer; /* its arguments */
    struct fetching *fetch;
    struct append *append;
    struct listing *listing;
    struct asking *asking;
    struct finding *finding;
    unsigned status_items;  /* that STATUS asked for */
    uint32_t fetch_after;   /* FETCH goes on behind this UID */
    unsigned search_return; /* what RETURN asked for; 0: the old form */
    struct search_order search_order;
    struct errand
        *sliced; /* home between two slices of long work, while the client takes what was said */
    struct gathered gathered;
    struct telling telling;
    bool making;       /* CREATE and RENAME: what is in the way is there already */
    bool deleting;     /* DELETE, and of the mailbox that is selected */
    bool silent;       /* STORE FLAGS.SILENT */
    bool tells_modseq; /* in its OK: something left the mailbox (RFC 7162 3.2.7, RFC 6851 4.4) */
    bool select_read_only; /* what SELECT or EXAMINE asked for */
    uint32_t select_validity;
    struct selected selected;

    /* what goes on when the errand is home; set by whoever sends one */
    enum next (*resumed)(struct imap_session *, struct errand *back);
    enum next (*coda)(
        struct imap_session *); /* what stands behind the tagged OK, where that is long */
    struct turn *turn;          /* of the call under way */
    enum next (*more)(struct imap_session *); /* after NEXT_MORE; NULL: nothing is being sent */
};

/* imap_gather.c */
enum next read_on(struct imap_session *s); /* takes what turn->in holds, as far as it goes */
void forget_command(struct imap_session *s);

/* imap_session.c */
int64_t imap_now(const struct imap_session *s);
enum next run_command(struct imap_session *s); /* whole, in s->command */
bool read_tag(struct imap_session *s);         /* from s->lexer into s->tag */
enum next await_errand(struct imap_session *s, struct errand *errand,
                       enum next (*resumed)(struct imap_session *, struct errand *back));
/* `back` has more slices to go: sends it again, when the client has taken what was said. */
enum next next_slice(struct imap_session *s, struct errand *back,
                     enum next (*resumed)(struct imap_session *, struct errand *back));
void enter_state(struct imap_session *s, enum imap_state state);
/* Ends a command: OK, with what changed meanwhile told before it. */
enum next finish(struct imap_session *s, const char *code, const char *words);
/* The same for a command that answers NO or BAD; nothing changed is told. */
enum next no(struct imap_session *s, const char *code, const char *words);
enum next bad(struct imap_session *s, const char *words);
/* An errand that was refused or failed becomes NO; takes `back`. */
enum next no_errand(struct imap_session *s, struct errand *back);
/* With codes of the command's own for what is not there and what may not be. */
enum next no_errand_as(struct imap_session *s, struct errand *back, const char *absent,
                       const char *refused);
bool errand_failed(struct errand *back);
/* Its mailbox was deleted meanwhile; only for errands about the one that is selected. */
bool mailbox_is_gone(const struct imap_session *s, struct errand *back);

/* imap_out.c: how things are written */
void say(struct imap_session *s, const char *fmt, ...)
    PRINTF_LIKE(2, 3);                                 /* untagged, without CRLF */
void add_nstring(struct bytes *out, const char *text); /* NULL is NIL */
void add_mailbox(const struct imap_session *s, struct bytes *out, const char *name);
void add_flags(struct bytes *out, unsigned flags, const char *keywords); /* with brackets */
/* A mailbox name as the client wrote it, as UTF-8 text (heap); NULL: broken. */
char *read_mailbox(const struct imap_session *s, struct slice written);
bool lex_mailbox(struct imap_session *s, char **out);
/* "(\Seen $Forwarded)" or the bare list of STORE; keywords heap or NULL.  False: broken. */
bool lex_flags(struct lexer *lexer, unsigned *out_flags, char **out_keywords);
void add_capabilities(const struct imap_session *s, struct bytes *out);

/* imap_sync.c: what the client knows of the selected mailbox */
void selected_clear(struct selected *selected);
/* Untagged EXISTS, EXPUNGE or VANISHED, FETCH FLAGS, in pieces; then goes on with then().  Takes `back`, imap_changes.
 * Without `may_expunge` what vanished is told another time. */
enum next tell_changes(struct imap_session *s, struct errand *back, bool may_expunge,
                       enum next (*then)(struct imap_session *));
/* What an imap_opened brought, likewise: VANISHED (EARLIER), then flags (QRESYNC). */
enum next tell_since(struct imap_session *s, struct errand *back,
                     enum next (*then)(struct imap_session *));
/* Of imap_changes VANISHED (EARLIER) alone, likewise (FETCH). */
enum next tell_earlier(struct imap_session *s, struct errand *back,
                       enum next (*then)(struct imap_session *));
/* EXPUNGE or VANISHED of some of them, which leave `vanished`; true: it is empty. */
bool tell_vanished(struct imap_session *s, struct number_set *vanished);
uint32_t number_of(const struct selected *selected, uint32_t uid); /* 0: not known */
/* The numbers of those of `uids` that the client knows. */
void numbers_of(const struct selected *selected, const struct number_set *uids,
                struct number_set *out);
/* The argument of FETCH, STORE, COPY …, as UIDs. */
bool lex_messages(struct imap_session *s, struct number_set *out_uids);
void tell_entry(struct imap_session *s, const struct imap_entry *entry, bool with_uid);

/* commands by file; arguments are in s->lexer */
enum next imap_on_capability(struct imap_session *s); /* imap_greet.c */
enum next imap_on_starttls(struct imap_session *s);
enum next imap_on_compress(struct imap_session *s);
enum next imap_on_login(struct imap_session *s);     /* imap_login.c */
int64_t watched_topic(const struct imap_session *s); /* 0: none */
enum next accept_login(struct imap_session *s, int64_t account_id);
enum next imap_on_authenticate(struct imap_session *s); /* imap_sasl.c */
enum next sasl_line(struct imap_session *s, struct slice line);
void add_mechanisms(const struct imap_session *s, struct bytes *out); /* " AUTH=PLAIN …" */
void sasl_clear(struct sasl *sasl);
/* A wrong password is answered late, and a network that guesses waits (base/logins.h). */
bool login_must_wait(struct imap_session *s, struct slice name, enum next *out_next);
enum next check_password(struct imap_session *s, struct slice name, struct slice password);
enum next judge_login(struct imap_session *s,
                      struct errand *back); /* takes `back`, a login_errand */
enum next imap_on_id(struct imap_session *s);
enum next imap_on_enable(struct imap_session *s);
enum next imap_on_namespace(struct imap_session *s);
enum next imap_on_noop(struct imap_session *s);
enum next imap_on_check(struct imap_session *s);
enum next imap_on_logout(struct imap_session *s);
enum next imap_on_list(struct imap_session *s); /* imap_list.c */
enum next imap_on_lsub(struct imap_session *s);
void listing_free(struct listing *listing);
enum next imap_on_create(struct imap_session *s); /* imap_mailbox.c */
enum next imap_on_delete(struct imap_session *s);
enum next imap_on_rename(struct imap_session *s);
enum next imap_on_subscribe(struct imap_session *s);
enum next imap_on_unsubscribe(struct imap_session *s);
enum next imap_on_status(struct imap_session *s);
enum next imap_on_getquota(struct imap_session *s);
enum next imap_on_getquotaroot(struct imap_session *s);
enum next imap_on_getmetadata(struct imap_session *s); /* imap_metadata.c */
enum next imap_on_setmetadata(struct imap_session *s);
void asking_free(struct asking *asking);
enum next imap_on_select(struct imap_session *s); /* imap_select.c */
enum next imap_on_examine(struct imap_session *s);
enum next imap_on_close(struct imap_session *s);
enum next imap_on_unselect(struct imap_session *s);
enum next imap_on_expunge(struct imap_session *s); /* imap_change.c */
enum next imap_on_store(struct imap_session *s);
enum next imap_on_copy(struct imap_session *s);
enum next imap_on_move(struct imap_session *s);
void gathered_clear(struct gathered *gathered);
enum next imap_on_search(struct imap_session *s); /* imap_search.c */
enum next imap_on_sort(struct imap_session *s);
enum next imap_on_thread(struct imap_session *s);
void finding_free(struct finding *finding);
enum next imap_on_fetch(struct imap_session *s); /* imap_fetch.c */
void fetching_free(struct fetching *fetch);
enum next imap_on_idle(struct imap_session *s); /* imap_idle.c */
enum next idle_line(struct imap_session *s, struct slice line);
enum next idle_changed(struct imap_session *s);
/* imap_append.c: whether the literal behind `text` is a message of an APPEND. */
bool append_begins(struct imap_session *s, const struct literal *literal, enum next *out_next);
enum next append_read(struct imap_session *s);
enum next append_line(struct imap_session *s);    /* what stood behind the last message */
enum next imap_on_append(struct imap_session *s); /* an APPEND without a message: BAD */
void append_free(struct imap_session *s);
int64_t append_ends_ms(const struct imap_session *s); /* while there is one */
/* It came too slowly: says so. */
enum next append_is_over(struct imap_session *s);

#endif
