/* made — the mails of the examples that cannot lie in a file: long ones, signed ones.  Heap. */
#ifndef NESTBOX_TESTS_BRIDGE_MADE_H
#define NESTBOX_TESTS_BRIDGE_MADE_H

#include "town.h"

char *essay_of_40000(struct town *town);
char *essay_of_300000(struct town *town);
char *signed_post(struct town *town);
char *same_bytes(struct town *town);
char *same_signature(struct town *town);
char *signed_to_carol(struct town *town);
char *signed_to_two_words(struct town *town);
char *signed_first_line(struct town *town);
char *signed_without_target(struct town *town);
char *signed_three_days_ago(struct town *town);
char *signed_by_eve(struct town *town);
char *signed_and_changed(struct town *town);
char *signed_with_footer(struct town *town);
char *signed_forward(struct town *town);
char *signed_to_bob(struct town *town);
void made_forget(void);

#endif
