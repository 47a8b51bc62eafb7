/*
 * The sum stands in the upper 24 bits of 32, so that it is counted as any sum of 32 bits is.
 */
#include "crc24.h"

static const uint32_t polynomial = 0x864CFB00, top = 0x80000000;

void crc24_init(struct crc24 *crc24)
{
    for (uint32_t octet = 0; octet < 256; octet++) {
        uint32_t sum = octet << 24;
        for (int bit = 0; bit < 8; bit++)
            sum = sum & top ? sum << 1 ^ polynomial : sum << 1;
        crc24->adds[0][octet] = sum;
    }
    for (size_t i = 1; i < CRC24_STEP; i++)
        for (size_t octet = 0; octet < 256; octet++) {
            uint32_t before = crc24->adds[i - 1][octet];
            crc24->adds[i][octet] = before << 8 ^ crc24->adds[0][before >> 24];
        }
}

static uint32_t four(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

uint32_t crc24_count(const struct crc24 *crc24, uint32_t sum, struct slice s)
{
    const unsigned char *at = (const unsigned char *)s.at;

    for (; s.len >= CRC24_STEP; s.len -= CRC24_STEP, at += CRC24_STEP) {
        sum ^= four(at);
        sum = crc24->adds[3][sum >> 24] ^ crc24->adds[2][sum >> 16 & 255] ^
              crc24->adds[1][sum >> 8 & 255] ^ crc24->adds[0][sum & 255];
    }
    for (; s.len > 0; s.len--)
        sum = sum << 8 ^ crc24->adds[0][(sum >> 24 ^ *at++) & 255];
    return sum;
}
