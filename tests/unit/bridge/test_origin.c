/* Mail from outside by what proves where it comes from: who is refused, who reads by mail, what is kept. */
#include "readers.h"

#include "store_message.h"

static const struct evidence nothing = {.client = "192.0.2.1", .author_domain = "mail.example"};
static const struct evidence by_spf = {.client = "192.0.2.1",
                                       .author_domain = "mail.example",
                                       .spf = AUTH_PASS,
                                       .spf_domain = "mail.example",
                                       .spf_aligned = true};
static const struct evidence by_dkim = {.client = "192.0.2.1",
                                        .author_domain = "mail.example",
                                        .dkim = {{AUTH_PASS, "mail.example"}},
                                        .dkim_count = 1,
                                        .dmarc = AUTH_PASS,
                                        .policy = DMARC_REJECT,
                                        .dkim_aligned = true};
static const struct evidence of_another = {.client = "192.0.2.1",
                                           .author_domain = "other.example",
                                           .dmarc = AUTH_PASS,
                                           .dkim_aligned = true};
static const struct evidence forged = {.client = "192.0.2.1",
                                       .author_domain = "mail.example",
                                       .dmarc = AUTH_FAIL,
                                       .policy = DMARC_REJECT};
static const struct evidence forged_explained = {.author_domain = "mail.example",
                                                 .dmarc = AUTH_FAIL,
                                                 .policy = DMARC_REJECT,
                                                 .explanation = "Ask us."};
static const struct evidence forged_mildly = {
    .author_domain = "mail.example", .dmarc = AUTH_FAIL, .policy = DMARC_QUARANTINE};
static const struct evidence unsure = {
    .author_domain = "mail.example", .dmarc = AUTH_TEMPERROR, .policy = DMARC_REJECT};
static const struct evidence unsure_mildly = {.author_domain = "mail.example",
                                              .dmarc = AUTH_TEMPERROR};
static const struct evidence vouched = {
    .author_domain = "mail.example", .dmarc = AUTH_FAIL, .policy = DMARC_REJECT, .vouched = true};
static const struct evidence signed_by_us = {.author_domain = "example.org",
                                             .dmarc = AUTH_PASS,
                                             .dkim_aligned = true,
                                             .signed_by_author_domain = true};
static const struct evidence forged_ours = {
    .author_domain = "example.org", .dmarc = AUTH_FAIL, .policy = DMARC_REJECT};

static char *send_text(const char *to, const char *from, const struct evidence *evidence,
                       const char *fields, const char *text)
{
    static int serial;
    scoped_text char *mail = must_print("From: %s\nTo: %s\nMessage-ID: <%d@mail.example>\n%s\n%s\n",
                                        from, to, ++serial, fields, text);
    const struct town_mail it = {
        .door = MAIL_DOOR_MX,
        .mail_from = "carol@mail.example",
        .recipients = to,
        .text = slice_of(mail),
        .evidence = evidence,
    };

    return town_send(&town, &it);
}

static void newest_mail(struct message *out)
{
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    for (int64_t id = 1;; id++) {
        scoped_value(message) message = {0};
        if (store_message(view, id, &message, &err) != FOUND)
            return;
        message_clear(out);
        *out = message;
        message = (struct message){0};
    }
}

#define REFUSED                                                                                    \
    "550 5.7.1 Not taken: mail.example asks (DMARC) to refuse mail that neither SPF nor DKIM "     \
    "proves to be its own. Send it through the server of that domain."
#define LATER                                                                                      \
    "451 4.7.0 Whether this mail is from mail.example cannot be checked now. Your server tries "   \
    "again by itself."
#define OURS "550 5.7.1 Only example.org itself sends mail with this From address."

