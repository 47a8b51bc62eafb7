/* Commands about the connection: who speaks what, TLS, log-in, good-bye. */
#include "imap_private.h"
#include "memory.h"

enum next imap_on_capability(struct imap_session *s)
{
    bytes_add_text(s->turn->out, "* CAPABILITY ");
    add_capabilities(s, s->turn->out);
    bytes_add_text(s->turn->out, "\r\n");
    return finish(s, "", "That is what I can");
}

enum next imap_on_noop(struct imap_session *s)
{
    return finish(s, "", "Nothing done");
}

enum next imap_on_check(struct imap_session *s)
{
    return finish(s, "", "All is on the disk as it is");
}

enum next imap_on_logout(struct imap_session *s)
{
    bytes_add_text(s->turn->out, "* BYE Goodbye\r\n");
    bytes_print(s->turn->out, "%s OK Logged out\r\n", s->tag);
    return NEXT_HANG_UP;
}

enum next imap_on_starttls(struct imap_session *s)
{
    if (s->secured)
        return bad(s, "TLS is on already");
    bytes_print(s->turn->out, "%s OK Shake hands\r\n", s->tag);
    bytes_clear(&s->command);
    return NEXT_START_TLS;
}

/* COMPRESS DEFLATE (RFC 4978): the driver does it, behind this answer. */
enum next imap_on_compress(struct imap_session *s)
{
    if (!lex_space(&s->lexer) || !lex_is(&s->lexer, "DEFLATE") || !lexer_at_end(&s->lexer))
        return bad(s, "COMPRESS takes DEFLATE");
    if (s->compressed)
        return no(s, "COMPRESSIONACTIVE", "DEFLATE is on already");
    s->compressed = true;
    bytes_print(s->turn->out, "%s OK DEFLATE from here on\r\n", s->tag);
    forget_command(s);
    return NEXT_COMPRESS;
}

/* ---- ID (RFC 2971) ---- */

/* What the client says of itself is of no use to us and may be personal: it is read and dropped. */
enum next imap_on_id(struct imap_session *s)
{
    struct slice word;
    bool nil;

    if (!lex_space(&s->lexer))
        return bad(s, "ID wants a list or NIL");
    if (!lex_is(&s->lexer, "NIL")) {
        if (!lex_char(&s->lexer, '('))
            return bad(s, "ID wants a list or NIL");
        while (lex_nstring(&s->lexer, &word, &nil))
            lex_space(&s->lexer);
        if (!lex_char(&s->lexer, ')'))
            return bad(s, "This list is not closed");
    }
    say(s, "ID (\"name\" \"Nestbox\" \"version\" \"%s\")", NESTBOX_VERSION);
    return finish(s, "", "Pleased to meet you");
}

/* ---- ENABLE (RFC 5161) ---- */

static void enable(struct imap_session *s, struct slice name, struct bytes *enabled)
{
    bool *const switches[] = {&s->rev2, &s->condstore, &s->qresync};
    static const char *const names[] = {"IMAP4REV2", "CONDSTORE", "QRESYNC"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_is_nocase(name, names[i]) && !*switches[i]) {
            *switches[i] = true;
            s->condstore = s->condstore || s->qresync; /* RFC 7162 3.2.3 */
            bytes_print(enabled, " %s", names[i]);
        }
}

enum next imap_on_enable(struct imap_session *s)
{
    scoped_value(bytes) enabled = {0};
    struct slice name;
    int count = 0;

    while (lex_space(&s->lexer) && lex_atom(&s->lexer, &name)) {
        enable(s, name, &enabled);
        count++;
    }
    if (count == 0 || !lexer_at_end(&s->lexer))
        return bad(s, "ENABLE wants names of capabilities");
    say(s, "ENABLED%s", enabled.len ? enabled.at : "");
    return finish(s, "", "What I know of these is on");
}

enum next imap_on_namespace(struct imap_session *s)
{
    say(s, "NAMESPACE ((\"\" \"/\")) NIL NIL");
    return finish(s, "", "All is yours");
}
