/*
 * A note as a mail: its two bodies.  The HTML says what the plain text says, in the same order: boost, warning,
 * words, choices, pictures, quote, audience, links.
 */
#include "activity_work.h"

#include "memory.h"
#include "text.h"

/* ---- words that both bodies share ---- */
/* 200 characters of plain words: previews swallow empty lines. */
static void warning_words(const struct showing *showing, struct bytes *out)
{
    scoped_text char *name = person_short_name(showing->author);

    bytes_print(out,
                "Content warning: %s. %s asks you to decide first whether to read on. The post "
                "begins below the line; lists, notifications and watches show only these "
                "sentences. If you would rather not see it, stop here and delete this mail.",
                showing->warning, name);
}

static void only_for(const struct showing *showing, const struct shown_to *reader,
                     struct bytes *out)
{
    const struct account *account = reader->account;
    const char *own = account->display_name ? account->display_name : account->name;

    bytes_print(out, "Only for: %s", own);
    for (size_t i = 0; i < showing->people_count; i++) {
        if (showing->people[i].id && showing->people[i].id == account->person_id)
            continue;
        scoped_text char *name = person_short_name(&showing->people[i]);
        bytes_print(out, ", %s", name);
    }
    bytes_add_text(out, ". Not end-to-end encrypted.");
}

static void audience_words(const struct showing *showing, struct bytes *out)
{
    scoped_text char *name = person_short_name(showing->author);

    switch (showing->visibility) {
    case VISIBILITY_PUBLIC: bytes_add_text(out, "Public."); return;
    case VISIBILITY_UNLISTED: bytes_add_text(out, "Public, quiet."); return;
    case VISIBILITY_FOLLOWERS: bytes_print(out, "For %s's followers.", name); return;
    case VISIBILITY_DIRECT:
    case VISIBILITY_MAIL: bytes_add_text(out, "Direct."); return;
    }
}

/* What a reader may do with a note by one mail (behaviour.md 2). */
static const struct note_link {
    const char *label, *word;
    bool open_only; /* of notes that everybody may read */
} note_links[] = {
    {"Like",             "like",   false},
    {"Boost",            "boost",  true },
    {"Answer in public", "public", true },
};

/* mailto: with '+' as %2B, which web handlers would else make a blank (RFC 6068). */
static char *note_link(const struct showing *showing, const struct shown_to *reader,
                       const struct note_link *link)
{
    if (!showing->ref || (link->open_only && !visibility_is_open(showing->visibility)))
        return NULL;
    return must_print("mailto:%s%%2B%s@%s", showing->ref, link->word, reader->account->domain);
}

static void boost_words(const struct showing *showing, struct bytes *out)
{
    scoped_text char *label = person_label(showing->booster);

    bytes_print(out, "boosted by %s", label);
}

static void add_time(int64_t ms, struct bytes *out)
{
    char date[DATE_TEXT_SIZE];

    date_rfc5322(ms, date);
    struct slice shown = slice_of(date);
    if (slice_ends(shown, SLICE(" +0000")))
        shown = slice_first(shown, shown.len - 6);
    bytes_print(out, "%.*s UTC", SLICE_ARGS(shown));
}

static void closing_words(const struct showing *showing, struct bytes *out)
{
    if (showing->choose_many)
        bytes_add_text(out, "Several may be chosen. ");
    if (showing->closes_ms == 0)
        return;
    bytes_print(out, "The poll %s open until ", showing->closed ? "was" : "is");
    add_time(showing->closes_ms, out);
    bytes_add_char(out, '.');
}

/* The empty mail that votes for it; NULL: too late, or the reader's program cannot write there. */
static char *vote_link(const struct showing *showing, const struct shown_to *reader, size_t number)
{
    if (!showing->ref || showing->closed || account_chats(reader->account))
        return NULL;
    return must_print("mailto:%s%%2Bvote-%zu@%s", showing->ref, number, reader->account->domain);
}

const char *attached_word(const struct attached *attached)
{
    switch (attached->kind) {
    case ATTACHED_PICTURE: return "Picture";
    case ATTACHED_VIDEO: return "Video";
    case ATTACHED_SOUND: return "Sound";
    case ATTACHED_FILE: return "File";
    case ATTACHED_LINK: break;
    }
    return "Link";
}

static const char *attached_alt(const struct attached *attached)
{
    return attached->alt && *attached->alt ? attached->alt : "without description";
}

/* ---- plain ---- */
static void block(struct bytes *out)
{
    while (out->len > 0 && out->at[out->len - 1] == '\n')
        bytes_cut(out, out->len - 1);
    if (out->len > 0)
        bytes_add_text(out, "\n\n");
}

static void plain_choices(const struct showing *showing, const struct shown_to *reader,
                          struct bytes *out)
{
    if (showing->choice_count == 0)
        return;
    block(out);
    for (size_t i = 0; i < showing->choice_count; i++) {
        scoped_text char *choice = first_words(slice_of(showing->choices[i].name), 200);
        scoped_text char *link = vote_link(showing, reader, i + 1);
        bytes_print(out, "%zu. %s", i + 1, choice);
        if (link)
            bytes_print(out, " · Vote: %s", link);
        bytes_add_char(out, '\n');
    }
    closing_words(showing, out);
}

static void plain_attached(const struct showing *showing, struct bytes *out)
{
    for (size_t i = 0; i < showing->attached_count; i++) {
        const struct attached *one = &showing->attached[i];
        block(out);
        bytes_print(out, "%s: %s\n<%s>", attached_word(one), attached_alt(one), one->url);
    }
}

