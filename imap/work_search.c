/*
 * SEARCH over the rows of a mailbox, a slice at a time: the errand is sent again until all was looked at.
 *
 * Flags, sizes, dates and UIDs are read from rows; only keys that need the text open a mail, and only those that the
 * cheap keys left.  Text is searched in what can be read: the header, and text parts in clear.
 */
#include "clock.h"
#include "imap_work.h"
#include "mail.h"
#include "text.h"

enum {
    TEXT_MOST = 1024 * 1024,
    ROWS_AT_ONCE = 2000,
    HEADERS_AT_ONCE = 200, /* that are read for SORT and THREAD */
    MAILS_AT_ONCE =
        50, /* that are opened: the lane has other work, and a view is not held for long */
};

struct search {
    struct imap_found base;
    struct imap *imap;
    int64_t mailbox_id, now_ms;
    uint32_t after;      /* what was looked at in earlier slices ends here */
    size_t looked, most; /* rows, in this slice */
    struct search_key key;
    uint32_t last_uid;
    struct sorting sorting;
    struct store_view *view; /* while rows are walked */
    struct err *err;
    bool good;
};

struct subject { /* the message being judged; opened when a key needs it */
    struct search *search;
    const struct entry_row *row;
    struct source *source;
    struct mail *mail;
    bool opened;
};

static struct search *search_of(struct errand *errand)
{
    return container_of(errand, struct search, base.base.errand);
}

/* ---- the text ---- */

static struct mail *mail_of(struct subject *subject)
{
    struct search *search = subject->search;
    struct err broken;

    if (subject->opened)
        return subject->mail;
    subject->opened = true;
    subject->source = store_body_source(search->view, subject->row->body_id, search->err);
    if (!subject->source)
        search->good = false;
    else if (!mail_parse(subject->source, &subject->mail, &broken))
        subject->mail = NULL; /* no mail: nothing can be found in it */
    return subject->mail;
}

static void subject_clear(struct subject *subject)
{
    mail_free(subject->mail);
    source_free(subject->source);
}

static bool holds(const char *text, const char *what)
{
    return text && strcasestr(text, what) != NULL;
}

static bool header_holds(struct subject *subject, const char *name, const char *what)
{
    struct mail *mail = mail_of(subject);
    size_t count = mail ? mail_field_count(mail, name) : 0;

    for (size_t i = 0; i < count; i++)
        if (what[0] == '\0' || holds(mail_field(mail, name, i), what))
            return true;
    return false;
}

static bool part_holds(struct mail_part *part, const char *what)
{
    scoped_value(bytes) text = {0};
    struct err ignored;

    for (size_t i = 0; i < mail_part_count(part); i++)
        if (part_holds(mail_part_child(part, i), what))
            return true;
    return mail_part_count(part) == 0 && mail_part_is(part, "text", "*") &&
           mail_part_text(part, TEXT_MOST, &text, &ignored) && holds(text.at, what);
}

static bool body_holds(struct subject *subject, const char *what)
{
    struct mail *mail = mail_of(subject);

    return mail && part_holds(mail_root(mail), what);
}

