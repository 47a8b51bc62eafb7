/* store_person_rows — a person's columns, for those who read people beside something else. */
#ifndef NESTBOX_STORE_PERSON_ROWS_H
#define NESTBOX_STORE_PERSON_ROWS_H

#include "store_sql.h"

/* Of `person p`. */
#define PERSON_COLUMNS                                                                             \
    "p.id, p.kind, (SELECT a.id FROM account a WHERE a.person_id = p.id), p.address, p.user, "     \
    "p.host, p.word,"                                                                              \
    " p.name, p.actor_id, p.url, p.inbox, p.shared_inbox, p.followers, p.gone, p.fetched_ms"

void store_read_person(struct sql_rows *rows, void *out); /* a struct person */

#endif
