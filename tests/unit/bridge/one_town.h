/*
 * one_town — the town of a test program, made anew for each of its tests.
 */
#ifndef NESTBOX_TESTS_BRIDGE_ONE_TOWN_H
#define NESTBOX_TESTS_BRIDGE_ONE_TOWN_H

#include "visitors.h"

static struct town town;

static int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    return 0;
}

/* Whom nobody knows is asked about. */
static inline int open_asking_town(void **state)
{
    open_town(state);
    town.config.contact = DOOR_ASK;
    return 0;
}

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

#define IN_ASKING_TOWN(test) cmocka_unit_test_setup_teardown(test, open_asking_town, close_town)

#endif
