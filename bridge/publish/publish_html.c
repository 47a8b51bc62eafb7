/*
 * Text to HTML (behaviour.md 3.1, facts/activitypub.md 4.2): <p>, <br>, <blockquote>, links; mentions and
 * hashtags as Mastodon writes them.
 *
 * Plain runs are read in pieces: a name (@bob@social.example), a hashtag (#mail), or what stands between.
 */
#include "mail_work.h"

#include "memory.h"
#include "text.h"

enum { NAMES_MAX = 100 }; /* looked for among one another; what is more is text */
enum piece_kind { PIECE_PLAIN, PIECE_NAME, PIECE_HASHTAG };
struct piece {
    enum piece_kind kind;
    struct slice all;        /* as it stands */
    struct slice user, host; /* of a name */
    struct slice tag;        /* without # */
};

static bool in_user(uint32_t code)
{
    return code < 0x80 && (words_sign(code) || code == '.' || code == '-');
}

static bool in_host(uint32_t code)
{
    return (words_sign(code) && code != '_') || code == '.' || code == '-';
}

/* A sign that joins two halves of a hashtag, as Mastodon has it: never its last. */
static bool is_joint(uint32_t code)
{
    return code == 0xB7 || code == 0x30FB || code == 0x200C;
}

/* What is broken is no sign of anything. */
static uint32_t code_at(struct slice s, size_t at, size_t *out_len)
{
    uint32_t code = 0;
    size_t len = utf8_read(slice_from(s, at), &code);

    *out_len = len > 0 ? len : 1;
    return len > 0 ? code : 0;
}

static size_t span(struct slice s, size_t from, bool (*in)(uint32_t))
{
    size_t end = from, len;

    while (end < s.len && in(code_at(s, end, &len)))
        end += len;
    while (end > from && (s.at[end - 1] == '.' || s.at[end - 1] == '-'))
        end--;
    return end;
}

static bool name_at(struct slice text, struct piece *out)
{
    struct err ignored;
    scoped_text char *canonical = NULL;
    size_t user_end = span(text, 1, in_user);

    if (user_end == 1 || user_end >= text.len || text.at[user_end] != '@')
        return false;
    size_t host_end = span(text, user_end + 1, in_host);
    struct slice host = {text.at + user_end + 1, host_end - user_end - 1};
    if (!host_canonical(host, &canonical, &ignored))
        return false;
    *out = (struct piece){
        .kind = PIECE_NAME,
        .all = slice_first(text, host_end),
        .user = {text.at + 1, user_end - 1},
        .host = host
    };
    return true;
}

/* Digits alone make no hashtag: "#1" is a number. */
static bool hashtag_at(struct slice text, struct piece *out)
{
    size_t end = 0, len;
    bool word = false;

    for (size_t at = 1; at < text.len; at += len) {
        uint32_t code = code_at(text, at, &len);
        if (words_sign(code))
            end = at + len;
        else if (end == 0 || !is_joint(code))
            break;
        word |= code < '0' || code > '9';
    }
    if (end == 0 || !word)
        return false;
    *out = (struct piece){.kind = PIECE_HASHTAG, .all = slice_first(text, end)};
    out->tag = slice_from(out->all, 1);
    return true;
}

static bool may_begin(struct slice text, size_t at)
{
    size_t begin = at, len;

    if (at == 0)
        return true;
    do
        begin--;
    while (begin > 0 && ((unsigned char)text.at[begin] & 0xC0) == 0x80);
    uint32_t before = code_at(text, begin, &len);
    return !words_sign(before) && (before >= 0x80 || !strchr("/@#&=.-+", (char)before));
}

/* Cuts the next piece off *rest, which is the tail of `text`. */
static struct piece next_piece(struct slice text, struct slice *rest)
{
    struct piece found;
    size_t start = text.len - rest->len;

    for (size_t at = start; at < text.len; at++) {
        if ((text.at[at] != '@' && text.at[at] != '#') || !may_begin(text, at))
            continue;
        struct slice tail = slice_from(text, at);
        bool is = *tail.at == '@' ? name_at(tail, &found) : hashtag_at(tail, &found);
        if (!is)
            continue;
        if (at > start) /* what stands before it first */
            found = (struct piece){
                .all = {text.at + start, at - start}
            };
        *rest = slice_from(text, start + found.all.len);
        return found;
    }
    *rest = (struct slice){text.at + text.len, 0};
    return (struct piece){.all = slice_from(text, start)};
}

