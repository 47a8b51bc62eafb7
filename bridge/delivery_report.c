/*
 * What programs read in the mail about a mail that has not arrived (RFC 3464): whose it was, what came of it, and the header
 * of the mail itself.  It goes to its author, who logged in to send it, and never over the wire.
 */
#include "activity_work.h"
#include "mail_work.h"

#include "compose.h"
#include "memory.h"
#include "text.h"

static bool is_code(struct slice word, size_t digits)
{
    bool code = word.len == digits;

    for (size_t i = 0; code && i < digits; i++)
        code = word.at[i] >= '0' && word.at[i] <= '9';
    return code;
}

/* "5.1.1", with a first digit that fits what is told. */
static bool is_status(struct slice word, char class)
{
    if (word.len < 5 || word.len > 9 || word.at[0] != class || word.at[1] != '.')
        return false;
    return word.at[word.len - 1] != '.' && slice_find(slice_from(word, 2), '.') != SIZE_MAX &&
           strspn(word.at, "0123456789.") >= word.len;
}

/* What they said themselves if it fits; else: refused (x.0.0), or out of time (x.4.7). */
static void add_status(const struct late *late, struct bytes *out)
{
    struct slice words = slice_of(late->reply);
    struct slice code = slice_cut(&words, ' ');
    struct slice status = slice_cut(&words, ' ');
    char class = late->given_up ? '5' : '4';
    bool theirs = is_code(code, 3);

    if (theirs && is_status(status, class))
        bytes_print(out, "Status: %.*s\n", SLICE_ARGS(status));
    else if (theirs && code.at[0] == class)
        bytes_print(out, "Status: %c.0.0\n", class);
    else
        bytes_print(out, "Status: %c.4.7\n", class);
    if (theirs)
        bytes_print(out, "Diagnostic-Code: smtp; %s\n", late->reply);
}

/* An address in ASCII: as it is, else as utf-8-addr-xtext (RFC 6533 3). */
static void add_recipient(const char *address, struct bytes *out)
{
    struct slice rest = slice_of(address);
    bool ascii = true;

    for (size_t i = 0; i < rest.len; i++)
        ascii = ascii && rest.at[i] > ' ' && rest.at[i] < 0x7f;
    bytes_print(out, "Final-Recipient: %s; ", ascii ? "rfc822" : "utf-8");
    while (rest.len > 0) {
        uint32_t code;
        size_t len = utf8_read(rest, &code);
        if (ascii || (code > ' ' && code < 0x7f && !strchr("+\\=", (int)code)))
            bytes_add_char(out, rest.at[0]);
        else
            bytes_print(out, "\\x{%X}", (unsigned)code);
        rest = slice_from(rest, len);
    }
    bytes_add_char(out, '\n');
}

static void add_date(const char *field, int64_t ms, struct bytes *out)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(ms, date);
    bytes_print(out, "%s: %s\n", field, date);
}

static void status_fields(const struct bridge *bridge, const struct late *late, struct bytes *out)
{
    bytes_print(out, "Reporting-MTA: dns; %s\n", bridge->config->hostname);
    add_date("Arrival-Date", late->first_ms, out);
    bytes_add_char(out, '\n');
    add_recipient(late->rcpt_to, out);
    bytes_print(out, "Action: %s\n", late->given_up ? "failed" : "delayed");
    add_status(late, out);
    if (!late->given_up)
        add_date("Will-Retry-Until", late->first_ms + delivery_patience_ms(late->target), out);
}

bool delivery_report_add(struct bridge *bridge, struct store_view *view, const struct late *late,
                         struct compose *c, struct err *err)
{
    scoped_value(bytes) status = {0};
    scoped_value(bytes) header = {0};
    scoped(source) mail = store_body_source(view, late->body_id, err);

    if (!mail || !mail_header_read(mail, &header, err))
        return false;
    status_fields(bridge, late, &status);
    compose_delivery_report(c, bytes_slice(&status), bytes_slice(&header));
    return true;
}
