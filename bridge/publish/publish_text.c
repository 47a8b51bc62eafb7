/* From mail to text (behaviour.md 3.1): words of one's own, subject, content warning, alt lines. */
#include "mail_work.h"

#include "memory.h"
#include "text.h"

enum { PART_TEXT_MAX = 1024 * 1024, SUBJECT_MAX_CHARS = 200, WARNING_MAX_CHARS = 500 };

/* What stands before the colon of an answer's subject, in the languages of mail programs. */
static const char *const answer_marks[] = {
    "Re",  "Aw",  "Antw", "Antwort", "Sv",   "Vs",   "Odp",  "Rif",  "R",    "Res",
    "Rép", "Ynt", "Vá",   "Válasz",  "Atb",  "Bls",  "Απ",   "ΑΠ",   "Σχετ", "ΣΧΕΤ",
    "Отв", "Отг", "回复", "答复",    "回覆", "返信", "답장", "回信",
};
static const char *const forward_marks[] = {
    "Fwd", "Fw",     "Wg",    "Tr",          "Rv",   "Enc",        "I",    "Vl",   "Vb",
    "Pd",  "Doorst", "Trs",   "Yml",         "Pārs", "Továbbítás", "İlt",  "İLT",  "Πρθ",
    "ΠΡΘ", "Пересл", "הועבר", "إعادة توجيه", "转发", "轉寄",       "転送", "전달",
};
static const char *const empty_subjects[] = {
    "(no subject)",  "no subject",       "(kein Betreff)", "kein Betreff",     "(ohne Betreff)",
    "(sans objet)",  "(aucun objet)",    "(sin asunto)",   "(nessun oggetto)", "(senza oggetto)",
    "(sem assunto)", "(geen onderwerp)", "(inget ämne)",   "(intet emne)",     "(uden emne)",
    "(ei aihetta)",  "(bez tematu)",     "(brak tematu)",  "(bez předmětu)",   "(без темы)",
    "(konu yok)",    "(nincs tárgy)",    "(fără subiect)", "(無題)",           "(件名なし)",
    "(无主题)",      "(沒有主旨)",       "(제목 없음)",
};

void post_text_clear(struct post_text *text)
{
    words_clear(&text->words);
    free(text->title);
    free(text->subject);
    free(text->warning);
    for (size_t i = 0; i < text->alt_count; i++)
        free(text->alts[i]);
    free(text->alts);
    *text = (struct post_text){0};
}

/* "Re[2]:", "RE :" and "回复：" as well. */
static bool cut_colon(struct slice *subject)
{
    static const struct slice wide = SLICE("\uff1a"), hard_blank = SLICE("\u00a0");
    struct slice rest = *subject, count;

    if (slice_starts(rest, SLICE("["))) {
        count = rest;
        (void)slice_cut(&count, ']');
        rest = count.at ? count : rest;
    }
    for (bool blank = true; blank;) {
        blank = slice_starts(rest, SLICE(" ")) || slice_starts(rest, hard_blank);
        if (blank)
            rest = slice_from(rest, rest.at[0] == ' ' ? 1 : hard_blank.len);
    }
    if (!slice_starts(rest, SLICE(":")) && !slice_starts(rest, wide))
        return false;
    *subject = slice_trim(slice_from(rest, rest.at[0] == ':' ? 1 : wide.len));
    return true;
}

static bool cut_mark(struct slice *subject, const char *const *marks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!slice_starts_nocase(*subject, marks[i]))
            continue;
        struct slice rest = slice_from(*subject, strlen(marks[i]));
        if (!cut_colon(&rest))
            continue;
        *subject = rest;
        return true;
    }
    return false;
}

/* "Re: Fwd: x" too */
static bool forwards_in(struct slice subject)
{
    while (cut_mark(&subject, answer_marks, COUNT_OF(answer_marks)))
        ;
    return cut_mark(&subject, forward_marks, COUNT_OF(forward_marks));
}

bool mail_forwards(struct mail *header)
{
    const char *subject;

    for (size_t i = 0; header && (subject = mail_field(header, "Subject", i)) != NULL; i++)
        if (forwards_in(slice_trim(slice_of(subject))))
            return true;
    return false;
}

