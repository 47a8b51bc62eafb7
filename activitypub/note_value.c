/*
 * Note, Question, Article …: one struct for all that people write.
 */
#include "note_value.h"

#include "clock.h"
#include "memory.h"
#include "text.h"

enum { MENTIONS_MAX = 50, ATTACHED_MAX = 8, CHOICES_MAX = 20, WORD_MAX = 2000 /* characters */ };

static const char *const shown_types[] = {"Note",  "Question", "Article", "Page",     "Image",
                                          "Video", "Audio",    "Event",   "Document", "Album"};

static char *known_type(const json_t *note)
{
    for (size_t i = 0; i < COUNT_OF(shown_types); i++)
        if (doc_is_type(note, shown_types[i]))
            return must_dup(shown_types[i]);
    return NULL;
}

static char *address_of(const json_t *value)
{
    const char *id = doc_id(value);

    if (!id || strcmp(id, "as:Public") == 0 || strcmp(id, "Public") == 0)
        return id ? must_dup(AS2_PUBLIC) : NULL;
    return strcmp(id, AS2_PUBLIC) == 0 || doc_is_name(id, false) ? must_dup(id) : NULL;
}

char **note_addresses(const json_t *object, const char *name, size_t *out_count)
{
    const json_t *value = doc_member(object, name);
    size_t count = 0;
    char **list = must_alloc_array(doc_count(value) + 1, sizeof *list);

    for (size_t i = 0; i < doc_count(value); i++) {
        char *address = address_of(doc_entry(value, i));
        if (address)
            list[count++] = address;
    }
    *out_count = count;
    return list;
}

static char *name_or_null(const char *id, bool fragment)
{
    return doc_is_name(id, fragment) ? must_dup(id) : NULL;
}

/* Of several addresses the page for people: a Link of type text/html, else the first. */
static char *page_of(const json_t *value)
{
    const char *page = doc_id(value);

    for (size_t i = 0; i < doc_count(value); i++) {
        const json_t *link = doc_entry(value, i);
        const char *type = json_is_object(link) ? doc_text(link, "mediaType") : NULL;
        if (type && strcmp(type, "text/html") == 0) {
            page = doc_text(link, "href");
            break;
        }
    }
    return name_or_null(page, true);
}

static int64_t time_of(const json_t *object, const char *name)
{
    const char *text = doc_text(object, name);
    int64_t ms = 0;

    return text && date_from_rfc3339(slice_of(text), &ms) && ms > 0 ? ms : 0;
}

/* PeerTube writes Markdown, which reads well as it stands. */
static char *html_of_plain(const char *text)
{
    struct bytes html = {0};
    struct slice rest = slice_of(text);

    bytes_add_text(&html, "<p>");
    while (rest.at) {
        html_escape_add(&html, slice_line(&rest));
        if (rest.at)
            bytes_add_text(&html, "<br>");
    }
    bytes_add_text(&html, "</p>");
    return bytes_take(&html);
}

static char *html_of(const json_t *note, const char *content)
{
    const char *type = doc_text(note, "mediaType");
    bool plain = type && (strcmp(type, "text/markdown") == 0 || strcmp(type, "text/plain") == 0);

    return content && plain ? html_of_plain(content) : must_dup(content);
}

/* Misskey folds without a word: with a space of no width. */
static char *warning_of(const char *summary)
{
    static const char no_words[] = "\u200b";
    struct slice words = slice_trim(slice_of(summary));

    if (slice_is(words, no_words))
        return must_dup("not said");
    return words.len > 0 ? must_copy(utf8_first(words, WORD_MAX)) : NULL;
}

