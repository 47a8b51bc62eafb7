/*
 * inbox_private — one activity on its way through the judge.
 *
 *     READ ── SIGNER ── OBJECT ── RECORD_SIGNER ── KNOW_ACTOR ── PREPARE (records the activity)
 *                │                                     └─ FETCH_ACTOR ─┘ ^
 *                └─ CONFIRM_GONE                            ├────────────┤
 *                                                          PICTURE ──────┘
 *
 * Each stage goes on, pauses (something is wanted, recorded or answered), or fails.
 */
#ifndef NESTBOX_ACTIVITYPUB_INBOX_PRIVATE_H
#define NESTBOX_ACTIVITYPUB_INBOX_PRIVATE_H

#include "bridge_activity.h"
#include "duties.h"
#include "signer.h"

enum judge_stage {
    JUDGE_READ,
    JUDGE_SIGNER,
    JUDGE_CONFIRM_GONE,
    JUDGE_OBJECT,
    JUDGE_MOVE,
    JUDGE_RECORD_SIGNER,
    JUDGE_KNOW_ACTOR,
    JUDGE_FETCH_ACTOR,
    JUDGE_PREPARE,
    JUDGE_PICTURE,
    JUDGE_STAGES,
};
enum course { GO_ON, PAUSE, BREAK_OFF };

struct judgement {
    struct activitypub_work *work;
    struct inbox_ask *inbox;
    enum judge_stage stage;
    char *domain; /* ours, whose inbox it is */
    struct activity_arrival arrival;
    struct signer signer;
    struct document document;
    bool refetched;         /* the document once more, at the id it gives itself */
    char *wanted, *missing; /* actors to be fetched, and not to be had */
    int wanted_count;
    struct actor_facts found; /* the wanted actor */
    bool written;             /* the step under way is recorded */
    char *icon;               /* where the actor's picture lies; or NULL: not known yet */
    int64_t picture_until_ms; /* loop time: nobody is told later for its sake */
};

/* 202 and the others; always PAUSE. */
enum course judge_answer(struct judgement *j, int status, const char *why);
enum course judge_drop(struct judgement *j);                         /* 202, nothing to record */
enum course judge_next(struct judgement *j, enum judge_stage stage); /* always GO_ON */

/* Records who signed, as just fetched: the write() of a step. */
bool judge_write_signer(struct errand *errand, struct store_tx *tx, struct err *err);

enum course judge_read(struct judgement *j, struct err *err);
enum course judge_signer(struct judgement *j, struct err *err);
enum course judge_confirm_gone(struct judgement *j, struct err *err);
enum course judge_object(struct judgement *j, struct err *err);
enum course judge_move(struct judgement *j, struct err *err);
enum course judge_record_signer(struct judgement *j, struct err *err);
enum course judge_know_actor(struct judgement *j, struct err *err);
enum course judge_fetch_actor(struct judgement *j, struct err *err);
enum course judge_prepare(struct judgement *j, struct err *err);
/* Is the picture of who knocks to be fetched?  Then JUDGE_PICTURE does, and it is prepared again. */
bool judge_wants_picture(struct judgement *j);
enum course judge_picture(struct judgement *j, struct err *err);

#endif
