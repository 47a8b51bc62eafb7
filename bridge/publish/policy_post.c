#include "policy_post.h"

#include "clock.h"
#include "scope.h"

#include <stdio.h>

static const char pictures_taken[] = "A post takes up to 4 pictures (JPEG, PNG, GIF, WebP).";

void answer_set(struct answer *answer, enum verdict verdict, const char *fmt, ...)
{
    va_list args;

    answer->verdict = verdict;
    va_start(args, fmt);
    vsnprintf(answer->words, sizeof answer->words, fmt, args);
    va_end(args);
    for (char *c = answer->words; *c; c++)
        if (*c < ' ' || *c > '~')
            *c = '?';
}

/* "3 days", "30 hours", "1 minute": rounded to the nearest whole, never 0. */
static void duration_words(int64_t ms, char *into, size_t size)
{
    const struct {
        int64_t ms, from;
        const char *name;
    } units[] = {
        {DAY_MS,    2 * (int64_t)DAY_MS, "day"   },
        {HOUR_MS,   2 * HOUR_MS,         "hour"  },
        {MINUTE_MS, 0,                   "minute"},
    };
    size_t i = 0;

    while (i + 1 < COUNT_OF(units) && ms < units[i].from)
        i++;
    int64_t count = (ms + units[i].ms / 2) / units[i].ms;
    if (count < 1)
        count = 1;
    snprintf(into, size, "%lld %s%s", (long long)count, units[i].name, count == 1 ? "" : "s");
}

static bool p1(const struct post_question *q, struct answer *out)
{
    char ago[40];

    if (q->proof == PROOF_NONE) {
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Not posted: this could not be proven to come from %s. Send it through your "
                   "account (submission, with password) or sign it with your OpenPGP key.",
                   q->author);
        return true;
    }
    if (q->proof == PROOF_STALE && q->signed_ago_ms < 0) {
        duration_words(-q->signed_ago_ms, ago, sizeof ago);
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Not posted: signed %s ahead of our clock. Set your clock, sign and send again.",
                   ago);
        return true;
    }
    if (q->proof == PROOF_STALE) {
        duration_words(q->signed_ago_ms, ago, sizeof ago);
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Not posted: signed %s ago; a signature is good for 24 hours. Sign and send "
                   "again.",
                   ago);
        return true;
    }
    if (!q->own_word)
        return false;
    answer_set(out, VERDICT_NOT_ALLOWED, "Not posted: you write as %s, so use %s.", q->author,
               q->own_word);
    return true;
}

static bool p2(const struct post_question *q, struct answer *out)
{
    if (q->automatic)
        answer_set(out, VERDICT_NOT_ALLOWED, "Not posted: automatic mail is never published.");
    return q->automatic;
}

static bool p3(const struct post_question *q, struct answer *out)
{
    if (q->publishing_words < 2)
        return false;
    answer_set(out, VERDICT_NOT_ALLOWED,
               "Nothing was sent: choose one of public@, unlisted@, followers@.");
    return true;
}

/* A word that stands in Bcc is P5's: what is wrong there is the word, not the mailbox. */
static bool p4(const struct post_question *q, struct answer *out)
{
    if (!q->mailbox || !q->visible)
        return false;
    answer_set(out, VERDICT_NOT_ALLOWED,
               "Nothing was sent: %s is %s and %s is a person. Send two mails.", q->word_text,
               q->word == WORD_FOLLOWERS ? "for your followers" : "public", q->mailbox);
    return true;
}

static bool p5(const struct post_question *q, struct answer *out)
{
    if (!q->visible)
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Nothing was sent: a public address must stand in To or Cc, not in Bcc.");
    else if (q->hidden_person)
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Nothing was sent: %s stands in Bcc, and a post would name that person. Use To "
                   "or Cc, or send two mails.",
                   q->hidden_person);
    return !q->visible || q->hidden_person;
}

static bool p6(const struct post_question *q, struct answer *out)
{
    if (q->group_chat)
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Not posted: a group chat cannot contain a public address. Write in the chat "
                   "\"PUBLIC post\" instead.");
    return q->group_chat;
}

static bool p7(const struct post_question *q, struct answer *out)
{
    bool own = q->word == WORD_FOLLOWERS && q->parent == PARENT_OWN_FOLLOWERS;

    if (q->parent == PARENT_NONE || q->parent == PARENT_OPEN || own)
        return false;
    answer_set(out, VERDICT_NOT_ALLOWED,
               "Not posted: this answers a mail that is not public. Start a new mail to post it.");
    return true;
}

static bool p8(const struct post_question *q, struct answer *out)
{
    if (q->forwarded)
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Not posted: this looks like a forwarded mail, and forwarded words are never "
                   "published. Copy what you mean into a new mail.");
    return q->forwarded;
}

static bool p9(const struct post_question *q, struct answer *out)
{
    if (q->confidential)
        answer_set(out, VERDICT_NOT_ALLOWED,
                   "Not posted: your mail program marked this as confidential.");
    return q->confidential;
}

