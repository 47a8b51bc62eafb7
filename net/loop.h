/*
 * loop — one thread's event loop, the sessions that live on it, and the news they hear.
 *
 * Does:     run sessions (base/session.h), with a connection (listen.h) or without one; carry out
 *           their named next steps; let nothing cross threads but posts and errands.
 * May use:  base, config; libevent, OpenSSL.
 * Must not: know a protocol, a row of the store or a file.
 * Threads:  every function runs on the loop's own thread unless it says "any thread".  While the
 *           loop does not run, whoever holds it counts as its own.
 *
 * How a session is driven, beyond what base/session.h says:
 *
 * - Under implicit TLS the handshake comes first, then begin(), then secured() at once; so begin()
 *   of such a kind gives no errand away.
 * - read() gets all unused bytes (64 KiB at most; a session that takes nothing of a full 64 KiB is
 *   hung up).  After read() took some but not all, and after any other call, the rest is brought
 *   at once; after it took nothing, when more has arrived.  In other calls `in` is empty.
 * - Nudges come at NEXT_READ and at NEXT_MORE.  What nudged() answers is the next step, so a session
 *   that was sending answers NEXT_MORE to go on.
 * - Each turn's wake_at_ms replaces the one before.  The timer does not strike while an errand is
 *   out: resume() sets it again.
 * - `watch` set with NEXT_WAIT counts from that moment, zero with NEXT_WAIT keeps the one before: a
 *   session that watches while it looks misses nothing that commits meanwhile.  The nudge comes
 *   when it is back, if it still watches.
 * - A peer that ends its side while an errand is out is gone: the errand is unwanted.  At other
 *   times what it had sent is still brought; then the connection ends.
 * - NEXT_HANG_UP: what is written goes out first, for 10 s at most.  A peer that takes no byte for
 *   60 s while something waits for it is hung up.
 * - A connection may end before begin(); free() is called always, on the loop.
 */
#ifndef NESTBOX_NET_LOOP_H
#define NESTBOX_NET_LOOP_H

#include "err.h"
#include "errand.h"
#include "scope.h"
#include "session.h"

struct loop;

/* `name` for the log; kept by borrow for the loop's life. */
MUST_CHECK struct loop *loop_new(const char *name, struct err *err);
/* After loop_run(), when no errand is out any more.  Ends and frees all sessions, runs what was
 * posted. */
void loop_free(struct loop *loop);
SCOPED(loop, loop_free)

void loop_run(struct loop *loop);           /* until loop_stop(); then it may run again */
void loop_stop(struct loop *loop);          /* any thread */
bool loop_is_mine(const struct loop *loop); /* any thread */
/* Any thread; fn runs on the loop, in order of posting. */
void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg);

/* Who gets the errands of this loop's sessions: carry() runs on the loop, takes the errand and hands
 * it to loop_errand_home() when it is done, failed or unwanted.  Set before the first session. */
void loop_set_carrier(struct loop *loop,
                      void (*carry)(void *ctx, struct errand *errand, struct loop *home),
                      void *ctx);
/* Any thread.  Takes the errand: its session's resume() gets it, or it is freed with its dead
 * session. */
void loop_errand_home(struct loop *loop, struct errand *errand);

/* Any thread.  Takes `session`: one without a connection (delivery clients, housekeeping).  begin()
 * gets a peer whose service is kind->name; what it writes to `out` is dropped; NEXT_READ waits for
 * a nudge, NEXT_MORE calls more() soon, NEXT_HANG_UP frees it, NEXT_START_TLS is a mistake.  read() and secured() are
 * never called, and may be NULL; so may more(), if NEXT_MORE is never answered. */
void loop_start(struct loop *loop, const struct session_kind *kind, void *session);

/* Any thread.  Something happened to these topics (topic_of()): who watches one is nudged to look
 * again. */
void loop_news(struct loop *loop, const int64_t *topics, size_t count);

/* Any thread, once.  Nudges NUDGE_CLOSING to every session that has begun (those with an errand out: when it is
 * back); any other, also one started later, is freed and never begins.  When the last has ended, or after
 * within_ms, calls done() on the loop; then `all_ended` says whether any session was left; left ones are ended as
 * if their peers had gone. */
void loop_closing(struct loop *loop, int64_t within_ms, void (*done)(void *ctx, bool all_ended),
                  void *ctx);
size_t
loop_session_count(const struct loop *loop); /* any thread; the dead with an errand out count */

/* Reads these signals on the loop.  They must be blocked in every thread (thread.h), the caller's
 * too: this blocks them in the calling thread, so it is called before others are started.  Once a
 * loop. */
MUST_CHECK bool loop_on_signals(struct loop *loop, const int *signals, size_t count,
                                void (*fn)(void *ctx, int signal), void *ctx, struct err *err);

#endif
