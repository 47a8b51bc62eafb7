/*
 * crc24 — the checksum of armor (RFC 9580 6.1).  It proves nothing, and is written because GnuPG 2.2 reads on behind
 * armor that ends without it.
 */
#ifndef NESTBOX_PGP_CRC24_H
#define NESTBOX_PGP_CRC24_H

#include "slice.h"

#include <stdint.h>

enum { CRC24_STEP = 4 }; /* octets that are counted at once */

/* What each octet adds, by how many follow it in its step.  Filled once, read by any thread. */
struct crc24 {
    uint32_t adds[CRC24_STEP][256];
};
void crc24_init(struct crc24 *crc24);

/* A running sum starts as CRC24_START; crc24_value() says what is to be written. */
#define CRC24_START 0xB704CE00u
uint32_t crc24_count(const struct crc24 *crc24, uint32_t sum, struct slice s);
static inline uint32_t crc24_value(uint32_t sum)
{
    return sum >> 8;
}

#endif
