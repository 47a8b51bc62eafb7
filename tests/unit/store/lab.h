/*
 * lab — a store in a folder of its own, with a clock that stands still.
 *
 * A test writes as it reads, line by line: lab_begin() holds the writer inside an apply() and lends its
 * transaction to the test, until lab_commit() or lab_abort().
 */
#ifndef NESTBOX_TESTS_STORE_LAB_H
#define NESTBOX_TESTS_STORE_LAB_H

#include "test.h"

#include "memory.h"
#include "store.h"
#include "store_write.h"

#include <pthread.h>

enum { LAB_START_MS = 1000000000 }; /* when its clock stands */

struct lab_hand { /* the transaction, lent by the writer */
    struct store_change change;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    struct store_tx *tx;
    bool finished, wanted, done, ok;
    struct err err;
};
struct lab {
    char path[64];
    int dir;
    struct test_clock clock;
    struct store *store;
    struct lab_hand hand;
    struct err err; /* of whatever came last */
};

void lab_open(struct lab *lab);
void lab_close(struct lab *lab);  /* removes the folder */
void lab_reopen(struct lab *lab); /* closes the store and opens it again */

struct store_tx *lab_begin(struct lab *lab);
void lab_commit(struct lab *lab); /* must go well */
void lab_abort(struct lab *lab);  /* the apply() fails: all is rolled back */
struct store_view *lab_look(struct lab *lab);

/* Ready-made: example.org with alice, a person on the Fediverse, a message of alice's. */
int64_t lab_account(struct lab *lab, const char *name);
int64_t lab_person_of(struct lab *lab, int64_t account_id);
int64_t lab_fediverse_person(struct lab *lab, const char *user);
int64_t lab_message(struct lab *lab, int64_t account_id, enum visibility visibility);
/* A finished body of `size` bytes, each `fill`. */
struct store_body *lab_body(struct lab *lab, size_t size, char fill);
void lab_check_body(struct lab *lab, int64_t body_id, size_t size, char fill);
/* What the calling thread has worked: a busy machine does not make it more. */
int64_t lab_worked_ms(void);
/* How many files lie in the folder (below bodies/), whatever their place. */
int lab_files(struct lab *lab, const char *folder);

/* For cmocka: a lab for one test. */
int lab_setup(void **state);
int lab_setup_in_memory(void **state); /* nothing is synced: for tests that open often */
int lab_teardown(void **state);

#endif
