/*
 * An IMAP session fed with bytes: the first byte says whether it begins logged in; 0xff parts what arrives in one
 * read, 0xfe lets a mail come, 0xfd one vanish.
 *
 * Beyond not crashing: a session that hung up stays so, and unread bytes stay bounded.
 */
#include "../unit/imap/fake.h"
#include "log.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void happen(struct fake *fake, struct slice *piece)
{
    while (piece->len > 0 && (piece->at[0] == '\xfe' || piece->at[0] == '\xfd')) {
        if (piece->at[0] == '\xfe')
            fake_arrive(fake);
        else if (fake->count > 0)
            fake_vanish(fake, fake->messages[fake->count / 2].uid);
        *piece = slice_from(*piece, 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake fake;

    if (size == 0)
        return 0;
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
