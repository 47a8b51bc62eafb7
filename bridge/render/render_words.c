/* Short words out of long texts: subjects, and what a thread is called. */
#include "activity_work.h"

#include "memory.h"
#include "text.h"

enum { SUBJECT_MAX_CHARS = 60 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

char *first_words(struct slice plain, size_t max_chars)
{
    scoped_value(bytes) line = {0};

    for (size_t i = 0; i < plain.len && line.len < max_chars * 4 + 8; i++) {
        bool blank = is_blank(plain.at[i]);
        if (blank && (line.len == 0 || line.at[line.len - 1] == ' '))
            continue;
        if (blank)
            bytes_add_char(&line, ' ');
        else
            bytes_add_char(&line, plain.at[i]);
    }
    struct slice all = slice_trim(bytes_slice(&line));
    if (utf8_count(all) <= max_chars)
        return must_copy(all);
    struct slice cut = utf8_first(all, max_chars - 4);
    size_t blank = slice_find_last(cut, ' ');
    if (blank != SIZE_MAX && blank > cut.len / 2)
        cut = slice_first(cut, blank);
    return must_print("%.*s ...", SLICE_ARGS(slice_trim(cut))); /* ASCII: no encoded words for it */
}

static struct slice without_re(struct slice subject)
{
    while (slice_starts_nocase(subject, "Re:"))
        subject = slice_trim(slice_from(subject, 3));
    return subject;
}

/* What the thread below a message whose words may be told is called. */
static char *subject_of_words(const struct message *message)
{
    if (message->subject.len > 0)
        return must_copy(without_re(bytes_slice(&message->subject)));
    if (message->warning.len > 0) {
        scoped_text char *warning = first_words(bytes_slice(&message->warning), SUBJECT_MAX_CHARS);
        return must_print("CW: %s", warning);
    }
    scoped_text char *words = first_words(bytes_slice(&message->plain), SUBJECT_MAX_CHARS);
    return *words ? steal(&words) : NULL;
}

static bool subject_of_stored(struct bridge *bridge, struct store_view *view, int64_t message_id,
                              char **out, struct err *err)
{
    scoped_value(message) message = {0};

    switch (store_message(view, message_id, &message, err)) {
    case FAILED: return false;
    case ABSENT: return true;
    case FOUND: break;
    }
    if (!message_unwrap(bridge, &message, err))
        return false;
    *out = subject_of_words(&message);
    return true;
}

static bool take_subject(void *ctx, int64_t account_id, const struct entry *entry)
{
    char **out = ctx;

    (void)account_id;
    if (entry->subject && *entry->subject && strcmp(entry->subject, SEALED_SUBJECT) != 0) {
        free(*out);
        *out = must_copy(without_re(slice_of(entry->subject)));
    }
    return true;
}

bool thread_subject(struct bridge *bridge, struct store_view *view, const struct message *parent,
                    const struct account *account, char **out, struct err *err)
{
    enum { COPIES_OF_ONE = 20 };

    *out = NULL;
    if (visibility_is_open(parent->visibility) || parent->account_id == account->id)
        return subject_of_stored(bridge, view, parent->id, out, err);
    return store_entries_of_message(view, parent->id, account->id, COPIES_OF_ONE, take_subject, out,
                                    err);
}