static void test_who_is_refused(void **state)
{
    static const struct {
        const char *name, *to, *from;
        const struct evidence *evidence;
        const char *reply;
        int class; /* of what was taken */
    } rows[] = {
  /* clang-format off */
        {"nothing proves it",                  "alice@example.org",      CAROL,               &nothing,          "250",   EVIDENCE_S0},
        {"SPF",                                "alice@example.org",      CAROL,               &by_spf,           "250",   EVIDENCE_S1},
        {"DKIM",                               "alice@example.org",      CAROL,               &by_dkim,          "250",   EVIDENCE_S2},
        {"what proves somebody else",          "alice@example.org",      CAROL,               &of_another,       "250",   EVIDENCE_S0},
        {"forged, and the domain minds",       "alice@example.org",      CAROL,               &forged,           REFUSED, 0},
        {"it says why",                        "alice@example.org",      CAROL,               &forged_explained, REFUSED " It says: Ask us.", 0},
        {"forged, and the domain minds less",  "alice@example.org",      CAROL,               &forged_mildly,    "250",   EVIDENCE_S0},
        {"not to be found out now",            "alice@example.org",      CAROL,               &unsure,           LATER,   0},
        {"not to be found out, and no matter", "alice@example.org",      CAROL,               &unsure_mildly,    "250",   EVIDENCE_S0},
        {"a forwarder who is trusted",         "alice@example.org",      CAROL,               &vouched,          "250",   EVIDENCE_S0},
        {"the postmaster hears everybody",     "postmaster@example.org", CAROL,               &forged,           "250",   EVIDENCE_S0},
        {"not a mailbox beside them",          "postmaster@example.org, alice@example.org", CAROL, &forged,      REFUSED, 0},
        {"in our name",                        "alice@example.org",      "eve@example.org",   &nothing,          OURS,    0},
        {"in our name, whatever our policy",   "alice@example.org",      "eve@example.org",   &forged_ours,      OURS,    0},
        {"in our name, signed by us",          "alice@example.org",      "eve@example.org",   &signed_by_us,     "250",   EVIDENCE_S2},
        {"with a second From",                 "alice@example.org",      "eve@example.org, " CAROL, &signed_by_us, OURS, 0},
  /* clang-format on */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(message) message = {0};
        scoped_text char *reply = send_text(rows[i].to, rows[i].from, rows[i].evidence, "", "Hi");
        bool taken = strncmp(reply, "250", 3) == 0;
        if (taken ? strcmp(rows[i].reply, "250") != 0 : strcmp(reply, rows[i].reply) != 0)
            fail_msg("%s: %s", rows[i].name, reply);
        if (!taken)
            continue;
        newest_mail(&message);
        if (message.evidence != rows[i].class)
            fail_msg("%s: class %d", rows[i].name, message.evidence);
    }
}

static void test_what_is_kept(void **state)
{
    scoped_value(message) message = {0};
    scoped_value(bytes) sentence = {0};
    struct evidence kept;
    struct err err;

    (void)state;
    free(send_text("alice@example.org", CAROL, &by_dkim, "", "Hi"));
    newest_mail(&message);
    scoped(store_view) view = store_look(town.store, &err);
    assert_int_equal(store_evidence(view, message.id, &kept, &err), FOUND);
    evidence_sentence(&kept, &sentence);
    assert_string_equal(
        sentence.at, "mail.example confirms that this mail is its own, by its signature (S2). It "
                     "came from 192.0.2.1 in clear; SPF none, DKIM pass of mail.example, DMARC "
                     "pass.");
    assert_int_equal(kept.policy, DMARC_REJECT);
}

/* A forgery that comes first must not swallow the mail itself, nor lend from it. */
static void test_a_forgery_of_the_same_name(void **state)
{
    static const char mail[] = "From: " CAROL "\nTo: alice@example.org\nMessage-ID: "
                               "<same@mail.example>\nSubject: Same\n\nHi\n";
    struct town_mail it = {.door = MAIL_DOOR_MX,
                           .mail_from = "carol@mail.example",
                           .recipients = "alice@example.org",
                           .text = slice_of(mail),
                           .evidence = &nothing};
    scoped_value(message) first = {0};
    scoped_value(message) second = {0};

    (void)state;
    free(town_send(&town, &it));
    newest_mail(&first);
    it.evidence = &by_dkim;
    free(town_send(&town, &it));
    newest_mail(&second);
    assert_int_not_equal(first.id, second.id);
    assert_int_equal(first.evidence, EVIDENCE_S0);
    assert_int_equal(second.evidence, EVIDENCE_S2);
    scoped_text char *list = mailbox_list(&town, town.alice, "INBOX");
    assert_non_null(strstr(list, "Same\nSame\n"));
    free(town_send(&town, &it)); /* its own repeat is one */
    scoped_text char *same = mailbox_list(&town, town.alice, "INBOX");
    assert_string_equal(list, same);
}

/* ---- reading by mail ---- */
#define SUBSCRIBE "alice+subscribe@example.org"
#define UNSUBSCRIBE "alice+unsubscribe@example.org"

