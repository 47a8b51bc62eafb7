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

static int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

#endif
