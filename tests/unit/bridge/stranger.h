/* stranger — somebody new knocks at alice's door by mail. */
#ifndef NESTBOX_TESTS_BRIDGE_STRANGER_H
#define NESTBOX_TESTS_BRIDGE_STRANGER_H

#include "bridge_contact.h"
#include "row.h"

#define CAROL "carol@mail.example"
#define EVE "eve@example.org"
#define LATER                                                                                      \
    "450 4.7.1 alice@example.org decides first whether to take mail from new people. Nothing to "  \
    "do: your server tries again by itself. https://example.org/about/first-mail"

extern struct town town;

char *knock_with(const char *from, const char *to, enum evidence_class class, const char *fields);
/* By a server that calls itself `helo`; S2. */
char *knock_by(const char *from, const char *helo);
char *knock(const char *from, enum evidence_class class);
void assert_knock(const char *from, enum evidence_class class, const char *reply,
                  const char *effects);
enum contact_state state_of(const char *who);
void choose(const char *who, enum contact_choice choice, const char *words);
char *request_ref(void);
char *request_word(const char *word);

#endif
