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

/* Only to those who log in: who comes from elsewhere hears all that there is to say in our replies, and a report of
 * success to a sender that anybody could have written is one more way to send mail to strangers. */
bool offers_dsn(const struct smtp_session *s)
{
    return s->door == SMTP_DOOR_SUBMISSION;
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

/* The parts of MAIL in the order in which they stand; s->mail_from is set only if all are right. */
static enum next read_mail(struct smtp_session *s, struct slice args)
{
    const struct parameters_offer offer = {.dsn = offers_dsn(s), .utf8 = true};
    struct mail_parameters parameters;
    struct parameters_refusal why;
    char path[ADDRESS_SIZE];

    if (!take_keyword(&args, "FROM:"))
        return refuse_path(s, PATH_MALFORMED, true);
    enum path_result result = path_read(&args, path);
    if (result == PATH_MALFORMED || (args.len > 0 && args.at[0] != ' '))
        return refuse_path(s, PATH_MALFORMED, true);
    if (!mail_parameters_read(args, &offer, &parameters, &why))
        return reply_bad(s, why.code, "5.5.4", why.words);
    s->terms = parameters.terms;
    if (result == PATH_NEEDS_UTF8 && !s->terms.utf8)
        return refuse_path(s, result, true);
    if (s->terms.require_tls && !s->secured)
        return reply_bad(s, 501, "5.5.4", "REQUIRETLS can be asked for under TLS alone");
    if (parameters.size > s->duties->message_max)
        return reply_too_large(s);
    if (!s->duties->has_room(s->duties->ctx, s->door, parameters.size))
        return reply_full(s);
    s->mail_from = must_dup(path);
    return NEXT_READ;
}

enum next on_mail(struct smtp_session *s, struct slice args)
{
    bool submission = s->door == SMTP_DOOR_SUBMISSION;

    if (submission && s->account_id == 0)
        return reply_bad(s, 530, "5.7.0",
                         "Authentication required: use AUTH with your address and password");
    if (s->duties->is_busy && s->duties->is_busy(s->duties->ctx))
        return reply(s, 451, "4.3.2", "Too much is going on here. Please come again in a minute");
    enum next next = read_mail(s, args);
    if (!s->mail_from) {
        transaction_clear(s);
        return next;
    }
    if (!submission && s->mail_from[0] == '\0')
        return sender_taken(s);
    return send_errand(s, s->duties->sender(s->duties->ctx, s->account_id, slice_of(s->mail_from)),
                       sender_asked);
}

static void keep_recipient(struct smtp_session *s)
{
    size_t count = s->recipient_count + 1;

    s->recipients = must_grow(s->recipients, count, sizeof s->recipients[0]);
    s->recipient_terms = must_grow(s->recipient_terms, count, sizeof s->recipient_terms[0]);
    s->recipients[s->recipient_count] = must_dup(s->candidate);
    s->recipient_terms[s->recipient_count] = s->candidate_terms;
    s->candidate_terms = (struct recipient_terms){0};
    s->recipient_count = count;
}

static enum next recipient_asked(struct smtp_session *s, struct smtp_errand *errand)
{
    if (!errand->errand.ok || errand->code != 250) {
        if (errand->errand.ok)
            log_info("s=%s smtp recipient refused: %d %s", s->id, errand->code, errand->status);
        return patience_with_refused(s, errand);
    }
    if (s->account_id)
        rate_add(s->duties->sendings, (uint64_t)s->account_id, 1, session_now(s));
    keep_recipient(s);
    enter(s, RECIPIENTS);
    return reply(s, 250, "2.1.5", "Recipient OK");
}

enum next on_rcpt(struct smtp_session *s, struct slice args)
{
    const struct parameters_offer offer = {.dsn = offers_dsn(s), .utf8 = s->terms.utf8};
    struct parameters_refusal why;

    recipient_terms_clear(&s->candidate_terms);
    if (!take_keyword(&args, "TO:"))
        return refuse_path(s, PATH_MALFORMED, false);
    enum path_result result = path_read(&args, s->candidate);
    if (s->candidate[0] == '\0' || (args.len > 0 && args.at[0] != ' '))
        result = PATH_MALFORMED; /* <> is nobody */
    if (result != PATH_GOOD && !(result == PATH_NEEDS_UTF8 && s->terms.utf8))
        return refuse_path(s, result, false);
    if (!recipient_parameters_read(args, &offer, &s->candidate_terms, &why))
        return reply_bad(s, why.code, "5.5.4", why.words);
    if (s->recipient_count >= s->duties->recipients_max ||
        (s->mail_from[0] == '\0' && s->recipient_count > 0))
        return reply(s, 452, "4.5.3", "Too many recipients: send the rest in a second mail.");
    if (s->account_id &&
        rate_level(s->duties->sendings, (uint64_t)s->account_id, session_now(s)) >= SENDINGS_OF_ONE)
        return reply(s, 450, "4.7.1",
                     "You wrote to 2000 people within an hour. Your program tries again later");
    const struct smtp_envelope envelope = {
        .door = s->door,
        .account_id = s->account_id,
        .mail_from = slice_of(s->mail_from),
        .peer = &s->peer,
        .ehlo = s->ehlo,
        .require_tls = s->terms.require_tls,
    };
    return send_errand(s, s->duties->recipient(s->duties->ctx, &envelope, slice_of(s->candidate)),
                       recipient_asked);
}
