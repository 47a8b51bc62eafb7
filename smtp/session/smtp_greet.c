/* EHLO, HELO, STARTTLS. */
#include "smtp_private.h"

#include <stdio.h>

/* A host name or literal as the client says it: kept for Received, believed in nothing. */
static bool take_name(struct smtp_session *s, struct slice args)
{
    struct slice rest = args;
    struct slice name = slice_cut(&rest, ' ');

    if (name.len == 0 || name.len >= sizeof s->ehlo)
        return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        if (c <= 0x20 || c >= 0x7f || strchr("<>()\"\\;,", c))
            return false;
    }
    snprintf(s->ehlo, sizeof s->ehlo, "%.*s", SLICE_ARGS(name));
    return true;
}

static enum next greet(struct smtp_session *s, struct slice args, bool extended)
{
    if (!take_name(s, args))
        return reply_bad(s, 501, "5.5.4", "Say who you are: EHLO mail.example.org");
    transaction_clear(s);
    s->extended = extended;
    enter(s, GREETED);
    return NEXT_READ;
}

enum next on_helo(struct smtp_session *s, struct slice args)
{
    int errors = s->errors;
    enum next next = greet(s, args, false);

    return s->errors > errors ? next : reply(s, 250, "", s->duties->hostname);
}

/* RFC 1870, 2034, 2920, 3030, 3207, 3461, 4954, 6152, 6531, 8689, 9422. */
enum next on_ehlo(struct smtp_session *s, struct slice args)
{
    struct bytes *out = s->turn->out;
    int errors = s->errors;
    enum next next = greet(s, args, true);

    if (s->errors > errors)
        return next;
    bytes_print(out, "250-%s\r\n250-PIPELINING\r\n250-SIZE %lld\r\n", s->duties->hostname,
                (long long)s->duties->message_max);
    if (!s->secured)
        bytes_add_text(out, "250-STARTTLS\r\n");
    if (s->secured && s->door == SMTP_DOOR_SUBMISSION)
        auth_offer(s, out);
    bytes_print(out, "250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n250-LIMITS RCPTMAX=%u\r\n",
                s->duties->recipients_max);
    if (offers_dsn(s))
        bytes_add_text(out, "250-DSN\r\n");
    if (s->secured)
        bytes_add_text(out, "250-REQUIRETLS\r\n");
    return reply(s, 250, "", "ENHANCEDSTATUSCODES");
}

enum next on_starttls(struct smtp_session *s, struct slice args)
{
    if (args.len > 0)
        return reply_bad(s, 501, "5.5.4", "STARTTLS takes no argument");
    if (s->secured)
        return reply_bad(s, 503, "5.5.1", "TLS is already on");

    reply(s, 220, "2.0.0", "Go ahead");
    enter(s, HANDSHAKE);
    return NEXT_START_TLS;
}
