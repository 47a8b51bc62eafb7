/*
 * policy_post — may this mail become a post?  Rows P1 to P15 of behaviour.md 3, in their order.
 *
 * Pure: facts in, verdict out; no store, no mail, no clock.  Direct messages and commands share P2 and P10 to
 * P15.
 */
#ifndef NESTBOX_BRIDGE_POLICY_POST_H
#define NESTBOX_BRIDGE_POLICY_POST_H

#include "address.h"
#include "bridge_mail.h"

/* `words` made of what `fmt` says: ASCII, one line, cut at 400 octets. */
void answer_set(struct answer *answer, enum verdict verdict, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum post_row {           /* which row decided */
                ROW_NONE, /* it may be posted */
                ROW_P1 = 1,
                ROW_P2,
                ROW_P3,
                ROW_P4,
                ROW_P5,
                ROW_P6,
                ROW_P7,
                ROW_P8,
                ROW_P9,
                ROW_P10,
                ROW_P11,
                ROW_P12,
                ROW_P13,
                ROW_P14,
                ROW_P15,
};
enum author_proof {
    PROOF_NONE,
    PROOF_STALE, /* a good signature out of its time: signed_ago_ms */
    PROOF_GOOD,  /* S4 or S3 */
};
enum parent_kind {
    PARENT_NONE,
    PARENT_OPEN,          /* a public or unlisted post */
    PARENT_OWN_FOLLOWERS, /* the author's own followers-only post */
    PARENT_CLOSED,        /* anything else, known or not */
};
enum picture_trouble { PICTURES_FINE, PICTURES_UNFIT_FILE, PICTURES_TOO_MANY, PICTURES_TOO_LARGE };
enum {
    POST_TEXT_MAX = 256 * 1024,
    POST_PICTURES_MAX = 4,
    POSTS_AN_HOUR = 30,
    MENTIONS_A_POST = 10,
    FIRST_DIRECTS_A_DAY = 20,
    SIGNATURE_PAST_MS = 24 * 60 * 60 * 1000,
    SIGNATURE_AHEAD_MS = 10 * 60 * 1000,
};

struct post_question {
    /* what the header and the envelope say */
    const char *author;        /* the From address */
    int64_t signed_ago_ms;     /* PROOF_STALE: negative if ahead of us */
    const char *own_word;      /* the word of the From's domain, if another's was used; or NULL */
    const char *word_text;     /* the publishing word as it is written: "public@example.org" */
    const char *mailbox;       /* the first mailbox beside it; or NULL */
    const char *hidden_person; /* a Fediverse person in Bcc, whom a post would name; or NULL */
    size_t publishing_words;
    enum author_proof proof;
    enum address_word word;
    enum parent_kind parent;
    bool visible; /* the word stands in To or Cc (of the signed part, where that counts) */
    bool automatic, group_chat, confidential;
    /* what the body says; looked at only if `read` */
    bool read;
    bool forwarded, encrypted, empty, too_long;
    bool ambiguous; /* programs may read it differently */
    bool seen;      /* this mail, or this signature, before */
    enum picture_trouble pictures;
    char picture_name[256]; /* of the one in trouble */
    size_t picture_count;
    size_t mentions;
    /* what was before; next_…: how long until one more is allowed */
    int64_t posts_last_hour, next_post_ms;
    int64_t first_directs_today, next_first_direct_ms; /* with those of this mail */
};
/* ROW_NONE and ROW_P15 leave VERDICT_TAKEN in *out. */
enum post_row policy_post(const struct post_question *q, struct answer *out);
/* The rows that hold for direct messages and edits as well: P1, P2, P10 to P15. */
enum post_row policy_direct(const struct post_question *q, struct answer *out);
/* P14 alone, for boosts; true: they are too many, and *out says so. */
bool policy_too_many(const struct post_question *q, struct answer *out);
/* P1 and P2, for commands. */
enum post_row policy_command(const struct post_question *q, struct answer *out);

#endif
