/*
 * town — a bridge with a real store, vault and judge, and the people of the examples (behaviour.md 3.3).
 *
 *   alice@example.org    an account with an OpenPGP key; her posts alice-public@, alice-followers@example.org
 *   eve@example.org      another account
 *   @bob@social.example  known; his bob-public@, bob-followers@, bob-direct@example.org
 *   @dan@other.example   known
 *   carol@mail.example   a mail person; her carol-mail@mail.example to alice
 *
 * Whoever is not known is looked for by a fake: *@silent.example does not answer, zoe@new.example is found,
 * nobody else exists.  The clock stands until a test moves it.
 */
#ifndef NESTBOX_TESTS_BRIDGE_TOWN_H
#define NESTBOX_TESTS_BRIDGE_TOWN_H

#include "bridge_mail.h"
#include "bridge_private.h"
#include "config.h"
#include "memory.h"
#include "test.h"

struct town {
    char path[64];
    int dir;
    struct config config;
    struct test_clock clock;
    struct vault *vault;
    struct store *store;
    struct pgp *pgp;
    struct bridge *bridge;
    int64_t alice, eve; /* accounts */
    int64_t alice_person, bob, dan, carol;
    bool asks_early;                                 /* known strangers are answered at RCPT */
    int answered_early;                              /* so many were */
    int64_t last_message, last_entry, last_delivery; /* what was told of already */
};
/* True: the program was started as the judge, whose code is in *out_code. */
bool town_is_judge(int argc, char **argv, int *out_code);
void town_open(struct town *town);
void town_close(struct town *town);
/* For town_model.c: a model of all towns, of which that file tells; and its end. */
void town_save_model(const char *name);
void town_remove_model(const char *name);
int64_t town_now(const struct town *town);
void town_wait(struct town *town, int64_t ms);
void town_choose(struct town *town, enum reply_all choice); /* Alice; and she has no chat program */

struct town_mail {
    enum mail_door door;
    const char *login; /* "alice@example.org" on submission, else NULL */
    const char *mail_from;
    const char *helo;       /* or NULL */
    const char *recipients; /* comma between */
    struct slice text;      /* LF */
    struct mail_terms terms;
    struct recipient_terms wish;     /* for each */
    const struct evidence *evidence; /* what smtp found; NULL: nothing */
};
/* "250 2.0.0 Taken": what the peer hears at the end of DATA, or at the RCPT that is refused. */
char *town_send(struct town *town, const struct town_mail *mail);
/* Alice, logged in, sends the post "Tide"; its Message-ID is <TEXT@here>. The test fails unless it is taken. */
void town_post(struct town *town, const char *to, const char *text);
/* What came of it since the last call, one line each: notes, people, pictures, copies, deliveries. */
char *town_effects(struct town *town);

/* The newest message, and its REF (heap). */
void town_newest(struct town *town, struct message *out);
char *town_ref(struct town *town);
/* The newest mail in a mailbox of the account, as it rests; "" if there is none.  Heap. */
char *town_newest_mail(struct town *town, int64_t account, const char *mailbox);
/* The newest mail on its way out.  Heap. */
char *town_newest_sending(struct town *town);
/* A file of mails/, which lives until town_close(); "@base64 NAME@" in it is that picture of the mime tests. */
struct slice town_file(const char *name);
/* multipart/signed by alice's key (or eve's: "eve"), `age_ms` old: header fields outside, `part` inside (its own
 * header first).  Heap. */
char *town_signed(struct town *town, const char *who, int64_t age_ms, const char *outside,
                  const char *part);
/* Runs `step` in a transaction. */
void town_write(struct town *town, bool (*step)(struct town *, struct store_tx *, struct err *));

#endif
