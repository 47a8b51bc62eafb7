/* Certificates and signatures of strangers, before GnuPG sees them: armor and packets. */
#include "packets.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_packets(struct slice binary)
{
    struct slice rest = binary;
    struct packet packet;
    size_t inside = 0;
    while (packet_cut(&rest, &packet) == PACKET_NEXT) {
        assert(packet.tag >= 0 && packet.tag < 64);
        inside += packet.body.len;
    }
    assert(inside <= binary.len);
}

static void check_address(struct slice binary)
{
    scoped_value(bytes) shown = {0};
    bool named = certificate_for_address(binary, SLICE("a@b"), &shown);
    assert(shown.len <= binary.len && (named || shown.len == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = {(const char *)data, size};
    scoped_value(bytes) binary = {0};
    struct err err;

    if (!openpgp_binary(in, &binary))
        return 0;
    assert(binary.len <= size);
    check_packets(bytes_slice(&binary));
    check_address(bytes_slice(&binary));
    bool certificate = certificate_is_fit(bytes_slice(&binary), &err);
    (void)certificate_reads_aes256(bytes_slice(&binary));
    size_t signatures = signatures_count(bytes_slice(&binary));
    assert(!certificate || signatures == 0); /* nothing is both */
    return 0;
}