static bool any_header_holds(struct subject *subject, const char *what)
{
    static const char *const names[] = {"From",        "To",         "Cc",     "Bcc",
                                        "Subject",     "Reply-To",   "Sender", "Message-ID",
                                        "In-Reply-To", "References", "List-Id"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (header_holds(subject, names[i], what))
            return true;
    return false;
}

/* ---- dates ---- */

static int64_t day_of(int64_t ms)
{
    return ms - ms % DAY_MS;
}

/* The day a mail was sent, as its Date says it in the zone it names; the day it came where it has none. */
static int64_t sent_day(struct subject *subject)
{
    struct mail *mail = mail_of(subject);
    int64_t ms = mail ? mail_date_ms(mail) : 0;

    return day_of(ms ? ms : subject->row->received_ms);
}

/* ---- keys ---- */

static bool matches(struct subject *subject, const struct search_key *key);

static bool matches_all(struct subject *subject, const struct search_key *key)
{
    /* Cheap keys first: what they rule out is not opened. */
    for (int reads = 0; reads < 2; reads++)
        for (size_t i = 0; i < key->count; i++)
            if (search_reads_text(&key->children[i]) == (reads == 1) &&
                !matches(subject, &key->children[i]))
                return false;
    return true;
}

static bool has_keyword(const char *keywords, const char *wanted)
{
    struct slice rest = slice_of(keywords);

    while (rest.at && rest.len > 0)
        if (slice_is_nocase(slice_cut(&rest, ' '), wanted))
            return true;
    return false;
}

static bool matches(struct subject *subject, const struct search_key *key)
{
    const struct entry_row *row = subject->row;
    int64_t age_s = (subject->search->now_ms - row->received_ms) / SECOND_MS;

    switch (key->kind) {
    case SEARCH_ALL: return true;
    case SEARCH_AND: return matches_all(subject, key);
    case SEARCH_OR:
        return matches(subject, &key->children[0]) || matches(subject, &key->children[1]);
    case SEARCH_NOT: return !matches(subject, &key->children[0]);
    case SEARCH_UIDS: return number_set_has(&key->set, row->mark.uid);
    case SEARCH_FLAG: return (row->mark.flags & key->flags) == key->flags;
    case SEARCH_KEYWORD: return has_keyword(row->mark.keywords, key->text);
    case SEARCH_LARGER: return row->octets > key->number;
    case SEARCH_SMALLER: return row->octets < key->number;
    case SEARCH_MODSEQ: return row->mark.modseq >= key->number;
    case SEARCH_BEFORE: return day_of(row->received_ms) < key->number;
    case SEARCH_ON: return day_of(row->received_ms) == key->number;
    case SEARCH_SINCE: return day_of(row->received_ms) >= key->number;
    case SEARCH_SENT_BEFORE: return sent_day(subject) < key->number;
    case SEARCH_SENT_ON: return sent_day(subject) == key->number;
    case SEARCH_SENT_SINCE: return sent_day(subject) >= key->number;
    case SEARCH_YOUNGER: return age_s <= key->number;
    case SEARCH_OLDER: return age_s >= key->number;
    case SEARCH_HEADER: return header_holds(subject, key->name, key->text);
    case SEARCH_BODY: return body_holds(subject, key->text);
    case SEARCH_TEXT: return any_header_holds(subject, key->text) || body_holds(subject, key->text);
    }
    __builtin_unreachable();
}

/* ---- the walk ---- */

static bool judge(void *ctx, const struct entry_row *row)
{
    struct search *search = ctx;
    struct subject subject = {.search = search, .row = row};
    size_t most = search->most;

    if (search->looked++ == most) {
        search->base.more = true;
        return false;
    }
    search->after = row->mark.uid;
    if (matches(&subject, &search->key)) {
        must_make_room(search->base.uids, search->base.count, search->base.capacity);
        search->base.uids[search->base.count++] = row->mark.uid;
        if (search->base.count == 1)
            search->base.modseq_first = row->mark.modseq;
        search->base.modseq_last = row->mark.modseq;
        if (row->mark.modseq > search->base.modseq)
            search->base.modseq = row->mark.modseq;
        if (search->sorting.order.shape != SHAPE_SET &&
            !sorting_add(&search->sorting, search->view, row, search->err))
            search->good = false;
    }
    subject_clear(&subject);
    return search->good;
}

static bool run_search(struct errand *errand, struct err *err)
{
    struct search *search = search_of(errand);
    scoped(store_view) view = store_look(search->imap->parts.store, err);
    scoped_value(mailbox) mailbox = {0};

    if (!view || !find_selected(view, search->mailbox_id, &mailbox, &search->base.base, err))
        return false;
    search->view = view;
    search->err = err;
    search->good = true;
    search->base.more = false;
    search->looked = 0;
    if (search->after < search->last_uid &&
        !(store_entry_rows(view, search->mailbox_id, search->after + 1, search->last_uid, 0, judge,
                           search, err) &&
          search->good))
        return false;
    if (!search->base.more)
        sorting_end(&search->sorting, &search->base);
    return true;
}

static void search_free(struct errand *errand)
{
    struct search *search = search_of(errand);

    search_key_clear(&search->key);
    sorting_clear(&search->sorting);
    free(search->base.uids);
    number_set_clear(&search->base.set);
    free(search->base.threads.at);
    free(search);
}

struct errand *duty_search(void *ctx, int64_t mailbox_id, const struct search_key *key,
                           uint32_t last_uid, const struct search_order *order)
{
    struct search *search = must_new(struct search);
    bool texts = search_reads_text(key);
    bool reads = texts || order->shape != SHAPE_SET;

    search->base.base.errand = (struct errand){
        .lane = reads ? LANE_BULK : LANE_QUICK, .work = run_search, .free = search_free};
    search->most = texts ? MAILS_AT_ONCE : reads ? HEADERS_AT_ONCE : ROWS_AT_ONCE;
    search->sorting.order = *order;
    search->imap = ctx;
    search->mailbox_id = mailbox_id;
    search->now_ms = clock_now(&system_clock);
    search_key_copy(key, &search->key);
    search->last_uid = last_uid;
    return &search->base.base.errand;
}
