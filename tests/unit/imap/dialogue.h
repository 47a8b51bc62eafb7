/* A dialogue as a row of a table: what a client says, and what it hears. */
#ifndef NESTBOX_TEST_IMAP_DIALOGUE_H
#define NESTBOX_TEST_IMAP_DIALOGUE_H

#include "fake.h"

/* '|' parts what arrives in one read; `heard` must come in this order, parted by '|'. */
struct dialogue {
    const char *name, *said, *heard;
};
void dialogue_check(const struct dialogue *row, struct slice heard);

#endif