/* ---- runs ---- */
/* Mail programs turn the tail of @bob@social.example into a mailto link: that is none. */
static bool is_name_as_link(const struct run *run, const struct run *before)
{
    struct slice text = slice_of(run->text);

    if (!run->href || !slice_starts_nocase(slice_of(run->href), "mailto:"))
        return false;
    if (slice_starts(text, SLICE("@")))
        return slice_is_nocase(slice_from(text, 1), run->href + strlen("mailto:"));
    return before && !before->href && slice_ends(slice_of(before->text), SLICE("@")) &&
           slice_is_nocase(text, run->href + strlen("mailto:"));
}

struct flow { /* what stands between two links of a passage, as one text */
    struct bytes text;
    const struct run *link; /* behind it; or NULL at the end */
};

/* The next flow of the passage from run *at on; false at its end. */
static bool next_flow(const struct passage *passage, size_t *at, struct flow *out)
{
    bytes_reset(&out->text);
    out->link = NULL;
    if (*at >= passage->count)
        return false;
    for (; *at < passage->count; (*at)++) {
        const struct run *run = &passage->runs[*at];
        const struct run *before = *at > 0 ? run - 1 : NULL;
        if (run->href && !is_name_as_link(run, before)) {
            out->link = run;
            (*at)++;
            return true;
        }
        bytes_add_text(&out->text, run->text);
    }
    return true;
}

static void flow_clear(struct flow *flow)
{
    bytes_clear(&flow->text);
}
SCOPED_VALUE(flow, flow_clear)

static void each_piece_of(struct slice text, void (*each)(void *ctx, const struct piece *),
                          void *ctx)
{
    struct slice rest = text;

    while (rest.len > 0) {
        struct piece piece = next_piece(text, &rest);
        each(ctx, &piece);
    }
}

static void each_piece(const struct post_text *text, void (*each)(void *ctx, const struct piece *),
                       void *ctx)
{
    scoped_value(flow) flow = {0};

    if (text->title)
        each_piece_of(slice_of(text->title), each, ctx);
    for (size_t i = 0; i < text->words.count; i++) {
        if (text->words.passages[i].kind == PASSAGE_QUOTE)
            continue;
        size_t at = 0;
        while (next_flow(&text->words.passages[i], &at, &flow))
            each_piece_of(bytes_slice(&flow.text), each, ctx);
    }
}

/* ---- who and what is named ---- */
void names_in_text_clear(struct names_in_text *names)
{
    for (size_t i = 0; i < names->count; i++) {
        free(names->at[i].user);
        free(names->at[i].host);
        free(names->at[i].page);
    }
    free(names->at);
    *names = (struct names_in_text){0};
}

static struct named *find_named(const struct names_in_text *names, struct slice user,
                                struct slice host)
{
    struct err ignored;
    scoped_text char *canonical = NULL;

    if (!host_canonical(host, &canonical, &ignored))
        return NULL;
    for (size_t i = 0; i < names->count; i++)
        if (slice_is_nocase(user, names->at[i].user) && !strcmp(canonical, names->at[i].host))
            return &names->at[i];
    return NULL;
}

