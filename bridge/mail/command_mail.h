/* command_mail — commands that have a file of their own. */
#ifndef NESTBOX_BRIDGE_COMMAND_MAIL_H
#define NESTBOX_BRIDGE_COMMAND_MAIL_H

#include "mail_work.h"

/* The mail's text instead of the post's, by the same rules; pictures stay (behaviour.md 6, 11). */
MUST_CHECK bool edit_post(struct mail_work *work, struct message *target, struct err *err);
/* The same as REF+delete. */
bool delete_post(struct mail_work *work, const struct message *target); /* always true */
/* The author likes or boosts that post, which was named by `ref`; NULL: there is none. */
MUST_CHECK bool react_mail(struct mail_work *work, const char *ref, const struct message *target,
                           enum reaction kind, struct err *err);
/* Takes those back, 1 << kind. */
MUST_CHECK bool unreact_mail(struct mail_work *work, const char *ref, const struct message *target,
                             unsigned kinds, struct err *err);
/* Did the author ever like or boost it, whether or not that stands? */
MUST_CHECK bool has_reacted(struct mail_work *work, const struct message *target, bool *out,
                            struct err *err);
/* The author votes in that poll; NULL: there is none of that name. */
MUST_CHECK bool vote_mail(struct mail_work *work, const struct address *address,
                          const struct message *target, struct err *err);

/* What these have in common (reaction_mail.c, vote_mail.c).  May the author see it: then it may be liked. */
MUST_CHECK bool may_see_post(struct mail_work *work, const struct message *message, bool *out,
                             struct err *err);
/* True *out_refused: too many within the hour, and answered. */
MUST_CHECK bool reaction_limit(struct mail_work *work, enum reaction kind, bool *out_refused,
                               struct err *err);
struct mail_plan *plan_reaction(struct mail_work *work, const struct message *target,
                                unsigned kinds, bool present);
/* Are the votes of a plan still in order?  ERR_CONFLICT: they are not. */
MUST_CHECK bool votes_fit(struct store_tx *tx, const struct mail_plan *plan,
                          const struct message *target, int64_t person_id, struct err *err);
/* Does a chat program edit, delete, or react to what it sent?  *out_done: then that is planned, or answered. */
MUST_CHECK bool chat_deed(struct mail_work *work, bool *out_done, struct err *err);
/* Is the first own word yes, in any language offered?  What cannot be read is no yes. */
MUST_CHECK bool mail_says_yes(struct mail_work *work, bool *out, struct err *err);
/* The first own line of the text; heap. */
MUST_CHECK bool mail_first_line(struct mail_work *work, char **out, struct err *err);
/* contact_answer.c: the request of that REF, if it was put to the author; else 0. */
MUST_CHECK bool contact_request_find(struct mail_work *work, const char *ref,
                                     int64_t *out_notice_id, struct err *err);
MUST_CHECK bool contact_answer_mail(struct mail_work *work, const struct address *address,
                                    int64_t notice_id, struct err *err);
/* alice+subscribe@D, alice+unsubscribe@D, with or without a word (behaviour.md 6, 7). */
MUST_CHECK bool list_command(struct mail_work *work, const struct recipient *recipient,
                             struct err *err);
/* A mail to alice+bounces-WORD@D: what other servers say of copies. */
MUST_CHECK bool list_bounce(struct mail_work *work, struct err *err);

#endif
