/*
 * How the owner is told (behaviour.md 8 and 13, D): from an address of ours, never from the stranger's.
 *
 * To Delta Chat each request is a chat of its own, named after who asks, since its address has a key of its own (own_key.h);
 * so a bare word there is answer enough.
 */
#include "contact_work.h"

#include "compose.h"
#include "list_work.h"
#include "memory.h"
#include "text.h"

#include <stdio.h>
#include <time.h>

#define PORTRAIT_ID "portrait" /* in the Content-ID */

enum { SUBJECT_CHARS_MAX = 100 };

static const char *host_of(const struct person *person)
{
    const char *at = person->address ? strrchr(person->address, '@') : NULL;

    if (person->host)
        return person->host;
    return at ? at + 1 : "its server";
}

struct slice person_domain(const struct person *person)
{
    struct slice local, domain;

    if (person->host)
        return slice_of(person->host);
    if (address_split(slice_of(person->address), &local, &domain))
        return domain;
    return SLICE("");
}

char *contact_label(const struct person *person)
{
    scoped_text char *name = person_label(person);

    if (person->kind != PERSON_MAIL)
        return steal(&name);
    if (!name || !*name)
        return must_dup(person->address ? person->address : "somebody");
    return must_print("%s (%s)", name, person->address);
}

char *contact_sureness(const struct person *person, enum evidence_class evidence,
                       enum contact_wish wish)
{
    const char *host = host_of(person);

    if (wish == WISH_READ)
        return must_dup("They answered a mail that we sent there.");
    switch (evidence) {
    case EVIDENCE_F1: return must_print("%s confirms that it is them.", host);
    case EVIDENCE_S4: return must_print("They have an account on this server.");
    case EVIDENCE_S3: return must_print("They signed with their OpenPGP key.");
    case EVIDENCE_S2: return must_print("%s confirms the address, by its signature.", host);
    case EVIDENCE_S1: return must_print("%s confirms the address.", host);
    case EVIDENCE_S0: break;
    }
    return must_print("Nothing confirms the address: anybody could have written it.");
}

/* "22 Nov 2026, 09:00 UTC" */
static void add_time(struct bytes *out, int64_t ms, bool hour)
{
    char text[40];
    struct tm tm;
    time_t s = (time_t)(ms / SECOND_MS);

    gmtime_r(&s, &tm);
    strftime(text, sizeof text, hour ? "%e %b %Y, %H:%M UTC" : "%e %b %Y", &tm);
    bytes_add(out, slice_trim(slice_of(text)));
}

/* A stranger's subject is shown for what it says, not as something to press. */
static void add_subject(struct bytes *out, const char *subject)
{
    scoped_value(bytes) clean = {0};
    struct slice rest = utf8_first(slice_of(subject), SUBJECT_CHARS_MAX);

    while (rest.at && rest.len > 0) {
        struct slice word = slice_cut(&rest, ' ');
        bool link = slice_find_text(word, SLICE("://")) != SIZE_MAX ||
                    slice_starts_nocase(word, "www.") || slice_starts_nocase(word, "mailto:");
        if (clean.len > 0)
            bytes_add_char(&clean, ' ');
        for (size_t i = 0; !link && i < word.len; i++)
            bytes_add_char(&clean, (char)((unsigned char)word.at[i] < ' ' ? ' ' : word.at[i]));
        if (link)
            bytes_add_text(&clean, "[link]");
    }
    struct slice text = slice_trim(bytes_slice(&clean));
    if (text.len > 0)
        bytes_print(out, ", '%.*s'", SLICE_ARGS(text));
}

static const char *wish_words(enum contact_wish wish)
{
    switch (wish) {
    case WISH_WRITE: break;
    case WISH_FOLLOW: return "wants to follow you";
    case WISH_READ: return "wants your posts by mail";
    case WISH_ANSWER: return "answers your post";
    case WISH_NAME: return "names you in public";
    }
    return "wants to write to you";
}

/* "Bob (@bob@social.example) and 2 others" */
static char *who_asks(const struct person *person, size_t other_count)
{
    scoped_text char *who = contact_label(person);

    if (other_count == 0)
        return steal(&who);
    return must_print("%s and %zu other%s", who, other_count, other_count == 1 ? "" : "s");
}

static char *subject_of(const struct contact_news *news)
{
    scoped_text char *who = who_asks(news->visitor->person, news->other_count);

    return must_print("%s %s", who,
                      news->other_count > 0 ? "answer your post" : wish_words(news->visitor->wish));
}

static const char *first_words_of(enum contact_wish wish)
{
    switch (wish) {
    case WISH_WRITE: break;
    case WISH_FOLLOW:
    case WISH_READ: return "Asked";
    case WISH_ANSWER: return "First answer";
    case WISH_NAME: return "First post";
    }
    return "First message";
}

static bool was_welcome(const struct contact_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->at[i].state == CONTACT_WELCOME)
            return true;
    return false;
}

