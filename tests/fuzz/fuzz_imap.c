/*
 * An IMAP session fed with bytes: the first byte says whether it begins logged in; 0xff parts what arrives in one
 * read, 0xfe lets a mail come, 0xfd one vanish, 0xfc four minutes pass.  Or, behind 't', lines "subject TAB id TAB references" that are threaded,
 * and behind 'b' a BODYSTRUCTURE that becomes BODY.
 *
 * Beyond not crashing: a session that hung up stays so, and unread bytes stay bounded; each
 * mail stands in the threads once, and each bracket is closed.
 */
#include "../unit/imap/fake.h"
#include "body_short.h"
#include "log.h"
#include "memory.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void happen(struct fake *fake, struct slice *piece)
{
    while (piece->len > 0 && piece->at[0] >= '\xfc' && piece->at[0] <= '\xfe') {
        if (piece->at[0] == '\xfe')
            fake_arrive(fake);
        else if (piece->at[0] == '\xfc')
            fake_pass(fake, 4 * MINUTE_MS);
        else if (fake->count > 0)
            fake_vanish(fake, fake->messages[fake->count / 2].uid);
        *piece = slice_from(*piece, 1);
    }
}

enum { THREADED_MOST = 200 };

static void read_mail(struct slice line, uint32_t uid, struct sorted_mail *out)
{
    struct slice subject = slice_cut(&line, '\t');
    struct slice id = line.at ? slice_cut(&line, '\t') : SLICE("");

    *out = (struct sorted_mail){.uid = uid, .date_ms = (int64_t)(subject.len % 7)};
    out->subject = subject_base(subject, &out->answer);
    out->id = id.len ? must_copy(id) : NULL;
    out->references = must_alloc_array(SORT_IDS_MAX, sizeof out->references[0]);
    while (line.at && line.len > 0 && out->reference_count < SORT_IDS_MAX)
        out->references[out->reference_count++] = must_copy(slice_cut(&line, ' '));
}

static void check_threads(struct sorted_mail *mails, size_t count, enum search_shape shape)
{
    struct threads threads = {0};
    size_t told = 0, open = 0;

    thread_mails(mails, count, shape, &threads);
    for (size_t i = 0; i < threads.count; i++) {
        bool opens = threads.at[i] == THREAD_OPENS, closes = threads.at[i] == THREAD_CLOSES;
        assert(open > 0 || opens);
        open = open + opens - closes;
        told += !opens && !closes;
        assert(!closes || threads.at[i - 1] != THREAD_OPENS);
    }
    assert(open == 0 && told == count);
    free(threads.at);
}

static void thread_lines(struct slice text)
{
    struct sorted_mail mails[THREADED_MOST];
    size_t count = 0;

    while (text.at && text.len > 0 && count < THREADED_MOST) {
        read_mail(slice_cut(&text, '\n'), (uint32_t)count + 1, &mails[count]);
        count++;
    }
    check_threads(mails, count, SHAPE_REFERENCES);
    check_threads(mails, count, SHAPE_SUBJECTS);
    for (size_t i = 0; i < count; i++)
        sorted_mail_clear(&mails[i]);
}

/* What is short already stays as it is. */
static void shorten_twice(struct slice structure)
{
    scoped_value(bytes) once = {0};
    scoped_value(bytes) twice = {0};

    if (!body_short_add(&once, structure)) {
        assert(once.len == 0);
        return;
    }
    assert(body_short_add(&twice, bytes_slice(&once)));
    assert(slice_eq(bytes_slice(&twice), bytes_slice(&once)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake fake;

    if (size == 0)
        return 0;
    if (data[0] == 't') {
        thread_lines((struct slice){(const char *)data + 1, size - 1});
        return 0;
    }
    if (data[0] == 'b') {
        shorten_twice((struct slice){(const char *)data + 1, size - 1});
        return 0;
    }
    log_set_level(LOG_ERROR);
    fake_begin(&fake, data[0] != 's', 5);
    if (data[0] == 'l' || data[0] == 'i')
        fake_say(&fake, "a LOGIN alice@home.test secret\r\n");
    if (data[0] == 'i')
        fake_say(&fake, "a ENABLE QRESYNC\r\na SELECT INBOX\r\n");
    struct slice rest = {(const char *)data + 1, size - 1};
    while (rest.at && !fake.over) {
        struct slice piece = slice_cut(&rest, '\xff');
        happen(&fake, &piece);
        fake_feed(&fake, piece);
        assert(fake.over || fake.unread.len <= 64 * 1024);
    }
    fake_nudge(&fake, NUDGE_CLOSING);
    fake_end(&fake);
    return 0;
}
