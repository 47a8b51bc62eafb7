/*
 * lexer — the words of one command (RFC 9051 9, RFC 3501 9).
 *
 * A command is whole before it is read: literals stand in it as they came ("{5}\r\nhello"), so reading is a walk
 * over one slice.  Nothing is copied but quoted strings with a backslash in them.
 */
#ifndef NESTBOX_IMAP_LEXER_H
#define NESTBOX_IMAP_LEXER_H

#include "bytes.h"
#include "slice.h"

struct lexer {
    struct slice rest;
    struct bytes unquoted; /* what the last quoted string said; good until the next one */
};
void lexer_clear(struct lexer *lexer);
SCOPED_VALUE(lexer, lexer_clear)

bool lexer_at_end(const struct lexer *lexer);
/* Steps over `c`, or leaves everything as it was. */
bool lex_char(struct lexer *lexer, char c);
bool lex_space(struct lexer *lexer);      /* one or more: some programs send two */
char lex_peek(const struct lexer *lexer); /* '\0' at the end */

/* Each is false, and nothing taken, if something else stands there. */
bool lex_atom(struct lexer *lexer, struct slice *out); /* ATOM-CHARs, one at least */
bool lex_word(struct lexer *lexer,
              struct slice *out); /* letters, digits, '.', '-', '_': names of items */
bool lex_astring(struct lexer *lexer, struct slice *out); /* atom with ']', quoted, literal */
bool lex_string(struct lexer *lexer, struct slice *out);  /* quoted or literal */
bool lex_nstring(struct lexer *lexer, struct slice *out, bool *out_nil);
bool lex_list_mailbox(struct lexer *lexer,
                      struct slice *out); /* an astring that may hold % and * */
bool lex_number(struct lexer *lexer, int64_t max, int64_t *out);
bool lex_flag(struct lexer *lexer, struct slice *out); /* "\Seen", "$Forwarded" */
bool lex_set(struct lexer *lexer, struct slice *out); /* the characters of a sequence set, or "$" */
bool lex_is(struct lexer *lexer,
            const char *word); /* takes the word, case ignored, if it is the next */

/* How a line ends: "{12}", "{12+}", "~{12}".  False: with no literal. */
struct literal {
    int64_t size;
    bool at_once; /* the peer does not wait for our "+" (RFC 7888) */
    bool binary;  /* ~ (RFC 3516) */
};
bool literal_ends(struct slice line, struct literal *out);

#endif