static void add_others(const struct contact_news *news, struct bytes *out)
{
    bytes_add_text(out, " Others who answer the same post: ");
    for (size_t i = 0; i < news->other_count; i++) {
        scoped_text char *label = contact_label(&news->others[i]);
        bytes_print(out, "%s%s", i > 0 ? ", " : "", label);
    }
    bytes_add_text(out, ". One answer of yours is for all of them.");
}

static void add_facts(const struct contact_news *news, struct bytes *out)
{
    const struct contact_visitor *visitor = news->visitor;
    scoped_text char *sure = contact_sureness(visitor->person, visitor->evidence, visitor->wish);

    bytes_print(out, "%s ", sure);
    if (was_welcome(news->rows))
        bytes_add_text(out, "You welcomed this address when it was confirmed better than now: that "
                            "stays as it is, and this is asked apart. ");
    bytes_print(out, "%s ", first_words_of(visitor->wish));
    add_time(out, visitor->received_ms, true);
    if (visitor->subject && visitor->evidence != EVIDENCE_S0)
        add_subject(out, visitor->subject);
    bytes_add_text(out, ".");
    if (news->other_count > 0)
        add_others(news, out);
}

/* Which of one's own posts it is; theirs are not linked. */
static const char *post_page(const struct contact_news *news)
{
    return news->visitor->about ? news->visitor->about->url : NULL;
}

static void add_plain(const struct contact_news *news, const struct account *account,
                      const char *page, struct bytes *out)
{
    const char *d = account->domain;

    add_facts(news, out);
    if (post_page(news))
        bytes_print(out, "\n\nYour post: %s", post_page(news));
    bytes_add_text(out, "\n\nReply with one word: welcome, refuse or ignore. Words after refuse "
                        "reach the sender; ignore tells them nothing. If you do nothing, the "
                        "request ends on ");
    add_time(out, news->now_ms + contact_lasts_ms(CONTACT_ASKED), false);
    bytes_print(out,
                ".\n\nWelcome: mailto:%s%%2Bwelcome@%s\nRefuse: mailto:%s%%2Brefuse@%s\n"
                "Ignore: mailto:%s%%2Bignore@%s\nOn the web: %s\n\nOr move this message to "
                "Contacts/Welcome, Contacts/Refused or Contacts/Ignored. Each answer can be "
                "changed by the same ways.\n",
                news->ref, d, news->ref, d, news->ref, d, page);
}

/* No links to write to: what Delta Chat opens for them is a chat that it cannot encrypt. */
static void add_for_chat(const struct contact_news *news, const char *page, struct bytes *out)
{
    scoped_text char *subject = subject_of(news);

    bytes_print(out, "%s. ", subject);
    add_facts(news, out);
    if (post_page(news))
        bytes_print(out, "\n\nYour post: %s", post_page(news));
    bytes_add_text(out,
                   "\n\nAnswer here with one word: welcome, refuse or ignore. Words after refuse "
                   "reach the sender; ignore tells them nothing. If you do nothing, the "
                   "request ends on ");
    add_time(out, news->now_ms + contact_lasts_ms(CONTACT_ASKED), false);
    bytes_print(out, ".\n\nOn the web: %s\n", page);
}

static void add_link(struct bytes *out, const char *ref, const char *word, const char *domain,
                     const char *label)
{
    bytes_print(out, "<p><a href=\"mailto:%s%%2B%s@%s\">%s</a></p>\n", ref, word, domain, label);
}

static void add_html(const struct contact_news *news, const struct account *account,
                     const char *page, struct bytes *out)
{
    scoped_value(bytes) facts = {0};

    add_facts(news, &facts);
    if (news->portrait->content.len > 0)
        bytes_print(out,
                    "<p><img src=\"cid:%s." PORTRAIT_ID "@%s\" alt=\"\" width=\"96\" "
                    "height=\"96\"></p>\n",
                    news->ref, account->domain);
    bytes_add_text(out, "<p>");
    html_escape_add(out, bytes_slice(&facts));
    if (post_page(news))
        bytes_print(out, "</p>\n<p><a href=\"%s\">Your post</a>", post_page(news));
    bytes_add_text(out, "</p>\n<p>Reply with one word: welcome, refuse or ignore. Words after "
                        "refuse reach the sender; ignore tells them nothing. If you do nothing, "
                        "the request ends on ");
    add_time(out, news->now_ms + contact_lasts_ms(CONTACT_ASKED), false);
    bytes_add_text(out, ".</p>\n");
    add_link(out, news->ref, "welcome", account->domain,
             "Welcome: write the mail that lets them in");
    add_link(out, news->ref, "refuse", account->domain, "Refuse: write the mail that says no");
    add_link(out, news->ref, "ignore", account->domain, "Ignore: write the mail that says nothing");
    bytes_print(out,
                "<p><a href=\"%s\">Answer on the web</a></p>\n<p>Or move this message to "
                "Contacts/Welcome, Contacts/Refused or Contacts/Ignored. Each answer can be "
                "changed by the same ways.</p>\n",
                page);
}

