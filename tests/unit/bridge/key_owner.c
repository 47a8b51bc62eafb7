#include "key_owner.h"

#include "bridge_people.h"
#include "text.h"
#include "town_private.h"

#include <stdio.h>

struct town town;
static char folder[] = "/tmp/nestbox-keys-XXXXXX";

int make_keys(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    scoped_text char *command = must_print("%s %s 20260301T115500", KEYS_SCRIPT, folder);
    town_run(command);
    return 0;
}

int remove_keys(void **state)
{
    (void)state;
    scoped_text char *command = must_print("rm -r %s", folder);
    town_run(command);
    return 0;
}

int open_town(void **state)
{
    (void)state;
    visitors_open(&town);
    return 0;
}

int close_town(void **state)
{
    (void)state;
    town_close(&town);
    return 0;
}

/* ---- what eve does ---- */
void read_file(const char *name, struct bytes *out)
{
    scoped_text char *path = must_print("%s/%s", folder, name);
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    out->len += fread(bytes_reserve(out, 65536), 1, 65536, file);
    fclose(file);
}

char *field_of(const char *name)
{
    scoped_value(bytes) key = {0};
    struct bytes out = {0};
    scoped_text char *path = must_print("%s.bin", name);

    read_file(path, &key);
    bytes_print(&out, "Autocrypt: addr=" EVE "; prefer-encrypt=mutual; keydata=");
    base64_add(&out, bytes_slice(&key));
    bytes_add_text(&out, "\n");
    return bytes_take(&out);
}

static int sent;

void submit(const char *to, const char *header, const char *rest)
{
    scoped_text char *text =
        must_print("From: " EVE "\nTo: %s\nSubject: Tide\nMessage-ID: <%d@here>\n%s%s", to, ++sent,
                   header, rest);
    const struct town_mail mail = {.door = MAIL_DOOR_SUBMISSION,
                                   .login = EVE,
                                   .mail_from = EVE,
                                   .recipients = to,
                                   .text = slice_of(text)};
    scoped_text char *reply = town_send(&town, &mail);

    if (strncmp(reply, "250", 3) != 0)
        fail_msg("%s", reply);
}

/* A mail to somebody that tells a key. */
void tell_key(const char *name)
{
    scoped_text char *field = field_of(name);

    submit("alice@example.org", field, "\nHello\n");
}

/* ---- what came of it ---- */
void read_keys(struct account_keys *out)
{
    struct err err;
    scoped(store_view) view = store_look(town.store, &err);

    assert_non_null(view);
    assert_true(account_keys_read(view, town.eve, out, &err));
}

bool is_named(const struct account_key *key, const char *name)
{
    scoped_value(bytes) fingerprint = {0};
    scoped_text char *path = must_print("%s.fpr", name);

    read_file(path, &fingerprint);
    return strncmp(fingerprint.at, key->fingerprint, 40) == 0;
}

/* The state of the key of that name, 0: it is not there. */
int state_of(const char *name)
{
    scoped_value(account_keys) keys = {0};

    read_keys(&keys);
    for (size_t i = 0; i < keys.count; i++)
        if (is_named(&keys.at[i], name))
            return (int)keys.at[i].state;
    return 0;
}

bool encrypts(const char *name)
{
    scoped_value(account_keys) keys = {0};

    read_keys(&keys);
    for (size_t i = 0; i < keys.count; i++)
        if (is_named(&keys.at[i], name))
            return key_encrypts_now(&keys.at[i], town_now(&town));
    return false;
}

int64_t end_of(const char *name)
{
    scoped_value(account_keys) keys = {0};

    read_keys(&keys);
    for (size_t i = 0; i < keys.count; i++)
        if (is_named(&keys.at[i], name))
            return keys.at[i].encrypts_until_ms;
    return -1;
}

char *letter(void)
{
    return town_newest_mail(&town, town.eve, "INBOX");
}

bool is_sealed(const char *mail)
{
    return strstr(mail, "multipart/encrypted") && strstr(mail, "Subject: [...]");
}

size_t letters(void)
{
    scoped_text char *list = mailbox_list(&town, town.eve, "INBOX");
    size_t count = 0;

    for (const char *at = list; *at; at++)
        count += *at == '\n';
    return count;
}

/* The REF of the letter that asks, from the address that an answer to it goes to. */
void ref_of(const char *mail, char out[REF_LEN + 1])
{
    const char *robot = strstr(mail, "+refuse@example.org");

    assert_non_null(robot);
    snprintf(out, REF_LEN + 1, "%.*s", REF_LEN, robot - REF_LEN);
}

static bool answered;
static bool answer_yes;
char answer_word[KEY_WORD_LEN + 1];

static bool write_answer(struct town *it, struct store_tx *tx, struct err *err)
{
    answered = bridge_key_answer(it->bridge, tx, slice_of(answer_word), answer_yes, err);
    return answered;
}

void press(enum key_word which, const char *ref, bool yes)
{
    key_word_make(town.bridge, which, ref, answer_word);
    answer_yes = yes;
    town_write(&town, write_answer);
    assert_true(answered);
}

void add_by_hand(const char *name)
{
    scoped_value(bytes) certificate = {0};
    scoped_text char *path = must_print("%s.bin", name);
    struct key_added added;
    struct err err;

    read_file(path, &certificate);
    if (!bridge_key_add(town.bridge, SLICE(EVE), bytes_slice(&certificate), &added, &err))
        fail_msg("%s", err.said);
}
