#include "delivery_letter.h"

#include "bridge_peer.h"
#include "compose.h"
#include "config.h"
#include "id.h"
#include "mail_work.h"
#include "memory.h"

enum { WHOLE_MAX = 1024 * 1024 }; /* of a mail that comes back; of a larger one the header */

static void add_time(struct bytes *out, int64_t ms)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(ms, date);
    struct slice text = slice_of(date);
    bytes_print(out, "%.*s UTC", SLICE_ARGS(slice_first(text, text.len - sizeof " +0000" + 1)));
}

static void say_not_yet(const struct delivery_report *report, struct bytes *out)
{
    bytes_print(out, "%s has not taken it since ", report->host);
    add_time(out, report->first_ms);
    bytes_add_text(out, ". I keep trying until ");
    add_time(out, report->until_ms);
    bytes_add_text(out, " and tell you the result. Nothing to do.\n");
}

static void say_given_up(const struct delivery_report *report, struct bytes *out)
{
    bytes_print(out, "%s could not be given your message, and I no longer try. ", report->host);
    if (report->reply && slice_starts(slice_of(report->reply), SLICE(REPLY_ENCRYPTED_ONLY))) {
        bytes_print(out,
                    "Their server takes encrypted mail only. Write to %s from a program that "
                    "encrypts and signs, such as Delta Chat, once it has their key.\n",
                    report->name);
        return;
    }
    bytes_print(out, "If it matters, reach %s another way, or send it again.\n", report->name);
}

static char *subject_of(const struct delivery_report *report)
{
    switch (report->news) {
    case NEWS_DELAYED: return must_print("%s has not got your message yet", report->name);
    case NEWS_FAILED: return must_print("%s did not get your message", report->name);
    case NEWS_RELAYED: return must_print("Their server took your message to %s", report->name);
    case NEWS_DELIVERED: return must_print("Your message to %s has arrived", report->name);
    }
    __builtin_unreachable();
}

static void add_words(const struct delivery_report *report, struct bytes *out)
{
    switch (report->news) {
    case NEWS_DELAYED: say_not_yet(report, out); break;
    case NEWS_FAILED: say_given_up(report, out); break;
    case NEWS_RELAYED:
        bytes_print(out,
                    "%s took your message. Whether %s gets it, that server does not report. "
                    "Nothing to do.\n",
                    report->host, report->name);
        break;
    case NEWS_DELIVERED:
        bytes_print(out, "It lies in the mailbox of %s. You asked to be told. Nothing to do.\n",
                    report->name);
        break;
    }
    if (report->reply && *report->reply)
        bytes_print(out, "\nThe last answer was: %s\n", report->reply);
}

/* The mail it is about: all of it where that is wanted, else its header. */
static bool add_mail(const struct delivery_report *report, struct bytes *status, struct compose *c,
                     struct err *err)
{
    scoped_value(bytes) mail = {0};
    size_t len = 0;

    if (!report->whole || report->news != NEWS_FAILED || report->mail->size > WHOLE_MAX) {
        if (!mail_header_read(report->mail, &mail, err))
            return false;
        compose_delivery_report(c, bytes_slice(status), bytes_slice(&mail), false);
        return true;
    }
    char *into = bytes_reserve(&mail, (size_t)report->mail->size);
    if (!source_read(report->mail, 0, into, (size_t)report->mail->size, &len, err))
        return false;
    mail.len += len;
    compose_delivery_report(c, bytes_slice(status), bytes_slice(&mail), true);
    return true;
}

static bool compose_all(const struct bridge *bridge, const struct delivery_report *report,
                        struct letter *letter, struct compose *c, struct err *err)
{
    scoped_text char *own = account_address(report->account);
    scoped_text char *about = must_dup(report->about);
    scoped_value(bytes) text = {0};
    scoped_value(bytes) status = {0};

    compose_field(c, "Return-Path", "<>");
    compose_address(c, "From", "Mail delivery", letter->from);
    compose_address(c, "To", NULL, own);
    compose_field(c, "Subject", letter->subject);
    compose_date(c, letter->received_ms);
    compose_ids(c, "Message-ID", &letter->message_id, 1);
    if (about) {
        compose_ids(c, "In-Reply-To", &about, 1);
        compose_ids(c, "References", &about, 1);
    }
    compose_field(c, "Auto-Submitted", "auto-replied");
    add_words(report, &text);
    compose_text(c, bytes_slice(&text), NULL);
    if (!report->rcpt_to)
        return true;
    delivery_status_add(bridge, report, &status);
    return add_mail(report, &status, c, err);
}

bool delivery_letter(struct bridge *bridge, const struct delivery_report *report,
                     struct letter *letter, struct err *err)
{
    const char *domain = report->account->domain;
    scoped(compose) c = compose_new();
    struct memory_sink sink;

    letter->account_id = report->account->id;
    letter->mailbox = MAILBOX_INBOX;
    letter->received_ms = clock_now(bridge->clock);
    letter->from = must_print("MAILER-DAEMON@%s", domain);
    letter->message_id = message_id_new(domain);
    letter->subject = subject_of(report);
    if (!compose_all(bridge, report, letter, c, err))
        return false;
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    scoped(source) content = source_of_bytes(&sink.bytes);
    return ok && letter_seal(bridge, content, letter, err);
}