/* The text in the language named first (Mastodon's own rule); of an article without one its summary. */
static void read_words(const json_t *note, struct note_facts *out)
{
    json_t *map = json_object_get(note, "contentMap");
    const char *content = doc_text(note, "content");
    const char *summary = doc_text(note, "summary");
    void *first = json_is_object(map) ? json_object_iter(map) : NULL;
    bool warns = strcmp(out->type, "Note") == 0 || strcmp(out->type, "Question") == 0;

    if (first) {
        out->language = must_copy(slice_first(slice_of(json_object_iter_key(first)), 35));
        if (!content)
            content = doc_text(map, json_object_iter_key(first));
    }
    out->html = html_of(note, content || warns ? content : summary);
    const char *name = doc_text(note, "name");
    out->name = name ? must_copy(utf8_first(slice_of(name), WORD_MAX)) : NULL;
    out->warning = warns ? warning_of(summary) : NULL;
}

static void read_mentions(const json_t *tags, struct note_facts *out)
{
    out->mentions = must_alloc_array(MENTIONS_MAX, sizeof *out->mentions);
    for (size_t i = 0; i < doc_count(tags) && out->mention_count < MENTIONS_MAX; i++) {
        const json_t *tag = doc_entry(tags, i);
        const char *href = doc_text(tag, "href");
        if (!doc_is_type(tag, "Mention") || !doc_is_name(href, false))
            continue;
        const char *name = doc_text(tag, "name");
        out->mentions[out->mention_count++] = (struct mention_facts){
            .href = must_dup(href),
            .name = name ? must_copy(utf8_first(slice_of(name), WORD_MAX)) : NULL,
        };
    }
}

static enum attached_kind kind_of(const json_t *attachment, const char *type)
{
    static const struct {
        const char *begins, *type;
        enum attached_kind kind;
    } kinds[] = {
        {"image/", "Image", ATTACHED_PICTURE},
        {"video/", "Video", ATTACHED_VIDEO  },
        {"audio/", "Audio", ATTACHED_SOUND  },
    };

    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (type ? slice_starts_nocase(slice_of(type), kinds[i].begins)
                 : doc_is_type(attachment, kinds[i].type))
            return kinds[i].kind;
    return type || !doc_is_type(attachment, "Link") ? ATTACHED_FILE : ATTACHED_LINK;
}

static int pixels(const json_t *attachment, const char *name)
{
    json_int_t value = json_integer_value(doc_member(attachment, name));

    return value > 0 && value <= 100000 ? (int)value : 0;
}

static char *words_of(const json_t *attachment)
{
    const char *words = doc_text(attachment, "summary");

    words = words ? words : doc_text(attachment, "name");
    return words ? must_copy(utf8_first(slice_of(words), WORD_MAX)) : NULL;
}

/* A Link is told of where the words do not hold it: it is what Lemmy's posts are about. */
static void read_attached(const json_t *attachments, struct note_facts *out)
{
    out->attached = must_alloc_array(ATTACHED_MAX, sizeof *out->attached);
    for (size_t i = 0; i < doc_count(attachments) && out->attached_count < ATTACHED_MAX; i++) {
        const json_t *attachment = doc_entry(attachments, i);
        const char *type = doc_text(attachment, "mediaType");
        const char *url = doc_id(doc_member(attachment, "url"));
        url = url ? url : doc_text(attachment, "href");
        if (!doc_is_name(url, true))
            continue;
        enum attached_kind kind = kind_of(attachment, type);
        if (kind == ATTACHED_LINK && slice_has(slice_of(out->html), url))
            continue;
        out->attached[out->attached_count++] = (struct attached){
            .kind = kind,
            .type = must_dup(type),
            .url = must_dup(url),
            .alt = words_of(attachment),
            .width = pixels(attachment, "width"),
            .height = pixels(attachment, "height"),
        };
    }
}

static struct choice_facts choice_of(const json_t *choice, const char *name)
{
    json_int_t votes = json_integer_value(doc_member(doc_member(choice, "replies"), "totalItems"));

    return (struct choice_facts){
        .name = must_copy(utf8_first(slice_of(name), WORD_MAX)),
        .votes = votes > 0 ? votes : 0,
    };
}

