/* Mail from people nobody knows yet, and what its owner sees of it. */
#include "stranger.h"

#include "bridge_contact.h"
#include "contact_work.h"

#include <stdio.h>

struct town town;

/* What smtp found of a mail: S2, S1 or nothing. */
static struct evidence found(const char *domain, enum evidence_class class)
{
    struct evidence evidence = {.class = class, .client = "192.0.2.7"};

    snprintf(evidence.author_domain, sizeof evidence.author_domain, "%s", domain);
    snprintf(evidence.spf_domain, sizeof evidence.spf_domain, "%s", domain);
    evidence.spf_aligned = class >= EVIDENCE_S1;
    evidence.spf = evidence.spf_aligned ? AUTH_PASS : AUTH_NONE;
    evidence.dkim_aligned = class == EVIDENCE_S2;
    evidence.dmarc = class == EVIDENCE_S2 ? AUTH_PASS : AUTH_NONE;
    return evidence;
}

struct knocking {
    const char *from, *to, *helo, *fields;
    enum evidence_class class;
};

static char *say(const struct knocking *it)
{
    static int serial;
    const struct evidence evidence = found(strchr(it->from, '@') + 1, it->class);
    scoped_text char *text = must_print("From: Carol <%s>\nTo: %s\nMessage-ID: <k%d@mail.example>\n"
                                        "Subject: Meeting on Friday\n%s\nHello\n",
                                        it->from, it->to, serial++, it->fields);
    const struct town_mail mail = {
        .door = MAIL_DOOR_MX,
        .mail_from = it->from,
        .helo = it->helo,
        .recipients = it->to,
        .text = slice_of(text),
        .evidence = &evidence,
    };

    return town_send(&town, &mail);
}

char *knock_with(const char *from, const char *to, enum evidence_class class, const char *fields)
{
    return say(&(struct knocking){from, to, NULL, fields, class});
}

char *knock_by(const char *from, const char *helo)
{
    return say(&(struct knocking){from, ALICE, helo, "", EVIDENCE_S2});
}

char *knock(const char *from, enum evidence_class class)
{
    return knock_with(from, ALICE, class, "");
}

void assert_knock(const char *from, enum evidence_class class, const char *reply,
                  const char *effects)
{
    scoped_text char *said = knock(from, class);
    scoped_text char *done = town_effects(&town);

    assert_string_equal(said, reply);
    assert_string_equal(done, effects);
}

enum contact_state state_of(const char *who)
{
    struct err err;
    scoped_value(person) person = {0};
    scoped_value(contact_rows) rows = {0};
    scoped(store_view) view = store_look(town.store, &err);

    if (store_person_by_address(view, slice_of(who), &person, &err) != FOUND)
        return CONTACT_UNKNOWN;
    assert_true(store_contacts_of(view, town.alice, person.id, &rows, &err));
    return rows.count > 0 ? rows.at[rows.count - 1].state : CONTACT_UNKNOWN;
}

void choose(const char *who, enum contact_choice choice, const char *words)
{
    struct err err;

    if (!bridge_contact_choose(town.bridge, SLICE(ALICE), slice_of(who), choice, words, &err))
        fail_msg("%s", err.said);
    free(town_effects(&town));
}

/* Of the newest request: what stands before the word in its links. */
char *request_ref(void)
{
    scoped_text char *notice = town_newest_mail(&town, town.alice, MAILBOX_CONTACTS_NEW);
    const char *link = strstr(notice, "Welcome: mailto:");

    assert_non_null(link);
    return must_copy((struct slice){link + strlen("Welcome: mailto:"), REF_LEN});
}

char *request_word(const char *word)
{
    scoped_text char *ref = request_ref();

    return must_print("%s+%s@example.org", ref, word);
}
