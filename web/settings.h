/*
 * settings — how mail programs find where to log in: autoconfig (Thunderbird, K-9, Delta Chat) and Apple's profile.
 */
#ifndef NESTBOX_WEB_SETTINGS_H
#define NESTBOX_WEB_SETTINGS_H

#include "bytes.h"
#include "config.h"

void settings_autoconfig(const struct config *config, const char *domain, struct bytes *out);
/* `address` NULL: the phone asks for it. */
void settings_apple(const struct config *config, const char *domain, const char *address,
                    struct bytes *out);

#endif