/* ---- the mail ---- */
static struct compose *begin_mail(const struct account *account, const char *ref, const char *name,
                                  int64_t now_ms, struct letter *out)
{
    scoped_text char *own = account_address(account);
    scoped_text char *robot = must_print("%s+contact@%s", ref, account->domain);
    struct compose *mail = compose_new();

    out->account_id = account->id;
    out->mailbox = mailbox_for(account, MAILBOX_CONTACTS_NEW);
    out->received_ms = now_ms;
    out->own = true;
    out->from = must_print("Contact request <%s>", robot);
    out->message_id = message_id_new(account->domain);
    compose_address(mail, "From", name, robot);
    compose_address(mail, "To", account->display_name, own);
    compose_field(mail, "Subject", out->subject);
    compose_date(mail, now_ms);
    compose_ids(mail, "Message-ID", &out->message_id, 1);
    compose_field(mail, "Auto-Submitted", "auto-generated");
    compose_field(mail, "X-Auto-Response-Suppress", "All");
    compose_language(mail, "en");
    if (account_chats(account)) /* else it would write the subject before the words */
        compose_field(mail, "Chat-Version", "1.0");
    return mail;
}

static void add_portrait(const struct contact_news *news, const struct account *account,
                         struct compose *mail)
{
    const struct portrait *portrait = news->portrait;
    scoped_text char *who = contact_label(news->visitor->person);
    scoped_text char *id = must_print("%s." PORTRAIT_ID "@%s", news->ref, account->domain);

    if (portrait->content.len > 0)
        compose_inline(mail, portrait->type, id, who, bytes_slice(&portrait->content));
}

static bool finish_mail(struct bridge *bridge, struct compose *mail, struct letter *letter,
                        struct err *err)
{
    struct memory_sink written;

    memory_sink_init(&written);
    bool ok = compose_write(mail, &written.sink, err);
    scoped(source) content = source_of_bytes(&written.bytes);
    return ok && letter_seal(bridge, content, letter, err);
}

static char *chat_name(const struct person *person, size_t other_count)
{
    scoped_text char *who = who_asks(person, other_count);

    return must_print("Contact request: %s", who);
}

static bool notice_for_chat(struct bridge *bridge, const struct account *account,
                            const struct contact_news *news, const char *page, struct letter *out,
                            struct err *err)
{
    scoped_value(bytes) plain = {0};
    scoped_text char *name = chat_name(news->visitor->person, news->other_count);

    add_for_chat(news, page, &plain);
    scoped(compose) mail = begin_mail(account, news->ref, name, news->now_ms, out);
    compose_text(mail, bytes_slice(&plain), NULL);
    struct slice face = bytes_slice(&news->portrait->content);
    if (face.len > 0 && face.len <= COMPOSE_FACE_MAX)
        compose_face(mail, face);
    return finish_mail(bridge, mail, out, err);
}

bool contact_notice(struct bridge *bridge, const struct account *account,
                    const struct contact_news *news, struct letter *out, struct err *err)
{
    scoped_value(bytes) plain = {0};
    scoped_value(bytes) html = {0};
    char word[CONTACT_WORD_LEN + 1];

    contact_word(bridge, news->ref, word);
    scoped_text char *page = list_page(account->domain, "contacts", word);
    out->subject = subject_of(news);
    if (account_chats(account))
        return notice_for_chat(bridge, account, news, page, out, err);
    add_plain(news, account, page, &plain);
    add_html(news, account, page, &html);
    scoped(compose) mail = begin_mail(account, news->ref, "Contact request", news->now_ms, out);
    compose_text(mail, bytes_slice(&plain), html.at);
    add_portrait(news, account, mail);
    return finish_mail(bridge, mail, out, err);
}

/* ---- what an answer did, said in the chat that it was given in ---- */
static const char *deed_words(const struct contact_deed *deed)
{
    switch (deed->event) {
    case CONTACT_REFUSE:
        return deed->speaks ? "Refused, in your words." : "Refused, without a word of yours.";
    case CONTACT_IGNORE: return "Ignored: they hear nothing of it.";
    case CONTACT_REOPEN:
        return "Taken back: the request is open again. Answer welcome, refuse or ignore.";
    default: break;
    }
    return deed->here ? "Welcome: what they sent or asked for waits no longer."
                      : "Welcome: what they sent arrives with their server's next try, usually "
                        "within an hour.";
}

bool contact_deed_letter(struct bridge *bridge, const struct account *account,
                         const struct contact_deed *deed, struct letter *out, struct err *err)
{
    bool open = deed->event == CONTACT_REOPEN;
    scoped_text char *text =
        must_print("%s%s\n", deed_words(deed), open ? "" : " To take it back, write undo.");
    scoped_text char *name = chat_name(deed->whom, deed->other_count);

    out->subject = must_dup("Your answer");
    scoped(compose) mail = begin_mail(account, deed->ref, name, clock_now(bridge->clock), out);
    compose_text(mail, slice_of(text), NULL);
    return finish_mail(bridge, mail, out, err);
}
