/*
 * chores — a session without a peer that has the bridge's recurring work done, on the BULK lane, whenever
 * something changed or the time has come.
 */
#ifndef NESTBOX_MAIN_CHORES_H
#define NESTBOX_MAIN_CHORES_H

#include "session.h"

struct bridge;

/* The topic main adds to every piece of news: something changed. */
enum { TOPIC_SOMETHING = 1 };

extern const struct session_kind chores_kind;
void *chores_new(struct bridge *bridge);

#endif