static bool p10(const struct post_question *q, struct answer *out)
{
    if (q->encrypted)
        answer_set(out, VERDICT_UNFIT,
                   "Not posted: this mail is encrypted in a way the server cannot open.");
    else if (q->ambiguous)
        answer_set(
            out, VERDICT_UNFIT,
            "Not posted: this mail says twice what it consists of (Content-Type), so programs "
            "read it differently. Send it with another program.");
    return q->encrypted || q->ambiguous;
}

static bool p11(const struct post_question *q, struct answer *out)
{
    switch (q->pictures) {
    case PICTURES_FINE: return false;
    case PICTURES_UNFIT_FILE:
        answer_set(out, VERDICT_UNFIT, "Not posted: %s is not a picture. %s", q->picture_name,
                   pictures_taken);
        return true;
    case PICTURES_TOO_LARGE:
        answer_set(out, VERDICT_UNFIT, "Not posted: %s has more than 16 MiB. %s", q->picture_name,
                   pictures_taken);
        return true;
    case PICTURES_TOO_MANY:
        answer_set(out, VERDICT_UNFIT, "Not posted: %zu pictures are too many. %s",
                   q->picture_count, pictures_taken);
        return true;
    }
    __builtin_unreachable();
}

static bool p12(const struct post_question *q, struct answer *out)
{
    if (q->empty)
        answer_set(out, VERDICT_UNFIT,
                   "Not posted: no text and no picture were left after removing quotes and "
                   "signature.");
    return q->empty;
}

static bool p13(const struct post_question *q, struct answer *out)
{
    if (q->too_long)
        answer_set(out, VERDICT_TOO_LONG, "Not posted: the text is longer than 256 KiB.");
    return q->too_long;
}

static bool p14(const struct post_question *q, struct answer *out)
{
    char wait[40];

    if (q->posts_last_hour >= POSTS_AN_HOUR) {
        duration_words(q->next_post_ms, wait, sizeof wait);
        answer_set(out, VERDICT_LATER,
                   "Not posted yet: %d posts an hour is the limit. Try again in %s.", POSTS_AN_HOUR,
                   wait);
        return true;
    }
    if (q->mentions > MENTIONS_A_POST) {
        answer_set(out, VERDICT_LATER,
                   "Not posted yet: %d mentions a post is the limit. Name fewer people.",
                   MENTIONS_A_POST);
        return true;
    }
    if (q->first_directs_today <= FIRST_DIRECTS_A_DAY)
        return false;
    duration_words(q->next_first_direct_ms, wait, sizeof wait);
    answer_set(out, VERDICT_LATER,
               "Not posted yet: %d first messages a day is the limit. Try again in %s.",
               FIRST_DIRECTS_A_DAY, wait);
    return true;
}

static bool p15(const struct post_question *q, struct answer *out)
{
    if (q->seen)
        answer_set(out, VERDICT_TAKEN, "Taken already");
    return q->seen;
}

enum { POST = 1, DIRECT = 2, COMMAND = 4, BODY = 8 /* needs the body read */ };
static const struct row {
    enum post_row row;
    unsigned holds_for;
    bool (*decides)(const struct post_question *q, struct answer *out);
} rows[] = {
    {ROW_P1,  POST | DIRECT | COMMAND, p1 },
    {ROW_P2,  POST | DIRECT | COMMAND, p2 },
    {ROW_P3,  POST,                    p3 },
    {ROW_P4,  POST,                    p4 },
    {ROW_P5,  POST,                    p5 },
    {ROW_P6,  POST,                    p6 },
    {ROW_P7,  POST,                    p7 },
    {ROW_P8,  POST | BODY,             p8 },
    {ROW_P9,  POST | BODY,             p9 }, /* behind P8, so only once that is known */
    {ROW_P10, POST | DIRECT | BODY,    p10},
    {ROW_P11, POST | DIRECT | BODY,    p11},
    {ROW_P12, POST | DIRECT | BODY,    p12},
    {ROW_P13, POST | DIRECT | BODY,    p13},
    {ROW_P14, POST | DIRECT | BODY,    p14},
    {ROW_P15, POST | DIRECT | BODY,    p15},
};

static enum post_row first_row(const struct post_question *q, unsigned kind, struct answer *out)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!(rows[i].holds_for & kind) || ((rows[i].holds_for & BODY) && !q->read))
            continue;
        if (rows[i].decides(q, out))
            return rows[i].row;
    }
    answer_set(out, VERDICT_TAKEN, "Taken");
    return ROW_NONE;
}

enum post_row policy_post(const struct post_question *q, struct answer *out)
{
    return first_row(q, POST, out);
}

enum post_row policy_direct(const struct post_question *q, struct answer *out)
{
    return first_row(q, DIRECT, out);
}

bool policy_too_many(const struct post_question *q, struct answer *out)
{
    return p14(q, out);
}

enum post_row policy_command(const struct post_question *q, struct answer *out)
{
    return first_row(q, COMMAND, out);
}
