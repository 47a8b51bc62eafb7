/*
 * key_memory — keys that were asked for in vain, so that nobody makes us ask again and again (CVE-2026-34148).
 *
 * A table of fixed size.  Any thread.
 */
#ifndef NESTBOX_ACTIVITYPUB_KEY_MEMORY_H
#define NESTBOX_ACTIVITYPUB_KEY_MEMORY_H

#include "slice.h"

#include <pthread.h>

enum { KEY_MEMORY_PLACES = 1024 };
enum key_trouble {
    KEY_NO_TROUBLE,
    KEY_UNFIT,  /* there is none, or it did not fit */
    KEY_SILENT, /* it may be had later */
};
struct key_memory {
    pthread_mutex_t lock;
    struct key_memory_place {
        uint64_t key;
        int64_t until_ms; /* monotonic; 0: free */
        enum key_trouble trouble;
    } places[KEY_MEMORY_PLACES];
};
void key_memory_init(struct key_memory *memory);
void key_memory_clear(struct key_memory *memory);
void key_memory_put(struct key_memory *memory, struct slice key_id, enum key_trouble trouble,
                    int64_t now_ms, int64_t for_ms);
enum key_trouble key_memory_look(struct key_memory *memory, struct slice key_id, int64_t now_ms);

#endif
