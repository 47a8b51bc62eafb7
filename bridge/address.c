/*
 * The grammar of behaviour.md 2: case never counts; split at the last '+'; a person is name=host with exactly
 * one '=', host with a dot, or a short form first16=TAG without one.
 */
#include "address.h"

#include "config.h"
#include "id.h"
#include "memory.h"
#include "scope.h"
#include "text.h"

enum {
    LOCAL_MAX = 64,
    NAME_MAX_OCTETS = 30,
    PERSON_MAX_OCTETS = 50, /* so that a word after '+' still fits */
    TAG_LEN = 20,
    SHORT_NAME_LEN = 16,
    TOKEN_MIN_LEN = 12,
    CHOICE_MAX = 30,
};

static const char *const offices[] = {"postmaster",    "abuse",     "security",
                                      "hostmaster",    "webmaster", "admin",
                                      "administrator", "dmarc",     "tlsrpt"};

static const struct word {
    const char *text;
    enum address_word word;
} publishing[] =
    {
        {"public",    WORD_PUBLIC   },
        {"unlisted",  WORD_UNLISTED },
        {"followers", WORD_FOLLOWERS},
},
  commands[] = {
      {"edit", WORD_EDIT},       {"delete", WORD_DELETE}, {"like", WORD_LIKE},
      {"boost", WORD_BOOST},     {"undo", WORD_UNDO},     {"contact", WORD_CONTACT},
      {"welcome", WORD_WELCOME}, {"refuse", WORD_REFUSE}, {"ignore", WORD_IGNORE},
};

static const char *const reserved[] = {
    "claim",    "help", "subscribe", "unsubscribe", "mail",  "vote",  "mailer-daemon", "noreply",
    "no-reply", "root", "bounces",   "actor",       "inbox", "users", "keys",          "everyone"};

static enum address_word word_in(const struct word *words, size_t count, struct slice text)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is(text, words[i].text))
            return words[i].word;
    return WORD_NONE;
}

static bool is_office(struct slice local)
{
    for (size_t i = 0; i < COUNT_OF(offices); i++)
        if (slice_is(local, offices[i]))
            return true;
    return false;
}

