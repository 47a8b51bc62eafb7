/*
 * shared_town — one town for all tests of a program, which follow one another in it.
 */
#ifndef NESTBOX_TESTS_BRIDGE_SHARED_TOWN_H
#define NESTBOX_TESTS_BRIDGE_SHARED_TOWN_H

#include "town.h"

static struct town town;

static int set_up(void **state)
{
    (void)state;
    town_open(&town);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

#endif