static void check(char *reply, const char *begins)
{
    if (strncmp(reply, begins, strlen(begins)) != 0)
        fail_msg("%s", reply);
    free(reply);
}

static void test_a_reader_by_mail_alone(void **state)
{
    (void)state;
    check(send_text(SUBSCRIBE, CAROL, &by_spf, "", ""), "250");
    assert_string_equal(reader_state(CAROL), "confirming");
    scoped_text char *question = mail_taken(CAROL);
    scoped_text char *word = word_behind(question, "https://example.org/subscribe/");
    scoped_text char *answer = must_print("alice+subscribe-%s@example.org", word);
    check(send_text(answer, CAROL, &by_spf, "", "no thanks"), "250 2.0.0 Nothing was done");
    check(send_text(answer, CAROL, &by_spf, "", "> yes\n\nWho is this?"),
          "250 2.0.0 Nothing was done");
    check(send_text(answer, CAROL, &by_spf, "Auto-Submitted: auto-replied\n", "yes"),
          "550 5.7.1 Nothing");
    check(send_text(answer, CAROL, &nothing, "", "yes"), "550 5.7.1 Could not verify");
    check(send_text(answer, "dora@mail.example", &by_spf, "", "yes"), "550 5.7.1 Could not verify");
    assert_string_equal(reader_state(CAROL), "confirming");
    check(send_text(answer, CAROL, &by_spf, "", "Oui, merci\n\n> Somebody, perhaps you"), "250");
    assert_string_equal(reader_state(CAROL), "accepted");
    check(send_text(answer, CAROL, &by_spf, "", "yes"), "550 5.7.1 Not done: nobody waits");
    check(send_text(UNSUBSCRIBE, CAROL, &nothing, "", ""),
          "550 5.7.1 Please use the unsubscribe link");
    assert_string_equal(reader_state(CAROL), "accepted");
    check(send_text(UNSUBSCRIBE, CAROL, &by_dkim, "", ""), "250");
    assert_string_equal(reader_state(CAROL), "none");
}

static void test_who_cannot_ask(void **state)
{
    (void)state;
    check(send_text(SUBSCRIBE, CAROL, &nothing, "", ""),
          "550 5.7.1 Could not verify that this mail is from carol@mail.example. Subscribe on "
          "https://example.org/@alice instead.");
    check(send_text(SUBSCRIBE, CAROL, &of_another, "", ""), "550 5.7.1 Could not verify");
    check(send_text(SUBSCRIBE, CAROL, &by_spf, "Precedence: bulk\n", ""),
          "550 5.7.1 Nothing was done");
    check(send_text(SUBSCRIBE, "eve@example.org", &signed_by_us, "", ""),
          "550 5.7.1 Not done: eve@");
    check(send_text(SUBSCRIBE, CAROL, &forged, "", ""), REFUSED);
    check(send_text(UNSUBSCRIBE, CAROL, &by_spf, "", ""), "250 2.0.0 Nothing to do");
    assert_string_equal(reader_state(CAROL), "none");
}

static void test_results_of_others(void **state)
{
    static const char fields[] = "Authentication-Results: example.org; dmarc=pass\n"
                                 "authentication-results: (a (b \\) c)) EXAMPLE.org 1; spf=pass\n"
                                 "Authentication-Results:\n\t\"example.org\"; dkim=pass\n"
                                 "Authentication-Results: other.example; spf=fail\n"
                                 "Authentication-Results:\n"
                                 "Authentication-Results: ((((\n";
    (void)state;
    free(send_text("alice@example.org", CAROL, &nothing, fields, "Hi"));
    scoped_text char *mail = town_newest_mail(&town, town.alice, "INBOX");
    assert_null(strstr(mail, "=pass"));
    assert_non_null(
        strstr(mail, "\r\nX-Foreign-Authentication-Results: other.example; spf=fail\r\n"));
    assert_non_null(strstr(mail, "\r\nX-Foreign-Authentication-Results: ((((\r\n"));
    assert_null(strstr(mail, "\r\nAuthentication-Results"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_LIST(test_who_is_refused),
        IN_LIST(test_what_is_kept),
        IN_LIST(test_a_forgery_of_the_same_name),
        IN_LIST(test_a_reader_by_mail_alone),
        IN_LIST(test_who_cannot_ask),
        IN_LIST(test_results_of_others),
    };
    int code;

    if (town_is_judge(argc, argv, &code))
        return code;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
