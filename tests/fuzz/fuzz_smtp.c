/*
 * An SMTP session fed with bytes: the first byte chooses the entrance, 0xff parts what arrives in one read.
 * A read that begins with 0xfe is a SCRAM proof: the random nonce of the challenge is put before it, since no
 * corpus can know it.
 *
 * Beyond not crashing: a session that hung up stays so, and unread bytes stay bounded.
 */
#include "../unit/smtp/fake.h"
#include "log.h"
#include "text.h"

#include <assert.h>

static const char *const services[] = {"smtp", "submission", "submissions"};

/* The last line said, decoded: "r=NONCE,s=SALT,i=N". */
static void read_challenge(const struct fake *fake, struct bytes *out)
{
    struct slice said = slice_trim(bytes_slice(&fake->out));
    struct slice line = slice_from(said, slice_find_last(said, '\n') + 1);

    if (slice_starts(line, SLICE("334 ")) && !base64_read(slice_from(line, 4), out))
        bytes_reset(out);
}

static void feed_proof(struct fake *fake, struct slice proof)
{
    scoped_value(bytes) challenge = {0};
    scoped_value(bytes) message = {0};
    scoped_value(bytes) line = {0};

    read_challenge(fake, &challenge);
    struct slice rest = bytes_slice(&challenge);
    struct slice nonce = slice_cut(&rest, ',');
    bytes_print(&message, "c=biws,%.*s,p=", SLICE_ARGS(nonce));
    base64_add(&message, proof);
    base64_add(&line, bytes_slice(&message));
    bytes_add_text(&line, "\r\n");
    fake_feed(fake, bytes_slice(&line));
}

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
        struct slice piece = slice_cut(&rest, '\xff');
        if (slice_starts(piece, SLICE("\xfe")))
            feed_proof(&fake, slice_from(piece, 1));
        else
            fake_feed(&fake, piece);
        assert(fake.over || fake.unread.len <= 64 * 1024);
    }
    fake_nudge(&fake, NUDGE_CLOSING);
    fake_end(&fake);
    return 0;
}
