/* MAIL and RCPT. */
#include "log.h"
#include "memory.h"
#include "smtp_private.h"

/* "FROM:" or "TO:" and one space that some put behind it. */
static bool take_keyword(struct slice *args, const char *keyword)
{
    if (!slice_starts_nocase(*args, keyword))
        return false;
    *args = slice_from(*args, strlen(keyword));
    if (args->len > 0 && args->at[0] == ' ')
        *args = slice_from(*args, 1);
    return true;
}

static enum next refuse_path(struct smtp_session *s, enum path_result why, bool sender)
{
    switch (why) {
    case PATH_LOCAL_TOO_LONG:
        return reply_bad(s, 501, "5.1.3", "What stands before the @ is longer than 64 octets");
    case PATH_NEEDS_UTF8:
        return reply_bad(s, 553, "5.6.7", "This address needs SMTPUTF8, said with MAIL");
    case PATH_MALFORMED:
    case PATH_GOOD: break;
    }
    return sender ? reply_bad(s, 501, "5.1.7", "Write MAIL FROM:<you@example.org>")
                  : reply_bad(s, 501, "5.1.3", "Write RCPT TO:<somebody@example.org>");
}

static enum next sender_taken(struct smtp_session *s)
{
    enter(s, SENDER);
    return reply(s, 250, "2.1.0", "Sender OK");
}

static enum next sender_asked(struct smtp_session *s, struct smtp_errand *errand)
{
    if (errand->errand.ok && errand->code == 250)
        return sender_taken(s);
    transaction_clear(s);
    return reply_errand(s, errand);
}

enum next on_mail(struct smtp_session *s, struct slice args)
{
    char path[ADDRESS_SIZE];
    struct mail_parameters parameters;
    int code = 501;
    bool submission = s->door == SMTP_DOOR_SUBMISSION;

    if (submission && s->account_id == 0)
        return reply_bad(s, 530, "5.7.0",
                         "Authentication required: use AUTH with your address and password");
    if (s->duties->is_busy && s->duties->is_busy(s->duties->ctx))
        return reply(s, 451, "4.3.2", "Too much is going on here. Please come again in a minute");
    if (!take_keyword(&args, "FROM:"))
        return refuse_path(s, PATH_MALFORMED, true);
    enum path_result result = path_read(&args, path);
    const char *trouble =
        result == PATH_MALFORMED ? NULL : mail_parameters_read(args, &parameters, &code);
    if (trouble)
        return reply_bad(s, code, "5.5.4", trouble);
    if (result == PATH_MALFORMED || (result == PATH_NEEDS_UTF8 && !parameters.utf8))
        return refuse_path(s, result, true);
    if (parameters.require_tls && !s->secured)
        return reply_bad(s, 501, "5.5.4", "REQUIRETLS can be asked for under TLS alone");
    if (parameters.size > s->duties->message_max)
        return reply_too_large(s);
    s->mail_from = must_dup(path);
    s->utf8 = parameters.utf8;
    s->require_tls = parameters.require_tls;
    if (!submission)
        return sender_taken(s);
    return send_errand(s, s->duties->sender(s->duties->ctx, s->account_id, slice_of(s->mail_from)),
                       sender_asked);
}

static enum next recipient_asked(struct smtp_session *s, struct smtp_errand *errand)
{
    if (!errand->errand.ok || errand->code != 250) {
        if (errand->errand.ok)
            log_info("s=%s smtp recipient refused: %d %s", s->id, errand->code, errand->status);
        return reply_errand(s, errand);
    }
    s->recipients = must_grow(s->recipients, s->recipient_count + 1, sizeof s->recipients[0]);
    s->recipients[s->recipient_count++] = must_dup(s->candidate);
    enter(s, RECIPIENTS);
    return reply(s, 250, "2.1.5", "Recipient OK");
}

enum next on_rcpt(struct smtp_session *s, struct slice args)
{
    if (!take_keyword(&args, "TO:"))
        return refuse_path(s, PATH_MALFORMED, false);
    enum path_result result = path_read(&args, s->candidate);
    if (result == PATH_GOOD && s->candidate[0] == '\0')
        result = PATH_MALFORMED; /* <> is nobody */
    if (result != PATH_GOOD && !(result == PATH_NEEDS_UTF8 && s->utf8))
        return refuse_path(s, result, false);
    if (slice_trim(args).len > 0)
        return reply_bad(s, 555, "5.5.4", "RCPT takes no parameters here");
    if (s->recipient_count >= s->duties->recipients_max ||
        (s->mail_from[0] == '\0' && s->recipient_count > 0))
        return reply(s, 452, "4.5.3", "Too many recipients: send the rest in a second mail.");
    const struct smtp_envelope envelope = {
        .door = s->door,
        .account_id = s->account_id,
        .mail_from = slice_of(s->mail_from),
        .require_tls = s->require_tls,
    };
    return send_errand(s, s->duties->recipient(s->duties->ctx, &envelope, slice_of(s->candidate)),
                       recipient_asked);
}
