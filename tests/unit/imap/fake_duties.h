/* Between the driver and its duties. */
#ifndef NESTBOX_TEST_IMAP_FAKE_DUTIES_H
#define NESTBOX_TEST_IMAP_FAKE_DUTIES_H

#include "fake.h"

struct imap_duties fake_duties(struct fake *fake);
void fake_remove_at(struct fake *fake, size_t i);

#endif
