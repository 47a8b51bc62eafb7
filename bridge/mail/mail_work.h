/*
 * mail_work — one mail between prepare() and record(): what the files of the mail half share.
 *
 * struct mail_work lives for one prepare(); struct mail_plan is what it leaves for the writer: everything slow
 * is done in it, and it may be recorded twice.
 */
#ifndef NESTBOX_BRIDGE_MAIL_WORK_H
#define NESTBOX_BRIDGE_MAIL_WORK_H

#include "bridge_mail.h"
#include "bridge_private.h"
#include "contact_work.h"
#include "digest.h"
#include "faces.h"
#include "id.h"
#include "mail.h"
#include "own_key.h"
#include "policy_post.h"
#include "report.h"
#include "store_peer.h"
#include "words.h"

/* ---- the plan ---- */
struct guard { /* seen before?  Then nothing happens a second time */
    enum seen_kind kind;
    unsigned char digest[SHA256_LEN];
    int64_t expires_ms;
};
struct addressee { /* person_id, or a handle whose server was silent: found by delivery */
    int64_t person_id;
    char *user, *host;
    enum audience_field field;
    bool mentioned;
};
struct planned_picture {
    struct attachment facts;
    struct store_body *body;
};
struct planned_note {
    struct message message; /* texts wrapped already where they must be */
    struct addressee *addressees;
    size_t addressee_count, addressee_capacity;
    char **hashtags;
    size_t hashtag_count, hashtag_capacity;
    struct planned_picture pictures[POST_PICTURES_MAX];
    size_t picture_count;
    struct letter
        copy;     /* of a post: for the mailbox Posts; of a question: for INBOX; no body: none */
    bool asks;    /* waits for a yes (behaviour.md 5.2) */
    char *quotes; /* the page of the post that it quotes; or NULL */
    struct guard *first_directs; /* per person never written to: counted if new */
    size_t first_direct_count;
};
struct planned_visit { /* somebody new at one account's door */
    struct contact_visit visit;
    size_t copy;        /* the one that waits for the answer; SIZE_MAX: none */
    bool no_room;       /* for it */
    int64_t contact_id; /* once it is recorded */
};
struct planned_copy { /* a mail for a mailbox here */
    struct letter letter;
    struct guard guard;
    bool guarded;
    bool report;          /* to the author, about another copy */
    bool by_name;         /* to the address of somebody here */
    struct peer_key peer; /* what it tells of its author; no address: nothing */
};
struct planned_sending { /* a mail for elsewhere */
    char *rcpt_to, *host;
    struct recipient_terms wish;
};
enum deed {
    DEED_NONE,
    DEED_TAKE_BACK,
    DEED_EDIT,
    DEED_FOLLOW,
    DEED_UNFOLLOW,
    DEED_PUBLISH,
    DEED_KEEP,
    DEED_LEAVE,      /* a list, by `word` */
    DEED_BOUNCE,     /* a copy came back: `word` tells whose */
    DEED_ASK,        /* for a list: `request` */
    DEED_CONFIRM,    /* to be on it: `ticket` */
    DEED_CONTACT,    /* a request: target_id, contact_event, contact_words */
    DEED_CLAIM,      /* a key: key_change */
    DEED_REFUSE_KEY, /* one that waits: message_ref */
    DEED_REACT,      /* like, boost: reactions */
    DEED_WISH,       /* for an address here: wish */
    DEED_ACCOUNT,    /* the wish is confirmed: confirmation */
};
struct key_change;
struct activity_plan;
struct mail_plan {
    int64_t account_id; /* the author's, who must still be active; 0: from outside */
    int64_t parent_id;  /* must still be open; 0: none */
    bool parent_own_followers;
    bool chats;   /* Delta Chat sent it: so it reads the account */
    bool by_hand; /* whom it goes to may answer without being asked about */
    struct guard guards[2];
    size_t guard_count;
    struct planned_note *note;
    /* mail as mail */
    char *author_address, *author_name; /* of one from outside */
    int64_t author_person_id;           /* of one from here */
    char *mail_from, *message_id, *references;
    int64_t mail_parent_id, received_ms;
    struct evidence evidence;
    struct slice arc_chain; /* borrowed from the arrival */
    struct planned_copy *copies;
    size_t copy_count, copy_capacity;
    struct planned_visit *visits;
    size_t visit_count, visit_capacity;
    struct planned_sending *sendings;
    size_t sending_count, sending_capacity;
    struct store_body *sending_body; /* the same for all of them */
    enum cipher sending_cipher;
    struct mail_terms terms;
    /* commands */
    enum deed deed;
    int64_t target_id;               /* the message it is done to */
    enum message_state target_state; /* as it was seen */
    int target_version;
    unsigned reactions;             /* of the account to the target: 1 << enum reaction */
    bool react;                     /* to be there; else to be taken back */
    struct activity_plan *told;     /* what the target's author hears who lives here; or NULL */
    char *user, *host;              /* whom to follow */
    unsigned char word[SHA256_LEN]; /* digest of one that authorises the deed */
    struct report report;           /* of a copy that came back */
    struct key_change *key_change;  /* or NULL */
    struct list_request *request;
    struct list_ticket *ticket;
    struct claim_wish *wish;
    struct claim_confirmation *confirmation;
    int contact_event; /* enum contact_event */
    char *contact_words;
    char *message_ref; /* of the letter that is answered */
};
void mail_plan_free(struct mail_plan *plan);
void planned_note_free(struct planned_note *note);
SCOPED(planned_note, planned_note_free)

