/*
 * parcel — files on their way from the server to the client, who alone may write where its caller may (architecture.md 10).
 *
 *     1795000000 5 mail/cur/17.N3.example.org:2,S\nHello     seconds of its date (0: none), length, name; then the bytes
 *     0 0 mail/new/\n                                        a folder
 *
 * Pieces of one name are its content in their order.  Names lead nowhere else: a client of root's believes the server
 * nothing.
 */
#ifndef NESTBOX_MAIN_PARCEL_H
#define NESTBOX_MAIN_PARCEL_H

#include "bytes.h"
#include "err.h"

enum { PARCEL_NAME_MAX = 1000, PARCEL_PART_MAX = 255 };

void parcel_add(struct bytes *out, const char *name, int64_t modified_s, struct slice piece);
/* "a/b", "a/"; no part of it empty, "." or "..", none above 255 bytes, no controls. */
bool parcel_name_is_good(struct slice name);

struct parcel_piece { /* or a part of one */
    const char *name;
    int64_t modified_s;
    struct slice bytes;
};
struct parcel { /* reading; `{0}` with `take` set */
    bool (*take)(void *ctx, const struct parcel_piece *piece, struct err *err);
    void *ctx;
    struct bytes head; /* of a line */
    char name[PARCEL_NAME_MAX + 1];
    int64_t modified_s, left;
};
/* More bytes, cut anywhere.  ERR_MALFORMED: this is none. */
MUST_CHECK bool parcel_read(struct parcel *parcel, struct slice bytes, struct err *err);
/* Nothing is missing. */
bool parcel_is_whole(const struct parcel *parcel);
void parcel_clear(struct parcel *parcel);

#endif
