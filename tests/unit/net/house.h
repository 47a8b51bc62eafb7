/*
 * house — a loop on its own thread, a carrier whose errands wait for the test, and a toy session that
 * does what the lines it reads say:
 *
 *     echo TEXT       TEXT
 *     wait            an errand; "back" when it is home
 *     slowtls         an errand; then as starttls
 *     starttls        "go", then TLS
 *     more            "one", "two", "three", each when the last was taken
 *     flood N         N pieces of 32 KiB, each when the last was taken
 *     watch N         "watching"; "news" at each nudge
 *     lookwatch N     an errand that watches N; "back", still watching
 *     timer MS        "ding" after MS
 *     home            "home": its peer is known from now on
 *     crowd           "many", or "few"
 *     quit            "bye"
 *     NUDGE_CLOSING   "closing", end
 */
#ifndef NESTBOX_TEST_HOUSE_H
#define NESTBOX_TEST_HOUSE_H

#include "listen.h"
#include "thread.h"

struct house {
    struct loop *loop;
    struct thread thread;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    struct errand *errands; /* out, oldest first, by their link */
    size_t sessions;        /* toys alive */
    bool early;             /* the toy greeted last was spoken to before */
    int greeted;
    size_t most_unsent; /* in `out` when a toy was called */
    bool closed, all_ended;
    struct tls_facts facts; /* of the last handshake */
    char server_name[64];
};

void house_open(struct house *h);
void house_close(struct house *h); /* brings all errands home, ends the loop */

extern const struct session_kind toy_kind;
void *toy_new(void *house, const struct peer *peer);

/* A listener of toys without TLS; good until the next call. */
const struct listen_options *toy_options(struct house *h);
/* A house with one toy in it that said hello, and the end of both. */
int toy_open(struct house *h);
void toy_close(struct house *h, int fd);

/* The other end of a new toy; blocking, with a deadline of 10 s. */
int house_connect(struct house *h, const struct listen_options *options);
void house_start_toy(struct house *h, int fd, const struct listen_options *options); /* takes fd */
void house_wait_hello(struct house *h, int count); /* until so many toys were greeted */
/* Runs on the loop and waits until it ran. */
void house_call(struct house *h, void (*fn)(void *arg), void *arg);

struct errand *house_errand(struct house *h); /* waits for one; it stays the house's */
void house_bring_home(struct house *h);       /* the oldest */
void house_wait_sessions(struct house *h, size_t count);
void house_start_closing(struct house *h, int64_t within_ms);
bool house_wait_closed(struct house *h); /* all_ended */

void say(int fd, const char *text);
void hear(int fd, const char *expected); /* exactly that */
void hear_end(int fd);

#endif