static char *lower_copy(struct slice s)
{
    char *copy = must_copy(s);

    for (char *c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

static void add_name(void *ctx, const struct piece *piece)
{
    struct names_in_text *names = ctx;
    struct err ignored;
    char *canonical = NULL;

    if (piece->kind != PIECE_NAME || names->count == NAMES_MAX ||
        find_named(names, piece->user, piece->host) ||
        !host_canonical(piece->host, &canonical, &ignored))
        return;
    must_make_room(names->at, names->count, names->capacity);
    names->at[names->count++] = (struct named){.user = lower_copy(piece->user), .host = canonical};
}

void names_find(const struct post_text *text, struct names_in_text *out)
{
    each_piece(text, add_name, out);
}

struct tag_walk {
    void (*each)(void *ctx, struct slice tag);
    void *ctx;
};

static void add_tag(void *ctx, const struct piece *piece)
{
    struct tag_walk *walk = ctx;

    if (piece->kind == PIECE_HASHTAG)
        walk->each(walk->ctx, piece->tag);
}

void hashtags_find(const struct post_text *text, void (*each)(void *ctx, struct slice tag),
                   void *ctx)
{
    struct tag_walk walk = {each, ctx};

    each_piece(text, add_tag, &walk);
}

/* ---- writing ---- */
struct html {
    const struct html_orders *orders;
    struct bytes *out;
};

static void write_text(struct bytes *out, struct slice text)
{
    while (text.at) {
        html_escape_add(out, slice_cut(&text, '\n'));
        if (text.at)
            bytes_add_text(out, "<br>");
    }
}

static void write_link(struct bytes *out, struct slice href, struct slice text)
{
    bytes_add_text(out, "<a href=\"");
    html_escape_add(out, href);
    bytes_add_text(out, "\" rel=\"nofollow noopener\">");
    write_text(out, text);
    bytes_add_text(out, "</a>");
}

static void write_mention(struct html *html, const struct piece *piece, const struct named *named)
{
    bytes_add_text(html->out, "<span class=\"h-card\"><a href=\"");
    html_escape_add(html->out, slice_of(named->page));
    bytes_add_text(html->out, "\" class=\"u-url mention\">@<span>");
    html_escape_add(html->out, piece->user);
    bytes_add_text(html->out, "</span></a></span>");
}

static void write_name(struct html *html, const struct piece *piece)
{
    const struct named *named = find_named(html->orders->names, piece->user, piece->host);

    if (html->orders->mentions && named && named->known) {
        write_mention(html, piece, named);
        return;
    }
    if (html->orders->mentions || !named) { /* nobody, or their server is silent */
        write_text(html->out, piece->all);
        return;
    }
    scoped_text char *page = named->page ? must_dup(named->page)
                                         : must_print("https://%s/@%s", named->host, named->user);
    write_link(html->out, slice_of(page), piece->all);
}

static void write_hashtag(struct html *html, const struct piece *piece)
{
    scoped_text char *tag = must_copy(piece->tag);
    scoped_text char *href = name_hashtag(html->orders->domain, tag);

    bytes_add_text(html->out, "<a href=\"");
    html_escape_add(html->out, slice_of(href));
    bytes_add_text(html->out, "\" class=\"mention hashtag\" rel=\"tag\">#<span>");
    html_escape_add(html->out, piece->tag);
    bytes_add_text(html->out, "</span></a>");
}

static void write_piece(void *ctx, const struct piece *piece)
{
    struct html *html = ctx;

    if (piece->kind == PIECE_NAME)
        write_name(html, piece);
    else if (piece->kind == PIECE_HASHTAG && html->orders->hashtags)
        write_hashtag(html, piece);
    else
        write_text(html->out, piece->all);
}

static void write_passage(struct html *html, const struct passage *passage)
{
    scoped_value(flow) flow = {0};
    bool quote = passage->kind == PASSAGE_QUOTE;
    size_t at = 0;

    bytes_add_text(html->out, quote ? "<blockquote><p>" : "<p>");
    while (next_flow(passage, &at, &flow)) {
        if (quote)
            write_text(html->out, bytes_slice(&flow.text));
        else
            each_piece_of(bytes_slice(&flow.text), write_piece, html);
        if (flow.link)
            write_link(html->out, slice_of(flow.link->href), slice_of(flow.link->text));
    }
    bytes_add_text(html->out, quote ? "</p></blockquote>" : "</p>");
}

void post_html(const struct post_text *text, const struct html_orders *orders, struct bytes *out)
{
    struct html html = {orders, out};

    if (text->title) {
        bytes_add_text(out, "<p><strong>");
        each_piece_of(slice_of(text->title), write_piece, &html);
        bytes_add_text(out, "</strong></p>");
    }
    for (size_t i = 0; i < text->words.count; i++)
        write_passage(&html, &text->words.passages[i]);
}
