/*
 * words — what somebody wrote themselves, once quotes, signatures and forward marks are cut
 * (behaviour.md 3.1).
 *
 * Takes text or HTML of one part and yields passages of plain runs and links; who is mentioned and how it is
 * written as HTML is the bridge's business.
 */
#ifndef NESTBOX_MIME_WORDS_H
#define NESTBOX_MIME_WORDS_H

#include "bytes.h"
#include "err.h"
#include "slice.h"

struct run {    /* a piece of a passage */
    char *text; /* UTF-8; "\n" alone is a line break */
    char *href; /* http(s) or mailto link, or NULL */
};
enum passage_kind {
    PASSAGE_PARAGRAPH,
    PASSAGE_QUOTE /* a kept > passage or blockquote of one's own */
};
struct passage {
    enum passage_kind kind;
    struct run *runs;
    size_t count, capacity;
};
struct words {
    struct passage *passages;
    size_t count, capacity;
    bool begins_with_quote; /* before cutting: Delta Chat's sign of an answer (behaviour.md P7) */
    bool
        forwarded; /* a forward mark or a header block of another mail stood in it (P8).  It and all
                              * behind it are cut: what is left are one's own words above a forward */
    /* What was cut as forwarded: its lines, and each address that a link in them leads to on a line of its own.  To find out
     * which mail it is; never to be published. */
    struct bytes other;
    char *other_from; /* whose it is: the address in the From of its header block; or NULL */
    /* Whose the words are is not certain: a quotation stands above, a line that introduces one, rows of a header, a rule as in
     * front of a mail, lines of parent_plain, or words behind the other mail's end. */
    bool doubtful;
    bool cut_quote;          /* a quotation was cut */
    char **kept_content_ids; /* of inline pictures that stand in the words kept (HTML) */
    size_t kept_content_id_count;
    char **cut_content_ids; /* of inline pictures that stand only in what was cut */
    size_t cut_content_id_count;
    char **image_alts; /* of kept inline pictures, same order as kept_content_ids, "" if none */
};
struct words_orders {
    bool flowed, del_sp; /* format=flowed, DelSp=yes (RFC 3676); plain only */
    bool chat;           /* Chat-Version: plain text is kept line by line, nothing joined */
    bool
        is_reply; /* the mail answers a post (In-Reply-To) and is no forward by its subject: a header block
                    * as Outlook puts it above what it quotes, or "Original Message", begins a quotation.
                    * Without it the same block makes the words `forwarded`.  Marks that say "forwarded" do so
                    * always. */
    struct slice
        parent_plain; /* text of the public post being answered or forwarded, or empty: > lines between two own
                                  passages survive only if they stand in it */
};
/* ERR_TOO_LARGE above 1 MiB, 50,000 lines or (HTML) 200 levels.  Links are found in plain text too. */
MUST_CHECK bool words_from_plain(struct slice text, const struct words_orders *orders,
                                 struct words *out, struct err *err);
MUST_CHECK bool words_from_html(struct slice html, const struct words_orders *orders,
                                struct words *out, struct err *err);
void words_clear(struct words *words);
SCOPED_VALUE(words, words_clear)
bool words_empty(const struct words *words); /* nothing but space */
void words_plain(const struct words *words,
                 struct bytes *out); /* paragraphs parted by a blank line, > quotes */
/* The first line as text, and removing it (content warning, Alt: lines, signed target, commands). */
char *
words_first_line(const struct words *words); /* heap, white space squeezed; NULL if there is none */
void words_drop_first_line(struct words *words);
/* Removes every line that begins with `prefix` (case ignored), calling `each` with what follows it. */
void words_take_lines(struct words *words, const char *prefix,
                      void (*each)(void *ctx, struct slice rest), void *ctx);
/* May this stand in a name or hashtag: a letter, mark or digit of any script, or '_'? */
bool words_sign(uint32_t code);

#endif
