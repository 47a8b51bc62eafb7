/* Sending a mail to the town, as smtp does. */
#include "town_private.h"

static const char *found_user, *found_host;
static bool add_found(struct town *town, struct store_tx *tx, struct err *err)
{
    int64_t id;

    (void)town;
    return town_add_fediverse(tx, found_user, found_host, &id, err);
}

static void look_for(struct town *town, struct handle *handle)
{
    handle->asked = true;
    handle->silent = strcmp(handle->host, "silent.example") == 0;
    if (handle->silent)
        return;
    if (strcmp(handle->host, "new.example") != 0 || strcmp(handle->user, "zoe") != 0) {
        handle->nobody = true;
        return;
    }
    found_user = handle->user;
    found_host = handle->host;
    town_write(town, add_found);
}

static char *reply_of(const struct answer *answer)
{
    static const char *const codes[] = {
        [VERDICT_TAKEN] = "250 2.0.0",  [VERDICT_LATER] = "450 4.7.1",
        [VERDICT_UNSURE] = "451 4.7.0", [VERDICT_FULL_FOR_NOW] = "452 4.2.2",
        [VERDICT_NOBODY] = "550 5.1.1", [VERDICT_CLOSED] = "550 5.2.1",
        [VERDICT_FULL] = "552 5.2.2",   [VERDICT_TOO_LONG] = "552 5.3.4",
        [VERDICT_UNFIT] = "550 5.6.0",  [VERDICT_NOT_ALLOWED] = "550 5.7.1",
        [VERDICT_LOOP] = "554 5.4.6",
    };

    return must_print("%s %s", codes[answer->verdict], answer->words);
}

struct early {
    struct store_change change;
    struct town *town;
    struct contact_visit *knock;
};

static bool record_early(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct early *it = container_of(change, struct early, change);

    return bridge_knock_record(it->town->bridge, tx, it->knock, err);
}

static void ask_recipient(struct town *town, const struct town_mail *mail, struct slice recipient,
                          struct store_view *view, struct answer *answer)
{
    bool early = town->asks_early && mail->door == MAIL_DOOR_MX;
    const struct asked_recipient asked = {
        .door = mail->door,
        .mail_from = slice_of(mail->mail_from),
        .client = slice_of(early && mail->evidence ? mail->evidence->client : NULL),
        .helo = slice_of(mail->helo),
        .recipient = recipient,
    };
    struct early it = {.change.apply = record_early, .town = town};
    struct err err = {0};

    if (!bridge_recipient(town->bridge, view, &asked, answer, &it.knock, &err) ||
        (it.knock && !store_commit(town->store, &it.change, &err)))
        fail_msg("RCPT %.*s: %s (%s)", SLICE_ARGS(recipient), err.said, err.cause);
    town->answered_early += it.knock != NULL;
    bridge_knock_free(it.knock);
}

static bool ask_recipients(struct town *town, const struct town_mail *mail,
                           struct mail_arrival *arrival, struct answer *refused)
{
    struct slice rest = slice_of(mail->recipients);
    struct err err = {0};
    scoped(store_view) view = store_look(town->store, &err);

    while (rest.at) {
        struct slice one = slice_trim(slice_cut(&rest, ','));
        ask_recipient(town, mail, one, view, refused);
        if (refused->verdict != VERDICT_TAKEN)
            return false;
        arrival->recipients = must_grow(arrival->recipients, arrival->recipient_count + 1,
                                        sizeof *arrival->recipients);
        arrival->recipient_terms = must_grow(arrival->recipient_terms, arrival->recipient_count + 1,
                                             sizeof *arrival->recipient_terms);
        arrival->recipient_terms[arrival->recipient_count] = recipient_terms_copy(&mail->wish);
        arrival->recipients[arrival->recipient_count++] = must_copy(one);
    }
    return true;
}

static bool anybody_wanted(struct town *town, struct mail_arrival *arrival)
{
    bool wanted = false;

    for (size_t i = 0; i < arrival->wanted_count; i++)
        if (!arrival->wanted[i].asked) {
            wanted = true;
            look_for(town, &arrival->wanted[i]);
        }
    return wanted;
}

struct recording {
    struct store_change change;
    struct town *town;
    struct mail_arrival *arrival;
};

static bool record(struct store_change *change, struct store_tx *tx, struct err *err)
{
    struct recording *it = container_of(change, struct recording, change);

    return bridge_mail_record(it->town->bridge, tx, it->arrival, err);
}

static void prepare_and_record(struct town *town, struct mail_arrival *arrival)
{
    struct recording it = {.change.apply = record, .town = town, .arrival = arrival};
    struct err err = {0};

    do {
        if (!bridge_mail_prepare(town->bridge, arrival, &err))
            fail_msg("prepare: %s (%s)", err.said, err.cause);
    } while (anybody_wanted(town, arrival));
    if ((arrival->answer.verdict == VERDICT_TAKEN || arrival->records) &&
        !store_commit(town->store, &it.change, &err))
        fail_msg("record: %s (%s)", err.said, err.cause);
}

char *town_send(struct town *town, const struct town_mail *mail)
{
    struct mail_arrival arrival = {
        .door = mail->door, .mail_from = must_dup(mail->mail_from), .received_ms = town_now(town)};
    scoped_value(bytes) text = {0};
    struct answer refused;
    int64_t account = !mail->login                              ? 0
                      : !strcmp(mail->login, "eve@example.org") ? town->eve
                                                                : town->alice;

    arrival.account_id = account;
    if (mail->helo)
        arrival.helo = must_dup(mail->helo);
    arrival.terms = mail_terms_copy(&mail->terms);
    if (mail->evidence)
        arrival.evidence = *mail->evidence;
    arrival.received_field =
        must_dup("Received: by example.org; Sun, 1 Mar 2026 12:00:00 +0000\r\n");
    if (!ask_recipients(town, mail, &arrival, &refused)) {
        mail_arrival_clear(&arrival);
        return reply_of(&refused);
    }
    town_crlf(mail->text, &text);
    arrival.body = source_of_bytes(&text);
    prepare_and_record(town, &arrival);
    char *reply = reply_of(&arrival.answer);
    mail_arrival_clear(&arrival);
    return reply;
}

void town_post(struct town *town, const char *to, const char *text)
{
    scoped_text char *whole = must_print("From: alice@example.org\nTo: %s\nSubject: Tide\n"
                                         "Message-ID: <%s@here>\n\n%s\n",
                                         to, text, text);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = "alice@example.org",
                                   .mail_from = "alice@example.org",
                                   .recipients = to,
                                   .text = slice_of(whole)};
    scoped_text char *reply = town_send(town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
}
