/*
 * A note as a mail (behaviour.md 4): its header.
 *
 * From is always the author's bridge address, so that Reply reaches the person; To and Cc show the audience, so
 * that Reply all reaches the room and nobody else.
 */
#include "activity_work.h"

#include "compose.h"
#include "memory.h"
#include "text.h"

enum { SUBJECT_MAX_CHARS = 60, WARNING_MAX_CHARS = 200, ARCHIVED_AT_MAX = 390 };

void rendered_clear(struct rendered *rendered)
{
    bytes_wipe(&rendered->content);
    free(rendered->from);
    free(rendered->subject);
    *rendered = (struct rendered){0};
}

static char *shown_word(struct bridge *bridge, const struct person *person)
{
    if (person->word)
        return must_dup(person->word);
    return bridge_person_word(bridge, slice_of(person->user), slice_of(person->host));
}

char *shown_address(struct bridge *bridge, const struct person *person, const char *domain)
{
    if (!person->user || !person->host)
        return must_dup(person->address ? person->address : "");
    scoped_text char *word = shown_word(bridge, person);
    return must_print("%s@%s", word, domain);
}

/* ---- subject ---- */
static char *base_subject(const struct showing *showing, const struct shown_to *reader)
{
    if (showing->warning && *showing->warning) {
        scoped_text char *warning = first_words(slice_of(showing->warning), WARNING_MAX_CHARS);
        return must_print("CW: %s", warning);
    }
    if (reader->thread && *reader->thread)
        return must_dup(reader->thread);
    scoped_text char *words = first_words(showing->plain, SUBJECT_MAX_CHARS);
    if (*words)
        return steal(&words);
    if (showing->attached_count == 0)
        return must_dup("Post");
    const char *what = attached_word(&showing->attached[0]);
    scoped_text char *alt = first_words(slice_of(showing->attached[0].alt), SUBJECT_MAX_CHARS - 10);
    return *alt ? must_print("%s: %s", what, alt) : must_dup(what);
}

static char *subject_of(const struct showing *showing, const struct shown_to *reader)
{
    scoped_text char *base = base_subject(showing, reader);
    const char *mark = "";

    if (showing->booster)
        mark = "Boost: ";
    else if (reader->thread && *reader->thread)
        mark = "Re: ";
    return must_print("%s%s", mark, base);
}

/* ---- audience ---- */
static void add_followers(struct bridge *bridge, struct compose *c, const struct person *person,
                          const char *domain)
{
    scoped_text char *word = shown_word(bridge, person);
    scoped_text char *name = person_short_name(person);
    scoped_text char *label = must_print("%s's followers", name);
    scoped_text char *address = must_print("%s+followers@%s", word, domain);

    compose_address(c, "To", label, address);
}

static void add_people(struct bridge *bridge, struct compose *c, const struct showing *showing,
                       const struct shown_to *reader)
{
    const char *field = showing->visibility == VISIBILITY_DIRECT ? "To" : "Cc";

    for (size_t i = 0; i < showing->people_count; i++) {
        const struct person *person = &showing->people[i];
        if (person->id && person->id == reader->account->person_id)
            continue;
        scoped_text char *label = person_label(person);
        scoped_text char *address = shown_address(bridge, person, reader->account->domain);
        compose_address(c, field, label, address);
    }
}

static void add_audience(struct bridge *bridge, struct compose *c, const struct showing *showing,
                         const struct shown_to *reader)
{
    const struct account *account = reader->account;
    scoped_text char *own = account_address(account);
    scoped_text char *quiet = must_print("unlisted@%s", account->domain);

    if (account_chats(account)) {
        compose_address(c, "To", NULL, own);
        return;
    }
    if (reader->addressed || showing->visibility == VISIBILITY_DIRECT)
        compose_address(c, "To", NULL, own);
    else
        add_followers(bridge, c, showing->booster ? showing->booster : showing->author,
                      account->domain);
    if (visibility_is_open(showing->visibility))
        compose_address(c, "Cc", "PUBLIC, quiet", quiet);
    add_people(bridge, c, showing, reader);
}

/* ---- thread and marks ---- */
static void add_marks(struct compose *c, const struct showing *showing,
                      const struct shown_to *reader)
{
    struct url url;

    /* A longer one would have to be torn; it stands in the text. */
    if (showing->url && strlen(showing->url) <= ARCHIVED_AT_MAX &&
        url_read(slice_of(showing->url), &url)) {
        scoped_text char *page = must_print("<%s>", showing->url);
        compose_field(c, "Archived-At", page);
    }
    if (showing->language && *showing->language)
        compose_language(c, showing->language);
    compose_field(c, "X-Nestbox-Audience", visibility_word(showing->visibility));
    if (reader->addressed || showing->visibility == VISIBILITY_DIRECT ||
        account_chats(reader->account))
        return;
    compose_field(c, "Precedence", "list");
    compose_field(c, "X-Auto-Response-Suppress", "All");
}

static void add_header(struct bridge *bridge, struct compose *c, const struct showing *showing,
                       const struct shown_to *reader, struct rendered *out)
{
    scoped_text char *label = person_label(showing->author);
    char *message_id = must_dup(showing->message_id);

    out->from = shown_address(bridge, showing->author, reader->account->domain);
    out->subject = subject_of(showing, reader);
    compose_address(c, "From", label, out->from);
    add_audience(bridge, c, showing, reader);
    compose_field(c, "Subject", out->subject);
    compose_date(c, showing->published_ms);
    compose_ids(c, "Message-ID", &message_id, 1);
    compose_thread(c, showing->references);
    add_marks(c, showing, reader);
    if (account_chats(reader->account)) /* else it would write the subject before the words */
        compose_field(c, "Chat-Version", "1.0");
    free(message_id);
}

/* Marks, links, people.  Where they are more, what grows leaves some words in freed memory. */
enum { AROUND_WORDS = 4096 };

bool render_mail(struct bridge *bridge, const struct showing *showing,
                 const struct shown_to *reader, struct rendered *out, struct err *err)
{
    scoped(compose) c = compose_new();
    struct bytes plain = {0}, html = {0};
    struct memory_sink sink;

    bytes_reserve(&plain, showing->plain.len + AROUND_WORDS);
    bytes_reserve(&html, showing->html.len + AROUND_WORDS);
    add_header(bridge, c, showing, reader, out);
    render_plain(showing, reader, &plain);
    render_html(showing, reader, &html);
    compose_text(c, bytes_slice(&plain), html.at);
    memory_sink_init(&sink);
    bool ok = compose_write(c, &sink.sink, err);
    out->content = sink.bytes;
    bytes_wipe(&plain);
    bytes_wipe(&html);
    return ok;
}

bool render_letter(struct bridge *bridge, const struct showing *showing,
                   const struct shown_to *reader, const char *mailbox, int64_t received_ms,
                   struct letter *letter, struct err *err)
{
    scoped_value(rendered) mail = {0};

    if (!render_mail(bridge, showing, reader, &mail, err))
        return false;
    letter->account_id = reader->account->id;
    letter->mailbox = mailbox;
    letter->own = true;
    letter->from = steal(&mail.from);
    letter->subject = steal(&mail.subject);
    letter->message_id = must_dup(showing->message_id);
    letter->received_ms = received_ms;
    scoped(source) content = source_of_bytes(&mail.content);
    return letter_seal(bridge, content, letter, err);
}