bool mail_begins_as_forward(struct mail *header)
{
    struct slice subject = slice_trim(slice_of(mail_field(header, "Subject", 0)));

    return mail_field_count(header, "Subject") == 1 &&
           cut_mark(&subject, forward_marks, COUNT_OF(forward_marks));
}

static bool says_something(struct slice subject)
{
    for (size_t i = 0; i < COUNT_OF(empty_subjects); i++)
        if (slice_is_nocase(subject, empty_subjects[i]))
            return false;
    return !slice_empty(subject);
}

/* "CW: food" -> "food" */
static char *warning_in(struct slice line)
{
    line = slice_trim(line);
    if (!slice_starts_nocase(line, "CW:"))
        return NULL;
    line = slice_trim(slice_from(line, strlen("CW:")));
    if (utf8_count(line) > WARNING_MAX_CHARS)
        return must_print("%.*s ...", SLICE_ARGS(utf8_first(line, WARNING_MAX_CHARS)));
    return slice_empty(line) ? NULL : must_copy(line);
}

static bool begins_text(struct slice subject, const struct words *words)
{
    scoped_value(bytes) plain = {0};

    words_plain(words, &plain);
    struct slice text = slice_trim(bytes_slice(&plain));
    return slice_eq_nocase(slice_first(text, subject.len), subject);
}

static void text_of_subject(struct post_text *text, struct slice subject)
{
    struct words *words = &text->words;

    must_make_room(words->passages, words->count, words->capacity);
    struct passage *passage = &words->passages[words->count++];
    *passage = (struct passage){.kind = PASSAGE_PARAGRAPH};
    must_make_room(passage->runs, passage->count, passage->capacity);
    passage->runs[passage->count++] = (struct run){.text = must_copy(subject)};
}

static void read_subject(struct mail_work *work, bool answers, struct post_text *text)
{
    struct mail *header = said_header(work);
    struct slice subject = slice_trim(slice_of(header ? mail_field(header, "Subject", 0) : NULL));
    bool marked = false;

    if (work->chat ||
        work->quotes) /* its program invented the subject, or took it from the other mail */
        return;
    while (cut_mark(&subject, answer_marks, COUNT_OF(answer_marks)))
        marked = true;
    subject = utf8_first(subject, SUBJECT_MAX_CHARS);
    text->warning = warning_in(subject);
    if (text->warning || !says_something(subject))
        return;
    text->subject = must_copy(subject);
    if (marked || answers)
        return;
    if (words_empty(&text->words))
        text_of_subject(text, subject);
    else if (!begins_text(subject, &text->words))
        text->title = must_copy(subject);
}

static void take_alt(void *ctx, struct slice rest)
{
    struct post_text *text = ctx;

    must_make_room(text->alts, text->alt_count, text->alt_capacity);
    text->alts[text->alt_count++] = must_copy(slice_trim(rest));
}

static void take_warning_line(struct post_text *text)
{
    if (text->warning)
        return;
    scoped_text char *line = words_first_line(&text->words);
    if (!line)
        return;
    text->warning = warning_in(slice_of(line));
    if (text->warning)
        words_drop_first_line(&text->words);
}

static void drop_target_line(struct mail_work *work, struct post_text *text)
{
    if (work->target_line)
        words_drop_first_line(&text->words);
}

/* ---- reading parts ---- */
static bool holds_armor(struct slice text)
{
    return slice_has(text, "-----BEGIN PGP MESSAGE-----");
}

static void append_ids(char ***into, size_t *count, char ***from, size_t *from_count)
{
    *into = must_grow(*into, *count + *from_count + 1, sizeof **into);
    for (size_t i = 0; i < *from_count; i++)
        (*into)[(*count)++] = (*from)[i];
    free(*from);
    *from = NULL;
    *from_count = 0;
}

static void add_passage(struct words *words, const struct passage *passage)
{
    must_make_room(words->passages, words->count, words->capacity);
    words->passages[words->count++] = *passage;
}

static void passages_join(struct words *all, struct words *more)
{
    for (size_t i = 0; i < more->count; i++)
        add_passage(all, &more->passages[i]);
    free(more->passages);
    more->passages = NULL;
    more->count = more->capacity = 0;
}

