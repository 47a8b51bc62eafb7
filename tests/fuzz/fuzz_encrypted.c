/*
 * What calls itself encrypted.  First octet: 0 OpenPGP, 1 CMS.  What is believed to be OpenPGP must be armor of session
 * keys and one packet of encrypted data, read by the other reader that we have.
 */
#include "packets.h"
#include "pgp.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_packets(struct slice part)
{
    scoped_value(bytes) binary = {0};
    int tag = -1;

    if (!openpgp_binary(part, &binary)) /* the other reader wants padding */
        return;
    struct slice rest = bytes_slice(&binary);
    struct packet packet;
    while (rest.len > 0 && (tag = packet_tag(rest.at[0])) >= 0) {
        assert(tag == PACKET_SESSION_KEY || tag == PACKET_SESSION_KEY_BY_PASSWORD ||
               tag == PACKET_ENCRYPTED || tag == PACKET_ENCRYPTED_AEAD);
        if (packet_cut(&rest, &packet) != PACKET_NEXT) /* data in parts, which it cannot cut */
            break;
    }
    assert(tag == PACKET_ENCRYPTED || tag == PACKET_ENCRYPTED_AEAD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice part = {(const char *)data + 1, size - 1};
    bool believed = false;
    struct err err;

    if (size == 0 || data[0] > 1)
        return 0;
    enum pgp_encrypted_as as = data[0] == 0 ? PGP_AS_OPENPGP : PGP_AS_CMS;
    scoped(source) source = source_of_slice(part);
    assert(pgp_is_encrypted(source, as, &believed, &err));
    if (believed && as == PGP_AS_OPENPGP)
        check_packets(part);
    return 0;
}
