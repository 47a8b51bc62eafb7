/* The judging of one arriving mail's origin, as steps of its errand. */
#ifndef NESTBOX_SMTP_WORK_JUDGE_H
#define NESTBOX_SMTP_WORK_JUDGE_H

#include "origin.h"
#include "smtp_work.h"

struct judging {
    char *client, *helo, *mail_from, *author;
    bool tls, begun;
    int64_t began_ms;
    int rounds;
    struct origin origin;
};
/* It is large, so it is zeroed once: by who makes it, before judging_init().  After judging_clear() it is not used again. */
void judging_init(struct judging *judging, const struct smtp_mail *mail);
void judging_clear(struct judging *judging);
/* HEAVY or BULK: reads the mail the first time, leaves it taken apart in the arrival, then goes on with what DNS said.  With *out_first, ask that first and
 * call again after judging_learn(); without, it has ended. */
MUST_CHECK bool judging_run(struct judging *judging, const struct smtp *smtp,
                            struct mail_arrival *arrival, struct dns_lookup **out_first,
                            struct err *err);
void judging_learn(struct judging *judging, struct dns_lookup *lookup);

#endif
