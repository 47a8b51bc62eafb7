/*
 * forwarding — forwards to public@ as programs write them, for the tests about them.  CANARY stands in each: no word of the
 * other mail may come of it.
 */
#ifndef NESTBOX_TESTS_BRIDGE_FORWARDING_H
#define NESTBOX_TESTS_BRIDGE_FORWARDING_H

#include "reacting.h"

#define P8                                                                                         \
    "550 5.7.1 Not posted: this looks like a forwarded mail, and forwarded words are never "       \
    "published. Copy what you mean into a new mail."
#define P12                                                                                        \
    "550 5.6.0 Not posted: no text and no picture were left after removing quotes and signature."

#define FWD "Subject: Fwd: Good CANARY\n"
#define NAMES(id) "X-Forwarded-Message-Id: <" id ">\nReferences: <" id ">\n"
#define ANSWERS(id) "In-Reply-To: <" id ">\nReferences: <a-thread@example.org> <" id ">\n"
#define PUBLIC_ID "bob-public@example.org"
#define FROM_BOB "From: Bob (@bob@social.example) <bob=social.example@example.org>\n"
#define BLOCK(from)                                                                                \
    "Subject: Good CANARY\nDate: Sun, 1 Mar 2026 09:00:00 +0000\n" from "To: "                     \
    "alice@example.org\n\n"
#define WORDS "The tide is out, CANARY says.\n"
#define THUNDERBIRD "\n-------- Forwarded Message --------\n" BLOCK(FROM_BOB) WORDS
#define BOOSTED(wanted) "reaction to https://social.example/inbox wanted " wanted " delivered 0\n"

#define RE(page)                                                                                   \
    "<p class=\"quote-inline\">RE: <a href=\"" page "\" rel=\"nofollow noopener\">" page "</a></"  \
    "p>"
#define QUOTED "<p>So true</p>" RE(BOBS)
/* What comes at once of a quote that says "So true". */
#define QUOTED_EFFECTS                                                                             \
    "public held\n<p>So true</p>\ncc @bob@social.example (not mentioned)\n"                        \
    "alice in Posts: Public in 60 seconds: So true\n"

/* Alice sends it, under the Message-ID <id@here>; "{bob}" in it is the REF of his public post, "{direct}" of his direct note,
 * "{alice}" of hers.  The reply, heap. */
char *forward_mail(const char *to, const char *id, const char *fields, const char *text);
/* Thunderbird forwards Bob's public post below these words. */
void forwards(const char *id, const char *own, const char *reply);

#endif
