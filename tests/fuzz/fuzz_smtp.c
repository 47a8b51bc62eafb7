/*
 * An SMTP session fed with bytes: the first byte chooses the entrance, 0xff parts what arrives in one read.
 *
 * Beyond not crashing: a session that hung up stays so, and unread bytes stay bounded.
 */
#include "../unit/smtp/fake.h"
#include "log.h"

#include <assert.h>

static const char *const services[] = {"smtp", "submission", "submissions"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fake fake;

    if (size == 0)
        return 0;
    log_set_level(LOG_ERROR);
    fake_begin(&fake, services[data[0] % 3], data[0] & 0x80);
    fake.first_errands = (data[0] >> 3) & 1;
    fake.flush_fails_at = (data[0] >> 4) & 1;
    struct slice rest = {(const char *)data + 1, size - 1};
    while (rest.at && !fake.over) {
        fake_feed(&fake, slice_cut(&rest, '\xff'));
        assert(fake.over || fake.unread.len <= 64 * 1024);
    }
    fake_nudge(&fake, NUDGE_CLOSING);
    fake_end(&fake);
    return 0;
}
