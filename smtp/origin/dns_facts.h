/*
 * dns_facts — what DNS has said so far about one mail, for deciders that are pure: (answers so far) → verdict, or the
 * questions still open.
 *
 * A decider asks; where there is no answer yet the question is noted, and the decider says that it is open and runs
 * again once the open questions were answered.  So the same question costs once, whoever asks it, and all questions
 * that are open at a time go out together.  What was asked for another mail a moment ago is answered at once.  Beyond DNS_FACTS_MAX every question "fails", which no decider takes for a
 * no: a mail cannot make us ask more.  One owner, one thread at a time.
 */
#ifndef NESTBOX_SMTP_DNS_FACTS_H
#define NESTBOX_SMTP_DNS_FACTS_H

#include "bytes.h"
#include "dns_memory.h"

enum { DNS_FACTS_MAX = 56, DNS_NAME_SIZE = 256 };

struct dns_fact {
    struct dns_question question;
    struct dns_answer answer;
    bool answered;
};
struct dns_facts {
    struct dns_fact *at[DNS_FACTS_MAX]; /* each stays where it is */
    size_t count;
    bool closed;               /* time is up: what is not known fails */
    struct dns_memory *memory; /* borrowed: what earlier mails asked needs no asking; NULL: none */
};
void dns_facts_clear(struct dns_facts *facts);
SCOPED_VALUE(dns_facts, dns_facts_clear)

/* The answer, borrowed until the facts are cleared; NULL: it is open.  A name that DNS cannot hold is answered
 * with DNS_NO_NAME. */
const struct dns_answer *dns_facts_ask(struct dns_facts *facts, enum dns_type type,
                                       const char *name);
/* The open questions, up to DNS_QUESTIONS_MAX of them; NULL: none is open. */
struct dns_lookup *dns_facts_open(struct dns_facts *facts);
/* Takes its answers, and lets the memory know. */
void dns_facts_learn(struct dns_facts *facts, struct dns_lookup *lookup);
/* From here on nothing is open: what was not answered fails. */
void dns_facts_close(struct dns_facts *facts);

/* A name as in RDATA, uncompressed, as text without the last dot; "" is the root.  False: text cannot hold it. */
bool dns_name_read(struct slice wire, char out[DNS_NAME_SIZE]);
/* Labels of 1 to 63 octets, at most 253 in all; no backslash, no NUL.  One dot may end it. */
bool dns_name_fits(struct slice name);
/* All strings of a TXT record in one (RFC 7208 3.3, RFC 6376 3.6.2.2). */
void dns_text_add(struct slice rdata, struct bytes *out);

#endif