static bool in_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* [a-z0-9_]+([.-]+[a-z0-9_]+)* */
static bool is_account_grammar(struct slice name)
{
    if (name.len == 0 || !in_word(name.at[0]) || !in_word(name.at[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!in_word(name.at[i]) && name.at[i] != '.' && name.at[i] != '-')
            return false;
    return true;
}

static bool is_person_name(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!in_word(name.at[i]) && name.at[i] != '.' && name.at[i] != '-')
            return false;
    return name.len > 0;
}

static bool is_tag(struct slice tag)
{
    for (size_t i = 0; i < tag.len; i++)
        if (!in_word(tag.at[i]) || tag.at[i] == '_')
            return false;
    return tag.len == TAG_LEN;
}

static bool is_token(struct slice token)
{
    for (size_t i = 0; i < token.len; i++)
        if (!in_word(token.at[i]) || strchr("ilou_", token.at[i]))
            return false;
    return token.len >= TOKEN_MIN_LEN;
}

static void put(struct slice text, char *into, size_t size)
{
    size_t len = text.len < size - 1 ? text.len : size - 1;

    memcpy(into, text.at, len);
    into[len] = 0;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void put_lower(struct slice text, char *into, size_t size)
{
    put(text, into, size);
    for (; *into; into++)
        *into = lower(*into);
}

/* vote-2 or vote-2-3: one bit a choice; 0 if it is none. */
static unsigned choices_of(struct slice word)
{
    unsigned choices = 0;

    if (!slice_starts(word, SLICE("vote-")))
        return 0;
    word = slice_from(word, strlen("vote-"));
    while (word.at) {
        int64_t choice;
        if (!slice_to_number(slice_cut(&word, '-'), CHOICE_MAX, &choice) || choice == 0)
            return 0;
        choices |= 1U << choice;
    }
    return choices;
}

static enum address_kind subscribing(struct slice word, struct address *out)
{
    struct slice token = word;
    struct slice verb = slice_cut(&token, '-');

    if (!slice_is(verb, "subscribe") && !slice_is(verb, "unsubscribe"))
        return ADDRESS_MALFORMED;
    if (token.at && !is_token(token))
        return ADDRESS_MALFORMED;
    if (token.at)
        put(token, out->token, sizeof out->token);
    return slice_is(verb, "subscribe") ? ADDRESS_SUBSCRIBE : ADDRESS_UNSUBSCRIBE;
}

/* alice+bounces stays a detail like any other. */
static enum address_kind bouncing(struct slice token, struct address *out)
{
    if (!is_token(token))
        return ADDRESS_MALFORMED; /* made up */
    put(token, out->token, sizeof out->token);
    return ADDRESS_BOUNCE;
}

static enum address_kind message_word(struct slice ref, struct slice word, struct address *out)
{
    put(ref, out->ref, sizeof out->ref);
    out->choices = choices_of(word);
    if (out->choices) {
        out->word = WORD_VOTE;
        return ADDRESS_COMMAND;
    }
    out->word = word_in(publishing, COUNT_OF(publishing), word);
    if (out->word == WORD_PUBLIC || out->word == WORD_UNLISTED)
        return ADDRESS_PUBLISH;
    out->word = word_in(commands, COUNT_OF(commands), word);
    return out->word ? ADDRESS_COMMAND : ADDRESS_MALFORMED;
}

static enum address_kind plain_base(struct slice base, struct address *out)
{
    out->word = word_in(publishing, COUNT_OF(publishing), base);
    if (out->word)
        return ADDRESS_PUBLISH;
    if (slice_is(base, "claim"))
        return ADDRESS_CLAIM;
    if (slice_is(base, "help"))
        return ADDRESS_HELP;
    put(base, out->user, sizeof out->user);
    return is_account_grammar(base) ? ADDRESS_ACCOUNT : ADDRESS_MALFORMED;
}

static enum address_kind base_with_word(struct slice base, struct slice word, struct address *out)
{
    if (ref_like(base))
        return message_word(base, word, out);
    if (word_in(publishing, COUNT_OF(publishing), base) || slice_is(base, "claim") ||
        slice_is(base, "help") || !is_account_grammar(base))
        return ADDRESS_MALFORMED;
    put(base, out->user, sizeof out->user);
    struct slice verb = word;
    verb = slice_cut(&verb, '-');
    if (slice_is(verb, "subscribe") || slice_is(verb, "unsubscribe"))
        return subscribing(word, out);
    const struct slice mark = SLICE("bounces-");
    if (slice_starts(word, mark))
        return bouncing(slice_from(word, mark.len), out);
    put(word, out->detail, sizeof out->detail);
    return ADDRESS_ACCOUNT;
}

static bool read_person(struct slice base, struct address *out)
{
    struct slice host = base;
    struct slice name = slice_cut(&host, '=');
    struct err ignored;
    scoped_text char *canonical = NULL;

    if (slice_find(host, '=') != SIZE_MAX || !is_person_name(name))
        return false;
    if (is_tag(host)) {
        put(base, out->user, sizeof out->user);
        return true;
    }
    if (!host_canonical(host, &canonical, &ignored) || strlen(canonical) >= sizeof out->host)
        return false;
    put(name, out->user, sizeof out->user);
    put(slice_of(canonical), out->host, sizeof out->host);
    return true;
}

static enum address_kind person_base(struct slice base, struct slice word, struct address *out)
{
    if (!read_person(base, out))
        return ADDRESS_MALFORMED;
    if (!word.at)
        return ADDRESS_PERSON;
    if (slice_is(word, "mail")) {
        out->mail_person = true;
        return ADDRESS_PERSON;
    }
    if (slice_is(word, "followers")) { /* stands in To of what Bob's followers got: a label */
        out->word = WORD_FOLLOWERS;
        return ADDRESS_PERSON;
    }
    return subscribing(word, out);
}

static enum address_kind local_kind(struct slice local, struct address *out)
{
    size_t plus = slice_find_last(local, '+');
    struct slice base = local, word = {0};

    if (plus != SIZE_MAX) {
        base = slice_first(local, plus);
        word = slice_from(local, plus + 1);
    }
    if (slice_empty(base) || (plus != SIZE_MAX && slice_empty(word)))
        return ADDRESS_MALFORMED;
    if (is_office(base)) {
        put(word.at ? word : SLICE(""), out->detail, sizeof out->detail);
        return ADDRESS_OFFICE;
    }
    if (slice_find(base, '=') != SIZE_MAX)
        return person_base(base, word, out);
    return word.at ? base_with_word(base, word, out) : plain_base(base, out);
}

void address_read(const struct config *config, struct slice text, struct address *out)
{
    size_t at = slice_find_last(text, '@');
    struct slice local = slice_first(text, at);
    struct err ignored;
    scoped_text char *domain = NULL;

    *out = (struct address){.kind = ADDRESS_MALFORMED};
    if (at == SIZE_MAX && slice_is_nocase(text, "postmaster")) /* RFC 5321 4.5.1 */
        domain = must_dup(config->domains[0]);
    else if (at == SIZE_MAX || at == 0 || at + 1 == text.len)
        return;
    else if (!host_canonical(slice_from(text, at + 1), &domain, &ignored) ||
             !config_hosts(config, slice_of(domain)))
        out->kind = ADDRESS_FOREIGN;
    put_lower(local, out->local, sizeof out->local);
    put(domain ? slice_of(domain) : slice_from(text, at + 1), out->domain, sizeof out->domain);
    if (out->kind == ADDRESS_FOREIGN || local.len > LOCAL_MAX)
        return;
    struct address read = *out;
    read.kind = local_kind(slice_of(out->local), &read);
    if (read.kind != ADDRESS_MALFORMED)
        *out = read;
    else
        out->kind = ADDRESS_MALFORMED;
}

static bool is_reserved(const struct config *config, struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (slice_is(name, reserved[i]))
            return true;
    for (size_t i = 0; i < config->domain_count; i++)
        if (slice_eq_nocase(name, slice_of(config->domains[i])))
            return true;
    return is_office(name) || word_in(publishing, COUNT_OF(publishing), name) ||
           word_in(commands, COUNT_OF(commands), name);
}

const char *account_name_trouble(const struct config *config, struct slice name)
{
    if (!is_account_grammar(name))
        return "a name has small letters, digits and _, with . and - between them";
    if (name.len > NAME_MAX_OCTETS)
        return "a name has at most 30 letters";
    if (is_reserved(config, name))
        return "this name has a meaning here already";
    if (ref_like(name))
        return "this name looks like the name of a post";
    if (slice_has(name, "_at_"))
        return "_at_ stands for an address from elsewhere";
    if (slice_ends(name, SLICE(".atom")) || slice_ends(name, SLICE(".rss")) ||
        slice_ends(name, SLICE(".json")))
        return "this ending belongs to feeds";
    return NULL;
}

void person_word(struct slice user, struct slice host, const char *tag, char out[65])
{
    char name[SHORT_NAME_LEN + 1];
    scoped_text char *small = must_copy(user);

    for (char *c = small; *c; c++)
        *c = lower(*c);
    if (is_person_name(slice_of(small)) && user.len + 1 + host.len <= PERSON_MAX_OCTETS) {
        size_t len = strlen(small);
        put(slice_of(small), out, 65);
        out[len] = '=';
        put_lower(host, out + len + 1, 65 - len - 1);
        return;
    }
    put(slice_first(slice_of(small), SHORT_NAME_LEN), name, sizeof name);
    for (char *c = name; *c; c++)
        if (!in_word(*c) && *c != '.' && *c != '-')
            *c = '_';
    size_t len = strlen(name);
    if (len == 0)
        name[len++] = '_';
    put((struct slice){name, len}, out, sizeof name);
    out[len] = '=';
    put(slice_of(tag), out + len + 1, TAG_LEN + 1);
}
