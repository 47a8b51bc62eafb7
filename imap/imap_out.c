/* How things are written, and the arguments that many commands share. */
#include "imap_private.h"
#include "mailbox_name.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>

void say(struct imap_session *s, const char *fmt, ...)
{
    va_list args;

    bytes_add_text(s->turn->out, "* ");
    va_start(args, fmt);
    bytes_vprint(s->turn->out, fmt, args);
    va_end(args);
    bytes_add_text(s->turn->out, "\r\n");
}

void add_nstring(struct bytes *out, const char *text)
{
    if (text)
        imap_string_add(out, slice_of(text));
    else
        bytes_add_text(out, "NIL");
}

/* ---- mailbox names ---- */

void add_mailbox(const struct imap_session *s, struct bytes *out, const char *name)
{
    scoped_value(bytes) text = {0};

    if (s->rev2) { /* a quoted string may hold UTF-8 then */
        bytes_add_char(out, '"');
        for (const char *c = name; *c; c++) {
            if (*c == '"' || *c == '\\')
                bytes_add_char(out, '\\');
            bytes_add_char(out, *c);
        }
        bytes_add_char(out, '"');
        return;
    }
    mutf7_add(&text, slice_of(name));
    imap_string_add(out, bytes_slice(&text));
}

char *read_mailbox(const struct imap_session *s, struct slice written)
{
    scoped_value(bytes) name = {0};

    if (s->rev2)
        bytes_add(&name, written);
    else if (!mutf7_read(written, &name))
        return NULL;
    if (slice_is_nocase(bytes_slice(&name), "INBOX"))
        return must_dup("INBOX");
    if (slice_starts_nocase(bytes_slice(&name), "INBOX/"))
        memcpy(name.at, "INBOX", 5);
    return bytes_take(&name);
}

bool lex_mailbox(struct imap_session *s, char **out)
{
    struct slice written;

    if (!lex_astring(&s->lexer, &written))
        return false;
    char *name = read_mailbox(s, written);
    if (!name || !mailbox_name_good(slice_of(name))) {
        free(name);
        return false;
    }
    *out = name;
    return true;
}

/* ---- flags ---- */

static const struct {
    const char *name;
    unsigned bit;
} system_flags[] = {
    {"\\Seen",     IMAP_SEEN    },
    {"\\Answered", IMAP_ANSWERED},
    {"\\Flagged",  IMAP_FLAGGED },
    {"\\Deleted",  IMAP_DELETED },
    {"\\Draft",    IMAP_DRAFT   },
};

void add_flags(struct bytes *out, unsigned flags, const char *keywords)
{
    const char *space = "";

    bytes_add_char(out, '(');
    for (size_t i = 0; i < COUNT_OF(system_flags); i++)
        if (flags & system_flags[i].bit) {
            bytes_print(out, "%s%s", space, system_flags[i].name);
            space = " ";
        }
    if (keywords && keywords[0])
        bytes_print(out, "%s%s", space, keywords);
    bytes_add_char(out, ')');
}

static bool take_flag(struct slice flag, unsigned *flags, struct bytes *keywords, int *count)
{
    for (size_t i = 0; i < COUNT_OF(system_flags); i++)
        if (slice_is_nocase(flag, system_flags[i].name)) {
            *flags |= system_flags[i].bit;
            return true;
        }
    if (slice_is_nocase(flag, "\\Recent"))
        return true; /* some programs send it back in APPEND */
    if (flag.at[0] == '\\' || flag.len > KEYWORD_LEN || ++*count > KEYWORDS_MAX)
        return false;
    if (keywords->len > 0)
        bytes_add_char(keywords, ' ');
    bytes_add(keywords, flag);
    return true;
}

bool lex_flags(struct lexer *lexer, unsigned *out_flags, char **out_keywords)
{
    bool bracket = lex_char(lexer, '(');
    scoped_value(bytes) keywords = {0};
    struct slice flag;
    int count = 0;

    *out_flags = 0;
    *out_keywords = NULL;
    if (!(bracket && lex_char(lexer, ')'))) {
        do {
            if (!lex_flag(lexer, &flag) || !take_flag(flag, out_flags, &keywords, &count))
                return false;
        } while (lex_space(lexer));
        if (bracket && !lex_char(lexer, ')'))
            return false;
    }
    if (keywords.len > 0)
        *out_keywords = bytes_take(&keywords);
    return true;
}

/* ---- CAPABILITY ---- */

void add_capabilities(const struct imap_session *s, struct bytes *out)
{
    bytes_add_text(out, "IMAP4rev1 IMAP4rev2 ID ENABLE SASL-IR");
    if (s->state == NOT_AUTHENTICATED) {
        bytes_add_text(out, " LITERAL-");
        if (s->secured)
            add_mechanisms(s, out);
        else
            bytes_add_text(out, " STARTTLS LOGINDISABLED");
        return;
    }
    bytes_print(out,
                " LITERAL+ IDLE UIDPLUS MOVE CONDSTORE QRESYNC NAMESPACE SPECIAL-USE "
                "CREATE-SPECIAL-USE LIST-STATUS LIST-EXTENDED CHILDREN STATUS=SIZE QUOTA "
                "QUOTA=RES-STORAGE UNSELECT BINARY ESEARCH SEARCHRES WITHIN APPENDLIMIT=%lld "
                "MULTIAPPEND METADATA SORT ESORT "
                "THREAD=ORDEREDSUBJECT THREAD=REFERENCES",
                (long long)s->duties->message_max);
    if (!s->compressed)
        bytes_add_text(out, " COMPRESS=DEFLATE");
}
