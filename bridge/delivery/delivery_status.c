/* What programs read in the mail about a mail (RFC 3464): whose it was, and what came of it. */
#include "activity_work.h"
#include "delivery_letter.h"

#include "memory.h"
#include "text.h"

static const struct {
    const char *action;
    char class;
    const char *otherwise; /* what stands behind the class if they said no status that fits */
} kinds[] = {
    [NEWS_DELAYED] = {"delayed",   '4', "4.7"},
    [NEWS_FAILED] = {"failed",    '5', "4.7"},
    [NEWS_RELAYED] = {"relayed",   '2', "0.0"},
    [NEWS_DELIVERED] = {"delivered", '2', "0.0"},
};

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

/* What they said themselves if it fits; else: their code alone (x.0.0), or out of time (x.4.7). */
static void add_status(const struct delivery_report *report, struct bytes *out)
{
    struct slice words = slice_of(report->reply ? report->reply : "");
    struct slice code = slice_cut(&words, ' ');
    struct slice status = slice_cut(&words, ' ');
    char class = kinds[report->news].class;
    bool theirs = is_code(code, 3);

    if (theirs && is_status(status, class))
        bytes_print(out, "Status: %.*s\n", SLICE_ARGS(status));
    else if (theirs && code.at[0] == class)
        bytes_print(out, "Status: %c.0.0\n", class);
    else
        bytes_print(out, "Status: %c.%s\n", class, kinds[report->news].otherwise);
    if (theirs)
        bytes_print(out, "Diagnostic-Code: smtp; %s\n", report->reply);
}

/* xtext undone; what is not printable ASCII becomes '?'. */
static void add_xtext(struct slice text, struct bytes *out)
{
    size_t from = out->len;

    if (!xtext_read(text, out))
        bytes_add(out, text);
    for (size_t i = from; i < out->len; i++)
        if (out->at[i] < ' ' || out->at[i] >= 0x7f)
            out->at[i] = '?';
}

/* "rfc822;bob@example.org" as it was asked for. */
static void add_original(const char *orcpt, struct bytes *out)
{
    struct slice address = slice_of(orcpt);
    struct slice type = slice_cut(&address, ';');

    if (!address.at)
        return;
    bytes_print(out, "Original-Recipient: %.*s; ", SLICE_ARGS(type));
    add_xtext(address, out);
    bytes_add_char(out, '\n');
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

void delivery_status_add(const struct bridge *bridge, const struct delivery_report *report,
                         struct bytes *out)
{
    if (report->envid) {
        bytes_add_text(out, "Original-Envelope-Id: ");
        add_xtext(slice_of(report->envid), out);
        bytes_add_char(out, '\n');
    }
    bytes_print(out, "Reporting-MTA: dns; %s\n", bridge->config->hostname);
    add_date("Arrival-Date", report->first_ms, out);
    bytes_add_char(out, '\n');
    if (report->orcpt)
        add_original(report->orcpt, out);
    add_recipient(report->rcpt_to, out);
    bytes_print(out, "Action: %s\n", kinds[report->news].action);
    add_status(report, out);
    if (report->news == NEWS_DELAYED)
        add_date("Will-Retry-Until", report->until_ms, out);
}
