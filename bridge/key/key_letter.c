#include "key_letter.h"

#include "list_work.h"
#include "memory.h"
#include "own_letter.h"

#include <assert.h>
#include <time.h>

#define PURPOSE_KEY_NO "key word no"
#define PURPOSE_KEY_YES "key word yes"

enum { PROOF_LEN = KEY_WORD_LEN - REF_LEN, DATE_SIZE = 40 };

/* ---- words in links ---- */
void key_word_make(struct bridge *bridge, enum key_word which, const char *ref,
                   char out[KEY_WORD_LEN + 1])
{
    const struct slice name = {ref, REF_LEN};
    unsigned char mac[VAULT_MAC_LEN];

    vault_mac(bridge->vault, which == KEY_WORD_YES ? PURPOSE_KEY_YES : PURPOSE_KEY_NO, name, mac);
    memcpy(out, ref, REF_LEN);
    id_text((struct slice){(const char *)mac, sizeof mac}, PROOF_LEN, out + REF_LEN);
}

static char small(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* In a time that does not tell how much of it was right. */
static bool is_word(struct bridge *bridge, enum key_word which, struct slice word, const char *ref)
{
    char right[KEY_WORD_LEN + 1];
    unsigned char differs = 0;

    key_word_make(bridge, which, ref, right);
    for (size_t i = REF_LEN; i < KEY_WORD_LEN; i++)
        differs |= (unsigned char)(small(word.at[i]) ^ right[i]);
    return differs == 0;
}

bool key_word_read(struct bridge *bridge, struct slice word, enum key_word *out_which,
                   char ref[REF_LEN + 1])
{
    if (word.len != KEY_WORD_LEN)
        return false;
    for (size_t i = 0; i < REF_LEN; i++)
        ref[i] = small(word.at[i]);
    ref[REF_LEN] = '\0';
    bool yes = is_word(bridge, KEY_WORD_YES, word, ref);
    bool no = is_word(bridge, KEY_WORD_NO, word, ref);
    *out_which = yes ? KEY_WORD_YES : KEY_WORD_NO;
    return yes || no;
}

/* ---- texts ---- */
struct telling {
    struct bridge *bridge;
    const struct account *account;
    const struct account_key *key;
    const char *ref;
    bool may_say_yes; /* the letter is sealed to the old key */
};

static void day_of(int64_t ms, char out[DATE_SIZE])
{
    struct tm tm;
    time_t s = (time_t)(ms / SECOND_MS);

    gmtime_r(&s, &tm);
    strftime(out, DATE_SIZE, "%d %B %Y", &tm);
}

static const char *offered_by(const struct account_key *key)
{
    switch (key->learnt) {
    case KEY_BY_ADMINISTRATOR: break;
    case KEY_BY_AUTOCRYPT: return "A mail that was sent with your password told the server";
    case KEY_BY_CLAIM: return "A mail to the key desk gave the server";
    case KEY_BY_WEB: return "Somebody signed in as you on the web gave the server";
    }
    return "The administrator gave the server";
}

static void add_way_back(const struct telling *it, struct bytes *out)
{
    scoped_text char *own = account_address(it->account);

    bytes_print(out,
                "If it is not yours, ask the administrator of %s for this, and change your "
                "password:\n\n    nestbox key refuse %s %s\n",
                it->account->domain, own, it->key->fingerprint);
}

static void add_first(const struct telling *it, struct bytes *out)
{
    scoped_text char *own = account_address(it->account);

    bytes_print(out,
                "%s your OpenPGP key. What comes for you from now on is encrypted to it before it "
                "is stored, so that nobody else can read it, not even from the server's disk.\n\n"
                "The key: %s\n\n"
                "Every program that you read this mailbox with needs that key. If one has not got "
                "it, or if the key is not yours, ask the administrator of %s for:\n\n"
                "    nestbox key refuse %s %s\n",
                it->key->learnt == KEY_BY_AUTOCRYPT ? "Your mail program told the server"
                                                    : offered_by(it->key),
                it->key->fingerprint, it->account->domain, own, it->key->fingerprint);
}

static void add_asked(const struct telling *it, struct bytes *out)
{
    char day[DATE_SIZE], word[KEY_WORD_LEN + 1];

    day_of(it->key->due_ms, day);
    key_word_make(it->bridge, it->may_say_yes ? KEY_WORD_YES : KEY_WORD_NO, it->ref, word);
    scoped_text char *page = list_page(it->account->domain, "keys", word);
    bytes_print(out,
                "%s another OpenPGP key for you. No key of yours says that it is right, so it "
                "waits: from %s on what "
                "comes for you is encrypted to it too.\n\n"
                "The new key: %s\n\n"
                "If it is not yours, answer this mail with any words, or open the page below: then "
                "it is refused for good. Change your password too, since somebody knows it.\n\n",
                offered_by(it->key), day, it->key->fingerprint);
    bytes_print(out, "%s\n    %s\n",
                it->may_say_yes ? "If it is yours, you need not wait: the same page takes it at "
                                  "once. (Only who has your old key can read this mail.)"
                                : "If it is yours, do nothing.",
                page);
}

static void add_taken(const struct telling *it, struct bytes *out)
{
    bytes_print(out,
                "The key below is in use now: what comes for you is encrypted to it, beside those "
                "that you had.\n\nThe key: %s\n\n",
                it->key->fingerprint);
    add_way_back(it, out);
}

static void add_changed(const struct telling *it, struct bytes *out)
{
    bytes_print(
        out,
        "%s another OpenPGP key for you, and a key that you had says that it is right. What "
        "comes for you is encrypted to both from now on.\n\nThe key: %s\n\n",
        offered_by(it->key), it->key->fingerprint);
    add_way_back(it, out);
}

static void add_ending(const struct telling *it, struct bytes *out)
{
    char day[DATE_SIZE];
    scoped_text char *own = account_address(it->account);

    day_of(it->key->encrypts_until_ms, day);
    bytes_print(out,
                "Your OpenPGP key ends on %s. From then on the server cannot encrypt to it, and "
                "what comes for you rests without it.\n\nThe key: %s\n\n"
                "Extend it in the program that made it, and send one mail with that program, which "
                "tells the "
                "server; or have the administrator of %s run:\n\n    nestbox key add %s FILE\n",
                day, it->key->fingerprint, it->account->domain, own);
}

static void add_ended(const struct telling *it, const char *what, struct bytes *out)
{
    scoped_text char *own = account_address(it->account);

    bytes_print(out,
                "%s Nothing is encrypted to it any more. As long as you have no other key, what "
                "comes for you rests as that of somebody without a key.\n\nThe key: %s\n\n"
                "Make or extend a key in your mail program and send one mail with it, which tells "
                "the server; or have the administrator of %s run:\n\n    nestbox key add %s FILE\n",
                what, it->key->fingerprint, it->account->domain, own);
}

static const char *write_text(const struct telling *it, enum key_news news, struct bytes *out)
{
    switch (news) {
    case KEY_NEWS_FIRST:
        add_first(it, out);
        return "Your mail is encrypted to your key from now on";
    case KEY_NEWS_ASKED: add_asked(it, out); return "Is this your new key?";
    case KEY_NEWS_TAKEN: add_taken(it, out); return "Your new key is in use";
    case KEY_NEWS_CHANGED: add_changed(it, out); return "Your key has changed";
    case KEY_NEWS_MONTH: add_ending(it, out); return "Your key ends within a month";
    case KEY_NEWS_WEEK: add_ending(it, out); return "Your key ends within a week";
    case KEY_NEWS_ENDED:
        add_ended(it, "Your OpenPGP key has expired.", out);
        return "Your key has expired";
    case KEY_NEWS_REVOKED:
        add_ended(it, "Your OpenPGP key was revoked.", out);
        return "Your key was revoked";
    case KEY_NEWS_UNUSABLE:
        add_ended(it, "The server cannot encrypt to your OpenPGP key: no program here takes it.",
                  out);
        return "Your key cannot be used";
    }
    __builtin_unreachable();
}

static bool write_letter(const struct telling *it, enum key_news news, struct letter *out,
                         struct err *err)
{
    scoped_value(bytes) text = {0};
    scoped_text char *robot = it->ref ? must_print("%s+refuse", it->ref) : NULL;
    const char *subject = write_text(it, news, &text);
    bool desk = !robot && it->key->learnt == KEY_BY_CLAIM;
    const struct own_letter own = {.name = desk ? "Key desk" : "Your key",
                                   .from = desk ? "claim" : robot,
                                   .subject = subject,
                                   .text = bytes_slice(&text),
                                   .tells_key = desk,
                                   .must_rest = true};

    if (desk && news == KEY_NEWS_FIRST) /* who claims it has signed with it */
        out->also = bytes_slice(&it->key->certificate);

    if (news == KEY_NEWS_REVOKED || news == KEY_NEWS_UNUSABLE)
        memcpy(out->without, it->key->fingerprint, sizeof out->without);
    bool ok = own_letter_write(it->bridge, it->account, &own, out, err);
    out->also = SLICE("");
    return ok;
}

bool key_letter(struct bridge *bridge, const struct account *account, const struct account_key *key,
                enum key_news news, const char *ref, struct letter *out, struct err *err)
{
    struct telling telling = {bridge, account, key, ref, news == KEY_NEWS_ASKED};

    assert(ref || news != KEY_NEWS_ASKED); /* what asks can be answered */
    if (!write_letter(&telling, news, out, err))
        return false;
    if (!telling.may_say_yes || pgp_sealed_form(out->sealed) == PGP_SEALED)
        return true;
    letter_clear(out); /* anybody with the password could read the word that says yes */
    telling.may_say_yes = false;
    return write_letter(&telling, news, out, err);
}