static void read_choices(const json_t *note, struct note_facts *out)
{
    const json_t *choices = doc_member(note, "oneOf");

    out->choose_many = !choices;
    choices = choices ? choices : doc_member(note, "anyOf");
    if (!choices)
        return;
    out->choices = must_alloc_array(CHOICES_MAX, sizeof *out->choices);
    for (size_t i = 0; i < doc_count(choices) && out->choice_count < CHOICES_MAX; i++) {
        const json_t *choice = doc_entry(choices, i);
        const char *name = doc_text(choice, "name");
        if (name)
            out->choices[out->choice_count++] = choice_of(choice, name);
    }
    out->closes_ms = time_of(note, "endTime");
    if (out->closes_ms == 0)
        out->closes_ms = time_of(note, "closed");
}

static void add_place(const json_t *object, const char *name, struct bytes *out)
{
    const char *words = doc_text(object, name);

    if (!words || !*words)
        return;
    bytes_add_text(out, out->len > 0 ? ", " : "");
    bytes_add(out, utf8_first(slice_of(words), WORD_MAX));
}

static void read_event(const json_t *note, struct note_facts *out)
{
    const json_t *place = doc_first(doc_member(note, "location"));
    const json_t *address = doc_member(place, "address");
    struct bytes words = {0};

    if (strcmp(out->type, "Event") != 0)
        return;
    out->begins_ms = time_of(note, "startTime");
    add_place(place, "name", &words);
    add_place(place, "address", &words); /* words, or an object of them */
    add_place(address, "streetAddress", &words);
    add_place(address, "addressLocality", &words);
    out->place = words.len > 0 ? bytes_take(&words) : NULL;
}

static char *quote_of(const json_t *note)
{
    static const char *const names[] = {"quote", "_misskey_quote", "quoteUrl", "quoteUri"};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *id = doc_id(doc_member(note, names[i]));
        if (doc_is_name(id, true))
            return must_dup(id);
    }
    return NULL;
}

static char *conversation_of(const json_t *note)
{
    const char *name = doc_text(note, "conversation");

    name = name ? name : doc_text(note, "context");
    return name && strlen(name) <= DOC_ID_MAX ? must_dup(name) : NULL;
}

/* One, or the one person beside the groups it lies in: PeerTube names the channel too. */
static const char *author_of(const json_t *note)
{
    const char *sole = doc_sole_id(note, "attributedTo"), *person = NULL;
    const json_t *list = doc_member(note, "attributedTo");
    size_t persons = 0, groups = 0;

    for (size_t i = 0; i < doc_count(list); i++) {
        const json_t *one = doc_entry(list, i);
        groups += doc_is_type(one, "Group");
        if (!doc_is_type(one, "Person"))
            continue;
        person = doc_id(one);
        persons++;
    }
    return !sole && persons == 1 && persons + groups == doc_count(list) ? person : sole;
}

struct note_facts *note_value_read(const json_t *note)
{
    scoped_text char *type = json_is_object(note) ? known_type(note) : NULL;

    if (!type || !doc_is_name(doc_text(note, "id"), false))
        return NULL;
    struct note_facts *out = must_new(struct note_facts);
    out->type = steal(&type);
    out->id = must_dup(doc_text(note, "id"));
    out->attributed_to = name_or_null(author_of(note), false);
    read_words(note, out);
    out->url = page_of(doc_member(note, "url"));
    out->in_reply_to = name_or_null(doc_id(doc_member(note, "inReplyTo")), false);
    out->conversation = conversation_of(note);
    out->quote_url = quote_of(note);
    out->sensitive = json_is_true(doc_member(note, "sensitive"));
    out->published_ms = time_of(note, "published");
    out->updated_ms = time_of(note, "updated");
    out->to = note_addresses(note, "to", &out->to_count);
    out->cc = note_addresses(note, "cc", &out->cc_count);
    read_mentions(doc_member(note, "tag"), out);
    read_attached(doc_member(note, "attachment"), out);
    read_event(note, out);
    read_choices(note, out);
    out->is_vote = strcmp(out->type, "Note") == 0 && out->name && out->in_reply_to && !out->html;
    return out;
}
