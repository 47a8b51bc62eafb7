/*
 * An SMTP session fed with bytes: the first byte chooses the entrance, 0xff parts what arrives in one read.
 * A read that begins with 0xfe is a SCRAM proof: the random nonce of the challenge is put before it, since no
 * corpus can know it; with 0xfc the proof is bound to the TLS of the session.  0xfd and a byte let time pass.
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

static void feed_proof(struct fake *fake, struct slice proof, bool bound)
{
    scoped_value(bytes) challenge = {0};
    scoped_value(bytes) message = {0};
    scoped_value(bytes) binding = {0};
    scoped_value(bytes) line = {0};

    read_challenge(fake, &challenge);
    struct slice rest = bytes_slice(&challenge);
    struct slice nonce = slice_cut(&rest, ',');
    bytes_add_text(&binding, bound ? "p=tls-exporter,," : "n,,");
    if (bound)
        bytes_add(&binding,
                  (struct slice){(char *)fake->tls.channel_binding, fake->tls.channel_binding_len});
    bytes_add_text(&message, "c=");
    base64_add(&message, bytes_slice(&binding));
    bytes_print(&message, ",%.*s,p=", SLICE_ARGS(nonce));
    base64_add(&message, proof);
    base64_add(&line, bytes_slice(&message));
    bytes_add_text(&line, "\r\n");
    fake_feed(fake, bytes_slice(&line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void feed_piece(struct fake *fake, struct slice piece)
{
    if (slice_starts(piece, SLICE("\xfe")) || slice_starts(piece, SLICE("\xfc")))
        feed_proof(fake, slice_from(piece, 1), piece.at[0] == '\xfc');
    else if (slice_starts(piece, SLICE("\xfd")) && piece.len > 1)
        fake_pass(fake, (unsigned char)piece.at[1] * 2 * SECOND_MS);
    else
        fake_feed(fake, piece);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct tls_facts bound = {
        .channel_binding = "key material", .channel_binding_len = 12, .end_point_len = 1};
    struct fake fake;

    if (size == 0)
        return 0;
    log_set_level(LOG_ERROR);
    fake_begin_early(&fake, services[(data[0] & 7) % 3], data[0] & 0x80, data[0] == 0x7f);
    fake.first_errands = (data[0] >> 3) & 1;
    fake.flush_fails_at = (data[0] >> 4) & 1;
    fake.crowded = data[0] & 0x40;
    if (data[0] & 0x20 && fake.peer.secured && !fake.over)
        fake_secure(&fake, &bound);
    else if (data[0] & 0x20)
        fake.tls = bound;
    struct slice rest = {(const char *)data + 1, size - 1};
    while (rest.at && !fake.over) {
        feed_piece(&fake, slice_cut(&rest, '\xff'));
        assert(fake.over || fake.unread.len <= 64 * 1024);
    }
    if (!fake.over)
        fake_nudge(&fake, NUDGE_CLOSING);
    fake_end(&fake);
    return 0;
}