static void plain_event(const struct showing *showing, struct bytes *out)
{
    if (showing->begins_ms == 0)
        return;
    block(out);
    bytes_add_text(out, "Begins: ");
    add_time(showing->begins_ms, out);
    if (showing->place)
        bytes_print(out, "\nPlace: %s", showing->place);
}

/* Below "-- ", which programs cut from answers. */
static void plain_footer(const struct showing *showing, const struct shown_to *reader,
                         struct bytes *out)
{
    block(out);
    bytes_add_text(out, "-- \n");
    audience_words(showing, out);
    if (showing->url)
        bytes_print(out, " Open: %s", showing->url);
    for (size_t i = 0; i < COUNT_OF(note_links); i++) {
        scoped_text char *link = note_link(showing, reader, &note_links[i]);
        if (link)
            bytes_print(out, " · %s: %s", note_links[i].label, link);
    }
    bytes_add_char(out, '\n');
}

void render_plain(const struct showing *showing, const struct shown_to *reader, struct bytes *out)
{
    if (showing->booster) {
        boost_words(showing, out);
        block(out);
    }
    if (showing->warning && *showing->warning) {
        warning_words(showing, out);
        block(out);
        bytes_add_text(out, "________");
        block(out);
    }
    bytes_add(out, showing->plain);
    plain_event(showing, out);
    plain_choices(showing, reader, out);
    plain_attached(showing, out);
    if (showing->quote_url) {
        block(out);
        bytes_print(out, "Quoting: %s", showing->quote_url);
    }
    if (showing->visibility == VISIBILITY_DIRECT) {
        block(out);
        only_for(showing, reader, out);
    }
    if (!account_chats(reader->account)) /* it would stand there as something about the author */
        plain_footer(showing, reader, out);
}

/* ---- HTML ---- */
static void html_top(const struct showing *showing, struct bytes *out)
{
    scoped_value(bytes) words = {0};

    if (showing->booster) {
        boost_words(showing, &words);
        html_paragraph_add(out, bytes_slice(&words));
        bytes_reset(&words);
    }
    if (showing->warning && *showing->warning) {
        warning_words(showing, &words);
        html_paragraph_add(out, bytes_slice(&words));
        bytes_add_text(out, "<hr>\n");
    }
}

static void html_choices(const struct showing *showing, const struct shown_to *reader,
                         struct bytes *out)
{
    scoped_value(bytes) words = {0};

    if (showing->choice_count == 0)
        return;
    bytes_add_text(out, "<ol>\n");
    for (size_t i = 0; i < showing->choice_count; i++) {
        scoped_text char *link = vote_link(showing, reader, i + 1);
        bytes_add_text(out, "<li>");
        html_escape_add(out, slice_of(showing->choices[i].name));
        if (link) {
            bytes_add_text(out, " · ");
            html_link_add(out, link, "Vote");
        }
        bytes_add_text(out, "</li>\n");
    }
    bytes_add_text(out, "</ol>\n");
    closing_words(showing, &words);
    if (words.len > 0)
        html_paragraph_add(out, bytes_slice(&words));
}

static void html_attached(const struct showing *showing, struct bytes *out)
{
    for (size_t i = 0; i < showing->attached_count; i++) {
        const struct attached *one = &showing->attached[i];
        bytes_print(out, "<p>%s: ", attached_word(one));
        html_link_add(out, one->url, attached_alt(one));
        bytes_add_text(out, "</p>\n");
    }
}

static void html_event(const struct showing *showing, struct bytes *out)
{
    if (showing->begins_ms == 0)
        return;
    bytes_add_text(out, "<p>Begins: ");
    add_time(showing->begins_ms, out);
    if (showing->place) {
        bytes_add_text(out, "<br>Place: ");
        html_escape_add(out, slice_of(showing->place));
    }
    bytes_add_text(out, "</p>\n");
}

static void html_footer(const struct showing *showing, const struct shown_to *reader,
                        struct bytes *out)
{
    scoped_value(bytes) words = {0};

    audience_words(showing, &words);
    bytes_add_text(out, "<p>-- <br>");
    html_escape_add(out, bytes_slice(&words));
    if (showing->url) {
        bytes_add_char(out, ' ');
        html_link_add(out, showing->url, "Open");
    }
    for (size_t i = 0; i < COUNT_OF(note_links); i++) {
        scoped_text char *link = note_link(showing, reader, &note_links[i]);
        if (!link)
            continue;
        bytes_add_text(out, " · ");
        html_link_add(out, link, note_links[i].label);
    }
    bytes_add_text(out, "</p>");
}

void render_html(const struct showing *showing, const struct shown_to *reader, struct bytes *out)
{
    scoped_value(bytes) words = {0};

    html_top(showing, out);
    bytes_add(out, showing->html);
    bytes_add_char(out, '\n');
    html_event(showing, out);
    html_choices(showing, reader, out);
    html_attached(showing, out);
    if (showing->quote_url) {
        bytes_add_text(out, "<p>Quoting: ");
        html_link_add(out, showing->quote_url, showing->quote_url);
        bytes_add_text(out, "</p>\n");
    }
    if (showing->visibility == VISIBILITY_DIRECT) {
        only_for(showing, reader, &words);
        html_paragraph_add(out, bytes_slice(&words));
    }
    if (!account_chats(reader->account))
        html_footer(showing, reader, out);
}