/* Moves what `more` holds behind what `all` holds. */
static void words_join(struct words *all, struct words *more)
{
    size_t alts = all->kept_content_id_count;
    size_t more_alts = more->kept_content_id_count;

    if (all->count == 0)
        all->begins_with_quote = more->begins_with_quote;
    all->forwarded |= more->forwarded;
    all->cut_quote |= more->cut_quote;
    all->doubtful |= more->doubtful;
    bytes_add(&all->other, bytes_slice(&more->other));
    if (!all->other_from)
        all->other_from = steal(&more->other_from);
    passages_join(all, more);
    append_ids(&all->image_alts, &alts, &more->image_alts, &more_alts);
    append_ids(&all->kept_content_ids, &all->kept_content_id_count, &more->kept_content_ids,
               &more->kept_content_id_count);
    append_ids(&all->cut_content_ids, &all->cut_content_id_count, &more->cut_content_ids,
               &more->cut_content_id_count);
}

static bool part_words(struct mail_part *part, struct slice raw, struct words_orders *orders,
                       struct words *out, struct err *err)
{
    if (mail_part_is(part, "text", "html"))
        return words_from_html(raw, orders, out, err);
    orders->flowed = slice_is_nocase(slice_of(mail_part_parameter(part, "format")), "flowed");
    orders->del_sp = slice_is_nocase(slice_of(mail_part_parameter(part, "delsp")), "yes");
    return words_from_plain(raw, orders, out, err);
}

static bool read_part(struct mail_part *part, struct words_orders *orders, struct post_text *text,
                      struct err *err)
{
    scoped_value(bytes) raw = {0};
    scoped_value(words) words = {0};
    bool ok = mail_part_text(part, PART_TEXT_MAX, &raw, err) &&
              part_words(part, bytes_slice(&raw), orders, &words, err);

    if (!ok && err->kind == ERR_TOO_LARGE) {
        text->too_long = true;
        return true;
    }
    if (!ok &&
        err->kind == ERR_MALFORMED) { /* a charset or HTML nobody can read: nothing is left */
        text->words.doubtful = true;
        return true;
    }
    if (!ok)
        return false;
    text->encrypted |= holds_armor(bytes_slice(&raw));
    words_join(&text->words, &words);
    return true;
}

static struct words_orders orders_of(struct mail_work *work, const struct parent *parent)
{
    struct slice subject = slice_trim(slice_of(mail_field(work->mail, "Subject", 0)));
    bool answers = mail_field(work->mail, "In-Reply-To", 0) ||
                   mail_field(work->mail, "References", 0); /* a REF makes no quotation */
    struct words_orders orders = {.chat = work->chat};

    orders.is_reply = answers && !forwards_in(subject);
    if (parent && parent->kind == PARENT_OPEN && !parent->message.wrapped)
        orders.parent_plain = bytes_slice(&parent->message.plain);
    return orders;
}

bool post_text_read(struct mail_work *work, const struct mail_parts *parts,
                    const struct parent *parent, struct post_text *out, struct err *err)
{
    struct words_orders orders = orders_of(work, parent);

    for (size_t i = 0; i < parts->text_count; i++)
        if (!read_part(parts->texts[i], &orders, out, err))
            return false;
    /* Not every program marks in the text what it forwards; in doubt it is somebody else's. */
    out->forwarded =
        out->words.forwarded || mail_forwards(work->mail) || mail_forwards(work->inner);
    drop_target_line(work, out);
    words_take_lines(&out->words, "Alt:", take_alt, out);
    read_subject(work, parent && parent->found, out);
    take_warning_line(out);
    scoped_value(bytes) plain = {0};
    post_text_plain(out, &plain);
    out->too_long |= plain.len > POST_TEXT_MAX;
    return true;
}

bool post_text_empty(const struct post_text *text)
{
    return words_empty(&text->words) && !text->title;
}

void post_text_plain(const struct post_text *text, struct bytes *out)
{
    if (text->title) {
        bytes_add_text(out, text->title);
        bytes_add_text(out, "\n\n");
    }
    words_plain(&text->words, out);
}