/* ---- the work ---- */
struct recipient {
    const char *text;                   /* borrowed from the arrival */
    const struct recipient_terms *wish; /* likewise; never NULL */
    struct address address;
    bool visible; /* stands in To or Cc, of the signed part where that counts */
};
struct author {
    char *address; /* of the one From; "" if there is none or several */
    char *name;
    bool ours; /* at one of our domains */
    enum author_proof proof;
    enum evidence_class evidence;
    struct evidence origin; /* as smtp found it, if it is about this author */
    int64_t signed_ago_ms;
    bool has_account;
    struct account account;              /* whose address it is */
    unsigned char signature[SHA256_LEN]; /* S3: digest of what makes this signature this one */
};
struct mail_work {
    struct bridge *bridge;
    struct mail_arrival *arrival;
    struct store_view *view;
    struct mail *mail;
    struct mail *within;      /* what came encrypted to an address of ours: then `mail` is this */
    struct own_opened opened; /* what that was read from */
    struct mail *inner;       /* the signed part, or NULL */
    bool inner_has_headers;   /* protected ones */
    struct recipient *recipients;
    size_t count;
    struct author author;
    bool target_line; /* the first line of the text is the signed target */
    bool quotes;      /* a forward of a public post: its subject is not the author's */
    bool chat;        /* Chat-Version */
    bool opens;       /* a copy for somebody who reads what came encrypted to an address of ours */
    bool learnt;      /* its key is recorded already */
    bool sealed_for;  /* by chat_face(): the account has a key */
    bool renamed;     /* a stranger's mail that got a Message-ID of ours */
    bool
        publishes; /* goes to everybody or to followers: people of this server are named, not written to */
    int64_t now_ms;
};
/* Which recipients a mail has. */
size_t work_count(const struct mail_work *work, enum address_kind kind);
struct recipient *work_first(const struct mail_work *work, enum address_kind kind);
/* A person's word whose person has a mailbox here that gets the mail. */
bool work_is_local_mailbox(const struct mail_work *work, const struct address *address);
/* The author's own address (with any +detail)? */
bool work_is_self(const struct mail_work *work, const struct address *address);
/* Answers, and nothing is planned.  Always true. */
bool work_answer(struct mail_work *work, enum verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct mail_plan *
work_plan(struct mail_work *work); /* made at the first call, owned by the arrival */

/* mail_author.c: From, and what proves it. */
MUST_CHECK bool author_judge(struct mail_work *work, struct err *err);
void author_clear(struct author *author);
/* Did one of the keys of the author's account that pass `fits` sign the whole mail, lately? */
typedef bool key_test(const struct account_key *key, int64_t now_ms);
MUST_CHECK bool mail_signed_by(struct mail_work *work, struct mail *mail, key_test *fits, bool *out,
                               struct err *err);
/* Or this one? */
MUST_CHECK bool mail_signed_with(struct mail_work *work, struct mail *mail,
                                 struct slice certificate, bool *out, struct err *err);
/* multipart/signed by OpenPGP (RFC 3156 5), and a digest that names a signature over `what`, however both were re-coded. */
bool mail_is_pgp_signed(struct mail_part *root);
MUST_CHECK bool mail_signature_digest(const struct pgp_verdict *verdict, struct source *what,
                                      unsigned char out[SHA256_LEN], struct err *err);
/* mail_origin.c: what smtp found of it. */
void author_take_origin(struct mail_work *work);
/* Answered, because the author's domain wants it so? */
bool refuse_by_dmarc(struct mail_work *work);
bool work_only_offices(const struct mail_work *work); /* postmaster, abuse …: before any policy */
/* Whose words count: the signed part with S3 (NULL where its headers are not protected), else the mail. */
struct mail *said_header(const struct mail_work *work);

/* mail_facts.c */
bool mail_is_automatic(const struct mail_work *work);
bool mail_is_group_chat(const struct mail_work *work);
bool mail_is_confidential(const struct mail_work *work);
bool mail_is_redirected(const struct mail_work *work);
bool mail_is_resent(const struct mail_work *work); /* redirected, or a forward by its header */
/* Which recipients stand in To or Cc. */
void recipients_mark_visible(struct mail_work *work);
/* The first mailbox (heap) in envelope, To or Cc that is not the author's own; NULL if none. */
char *mail_other_mailbox(const struct mail_work *work);
struct parent {
    enum parent_kind kind;
    bool found;
    struct message message;
};
void parent_clear(struct parent *parent);
SCOPED_VALUE(parent, parent_clear)
/* What this mail answers, by In-Reply-To and the last of References. */
MUST_CHECK bool parent_find(struct mail_work *work, struct parent *out, struct err *err);
MUST_CHECK bool parent_by_id(struct mail_work *work, int64_t message_id, struct parent *out,
                             struct err *err);
MUST_CHECK bool parent_by_ref(struct mail_work *work, const char *ref, struct parent *out,
                              struct err *err);
/* A field of Message-IDs that holds something besides, or more of them than were read. */
bool mail_names_more(struct mail *header, const char *field, const struct mail_ids *ids);
/* Account, MAIL FROM, Message-ID and `text` as one digest; false without a Message-ID. */
bool mail_guard(const struct mail_work *work, const char *label, struct slice text,
                struct guard *out);
MUST_CHECK bool guard_seen(struct mail_work *work, const struct guard *guard, bool *out,
                           struct err *err);
/* A repeat of what a log-in sent: same words to the same people under the same Message-ID.  Into the plan's guards. */
MUST_CHECK bool mail_guard_submitted(struct mail_work *work, bool *out_seen, struct err *err);
void signature_guard(const struct mail_work *work, struct guard *out); /* of S3 */
enum { MAIL_GUARD_MS_DAYS = 30 };

/* mail_people.c: who is meant. */
enum person_state { PERSON_FOUND, PERSON_NOBODY, PERSON_SILENT, PERSON_ASKED_FOR };
MUST_CHECK bool work_person(struct mail_work *work, struct slice user, struct slice host,
                            struct person *out, enum person_state *out_state, struct err *err);
/* The person a recipient names (long or short form). */
MUST_CHECK bool work_recipient_person(struct mail_work *work, const struct address *address,
                                      struct person *out, enum person_state *out_state,
                                      struct err *err);
bool work_must_ask(
    const struct mail_work *work); /* people were wanted who were not asked for yet */

/* ---- mail to text (publish_*.c) ---- */
struct mail_parts { /* of the body that counts, in order */
    struct mail_part *texts[8];
    size_t text_count;
    struct mail_part *pictures[100];
    size_t picture_count;
    struct mail_part *unfit;         /* the first attachment that is neither */
    struct mail_part *attached_mail; /* or NULL */
    bool several_mails;
    bool encrypted, automatic;
};
void mail_parts_find(struct mail_part *root, bool chat, struct mail_parts *out);
struct mail_part *said_root(const struct mail_work *work);

struct post_text {
    struct words words;
    char *title;   /* bold first line, or NULL */
    char *subject; /* of the thread: what the subject says behind Re: and CW:; or NULL */
    char *warning; /* or NULL */
    char **alts;   /* of Alt: lines */
    size_t alt_count, alt_capacity;
    bool forwarded, encrypted, too_long;
};
void post_text_clear(struct post_text *text);
SCOPED_VALUE(post_text, post_text_clear)
MUST_CHECK bool post_text_read(struct mail_work *work, const struct mail_parts *parts,
                               const struct parent *parent, struct post_text *out, struct err *err);
bool post_text_empty(const struct post_text *text); /* no words and no title */
/* Does the subject say that this is a forward, or the answer to one? */
bool mail_forwards(struct mail *header);
/* Does it say so first: "Fwd: Re: x", and not "Re: Fwd: x"? */
bool mail_begins_as_forward(struct mail *header);
/* publish_forward.c: the one public post that this mail forwards, in a way that tells one's own words from the other
 * mail.  Nothing found: it is a forward like any other (P8), or none. */
MUST_CHECK bool forward_find(struct mail_work *work, struct parent *out, struct err *err);
void post_text_plain(const struct post_text *text, struct bytes *out);

struct named {         /* somebody the text names, @user@host */
    char *user, *host; /* canonical */
    bool known;
    char *page; /* for the link */
    int64_t person_id;
};
struct names_in_text {
    struct named *at;
    size_t count, capacity;
};
void names_in_text_clear(struct names_in_text *names);
SCOPED_VALUE(names_in_text, names_in_text_clear)
void names_find(const struct post_text *text, struct names_in_text *out); /* each once */
struct html_orders {
    const char *domain; /* for hashtags */
    bool mentions; /* names notify: only in public and unlisted posts; else they are plain links */
    bool hashtags;
    const struct names_in_text *names;
};
void post_html(const struct post_text *text, const struct html_orders *orders, struct bytes *out);
void hashtags_find(const struct post_text *text, void (*each)(void *ctx, struct slice tag),
                   void *ctx);

/* Pictures cleaned into note->pictures; what is wrong with them into the question. */
MUST_CHECK bool pictures_read(struct mail_work *work, const struct mail_parts *parts,
                              const struct post_text *text, struct post_question *q,
                              struct planned_note *note, struct err *err);

/* Mails we write (behaviour.md 13), in publish_copy.c: the copy A of a post for Posts, the question B for INBOX, the
 * draft that comes of "no", help. */
MUST_CHECK bool copy_of_post(struct bridge *bridge, struct store_view *view,
                             const struct account *account, const struct planned_note *note,
                             struct letter *out, struct err *err);
MUST_CHECK bool question_of_answer(struct bridge *bridge, const struct account *account,
                                   const struct person *parent_author,
                                   const struct planned_note *note, struct letter *out,
                                   struct err *err);
MUST_CHECK bool draft_of_answer(struct bridge *bridge, const struct account *account,
                                const struct message *message, struct letter *out, struct err *err);
/* What the message quotes, into note->quotes. */
MUST_CHECK bool note_find_quoted(struct store_view *view, const struct message *message,
                                 struct planned_note *note, struct err *err);
MUST_CHECK bool help_letter(struct bridge *bridge, const struct account *account,
                            struct letter *out, struct err *err);

/* ---- the ways a mail goes ---- */
MUST_CHECK bool publish_mail(struct mail_work *work, struct err *err);
MUST_CHECK bool direct_mail(struct mail_work *work, struct err *err);
MUST_CHECK bool command_mail(struct mail_work *work, struct err *err);
MUST_CHECK bool receive_mail(struct mail_work *work, struct err *err);
/* Common steps of a note, note_common.c: */
struct drafting { /* a note on its way from mail to plan */
    struct post_question q;
    struct parent parent;
    struct parent quoted; /* the open post that it forwards */
    struct post_text text;
    struct names_in_text names;
    struct planned_note *note;
    bool nobody, asking; /* answered already; people are being looked for */
    bool forward;        /* a forward for certain, whatever the body says when it is read again */
};
/* Adds somebody once: by row, or by handle where there is none yet. */
void note_address(struct planned_note *note, const struct person *person, const char *user,
                  const char *host, enum audience_field field, bool mentioned);
void drafting_clear(struct drafting *drafting);
SCOPED_VALUE(drafting, drafting_clear)
/* Author, proof, robot: what P1 and P2 ask. */
void drafting_begin(struct mail_work *work, struct drafting *drafting);
/* Text, pictures, attachments, and whether it was seen: what P8 to P15 ask. */
MUST_CHECK bool drafting_read(struct mail_work *work, struct drafting *drafting, struct err *err);
/* Everybody whose address stands in the envelope; one who is not there ends it with an answer. */
MUST_CHECK bool drafting_address(struct mail_work *work, struct drafting *drafting,
                                 enum audience_field field, struct err *err);
/* Whom the text names: `notify` finds them and adds them to the audience, else only known pages are linked. */
MUST_CHECK bool drafting_name(struct mail_work *work, struct drafting *drafting, bool notify,
                              struct err *err);
/* The message itself; takes the note's texts from the drafting. */
void drafting_write(struct mail_work *work, struct drafting *drafting, enum visibility visibility);
/* Is the signed text's first line this recipient's address alone?  Then it is its visible target (3.2). */
MUST_CHECK bool target_line_marks(struct mail_work *work, struct recipient *recipient,
                                  struct err *err);
/* A copy for that mailbox; *out_index: which of the plan's. */
MUST_CHECK bool mail_plan_copy(struct mail_work *work, const struct account *account,
                               size_t *out_index, struct err *err);
/* contact_mail.c: does this account take it from its author?  Else the visit is planned. */
MUST_CHECK bool contact_of_mail(struct mail_work *work, const struct account *account,
                                bool *out_takes, struct err *err);
/* The one answer, when all recipients were judged. */
MUST_CHECK bool contact_settle_mail(struct mail_work *work, struct err *err);
MUST_CHECK bool record_visits(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                              int64_t author_id, struct err *err);
/* Mailboxes here and elsewhere among the recipients get the mail; false *out_ok: it was answered. */
MUST_CHECK bool mail_as_mail(struct mail_work *work, bool *out_ok, struct err *err);
/* The author's own mailbox gets it, if its address stands beside a word that was obeyed. */
MUST_CHECK bool mail_keep_own(struct mail_work *work, struct err *err);
/* May this account take a mail of that size?  Fills the answer if not. */
MUST_CHECK bool account_takes(struct bridge *bridge, struct store_view *view,
                              const struct account *account, int64_t size, bool *out_takes,
                              struct answer *answer, struct err *err);
enum found postmaster_account(struct bridge *bridge, struct store_view *view, struct account *out,
                              struct err *err);

/* receive_snare.c: would an answer to it go to a word of ours?  Then it is answered. */
bool mail_is_snare(struct mail_work *work);
/* Does it need a Message-ID of ours, having none, or that of something that is no mail? */
MUST_CHECK bool mail_needs_name(struct mail_work *work, bool *out, struct err *err);

/* receive_trace.c: the mail as it stays or goes on: `prefix` and its header without `drop` (NULL-terminated names), and
 * its body, unread.  Borrows `mail` until freed.  NULL on failure. */
struct source *mail_rewritten(const struct config *config, struct source *mail, struct slice prefix,
                              const char *const *drop, struct err *err);
/* Its header with the blank line, where that ends within bounds. */
MUST_CHECK bool mail_header_read(struct source *mail, struct bytes *out, struct err *err);
/* SHA-256 of what stands behind the header, as hex. */
MUST_CHECK bool mail_body_digest(struct source *mail, char out[2 * SHA256_LEN + 1],
                                 struct err *err);

/* record_*.c, on the writer */
MUST_CHECK bool record_note(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                            struct err *err);
MUST_CHECK bool record_mail(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                            struct err *err);
/* mail_open.c: what an owner's program encrypted to an address that we read is opened; then `mail` is what was in it.  Answered
 * (the verdict is not VERDICT_TAKEN), if it is not signed by a key of the account. */
MUST_CHECK bool mail_open(struct mail_work *work, struct err *err);
/* What was opened, as a mail, which borrows of it.  Where it has no From of its own, the fields stand in its signed part
 * (Thunderbird), or outside (programs that protect no header). */
MUST_CHECK bool mail_of_opened(struct mail_work *work, struct own_opened *opened, struct mail **out,
                               struct err *err);
/* mail_chat.c: an ordinary mail as a chat account is shown it: new From and To into `prefix`, whose address *out_from then is
 * (heap), with what must go of the rest.  Nothing is touched where it is shown as it came. */
MUST_CHECK bool chat_face(struct mail_work *work, const struct account *account,
                          struct bytes *prefix, char **out_from, const char *const **out_drop,
                          struct err *err);
/* An answer to such a one as it goes out to `to`; NULL on failure.  It goes alone: else what others get would not be
 * encrypted either. */
struct source *chat_answer(struct mail_work *work, const char *to, struct slice prefix,
                           struct err *err);
bool refuse_mail_person_beside(struct mail_work *work);
/* mail_key.c: the certificate that `mail` tells of its author, and the field it stands in, or NULL. */
const char *mail_key_told(const struct mail_work *work, struct mail *mail, struct bytes *out);
/* Does the signed part of `mail` bring that key: in its own Autocrypt field, or attached in it?  Who signed is not asked. */
bool mail_key_is_signed(const struct mail_work *work, struct mail *mail,
                        const struct account_key *key);
/* When the mail was written; one from the future now (Autocrypt Level 1, 2.3.1). */
int64_t mail_effective_ms(const struct mail_work *work);
/* peer_learn.c: what the mail tells of its author's key, for that account; `out` stays empty if it is nothing new. */
MUST_CHECK bool peer_learn(struct mail_work *work, const struct account *account,
                           struct peer_key *out, struct err *err);
/* The first key of the author's account, recorded before all else, so that what answers the mail is sealed to it.  Commits.
 * False *out_learnt: it is not the first, or not fit. */
MUST_CHECK bool mail_key_learn_first(struct mail_work *work, struct slice certificate,
                                     bool *out_learnt, struct err *err);
/* mail_key.c: the key that the mail tells, planned once all else is, and recorded with it. */
MUST_CHECK bool mail_key_learn(struct mail_work *work, struct err *err);
MUST_CHECK bool mail_key_record(struct store_tx *tx, struct mail_plan *plan, struct err *err);
/* claim_mail.c: a mail to the key desk, and the key that it brings (empty: none). */
void claim_key_find(const struct mail_work *work, struct mail *mail, struct bytes *out,
                    bool *out_attached);
MUST_CHECK bool claim_mail(struct mail_work *work, const struct recipient *desk, struct err *err);
MUST_CHECK bool record_claim(struct bridge *bridge, struct store_tx *tx,
                             const struct mail_plan *plan, struct err *err);
/* key_answer.c: *out_key_id 0: the letter asks about no key of the author's. */
MUST_CHECK bool key_question_find(struct mail_work *work, const char *ref, int64_t *out_key_id,
                                  struct err *err);
bool key_refuse_mail(struct mail_work *work, const char *ref); /* always true */
MUST_CHECK bool record_key_deed(struct bridge *bridge, struct store_tx *tx,
                                const struct mail_plan *plan, struct err *err);
MUST_CHECK bool record_reaction(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                                const struct message *target, struct err *err);
MUST_CHECK bool record_deed(struct bridge *bridge, struct store_tx *tx, struct mail_plan *plan,
                            struct err *err);

#endif
