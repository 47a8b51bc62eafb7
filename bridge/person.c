/* Who people are, as addresses and in words. */
#include "bridge_private.h"

#include "config.h"
#include "id.h"
#include "memory.h"
#include "text.h"

enum { NAME_MAX_CHARS = 60, WORD_TAG_LEN = 20 };

bool address_split(struct slice address, struct slice *out_local, struct slice *out_domain)
{
    size_t at = slice_find_last(address, '@');

    if (at == SIZE_MAX || at == 0 || at + 1 == address.len)
        return false;
    *out_local = slice_first(address, at);
    *out_domain = slice_from(address, at + 1);
    return true;
}

bool handle_split(struct slice handle, struct slice *out_user, struct slice *out_host)
{
    if (handle.len > 0 && handle.at[0] == '@')
        handle = slice_from(handle, 1);
    if (!address_split(handle, out_user, out_host))
        return false;
    return slice_find(*out_user, '@') == SIZE_MAX && slice_find(*out_host, '.') != SIZE_MAX;
}

enum found account_at(struct store_view *view, struct slice address, struct account *out,
                      struct err *err)
{
    struct slice local, domain;

    if (!address_split(address, &local, &domain))
        return ABSENT;
    return store_account_named(view, local, domain, out, err);
}

char *account_address(const struct account *account)
{
    return must_print("%s@%s", account->name, account->domain);
}

char *account_actor(const struct account *account)
{
    return name_actor(account->domain, account->name);
}

char *bridge_person_word(struct bridge *bridge, struct slice user, struct slice host)
{
    char word[65], tag[WORD_TAG_LEN + 1];
    unsigned char mac[VAULT_MAC_LEN];
    scoped_value(bytes) handle = {0};

    bytes_add(&handle, user);
    bytes_add_char(&handle, '@');
    bytes_add(&handle, host);
    vault_mac(bridge->vault, PURPOSE_PERSON_WORD, bytes_slice(&handle), mac);
    id_text((struct slice){(const char *)mac, sizeof mac}, WORD_TAG_LEN, tag);
    person_word(user, host, tag, word);
    return must_dup(word);
}

char *person_address(struct bridge *bridge, const struct person *person, const char *domain)
{
    if (person->kind == PERSON_MAIL || !person->user || !person->host)
        return must_dup(person->address ? person->address : "");
    if (person->kind == PERSON_LOCAL)
        return must_print("%s@%s", person->user, person->host);
    if (person->word)
        return must_print("%s@%s", person->word, domain);
    scoped_text char *word =
        bridge_person_word(bridge, slice_of(person->user), slice_of(person->host));
    return must_print("%s@%s", word, domain);
}

static bool may_stand_in_name(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || utf8_turns_line(code))
        return false;
    return code != '@' && code != '<' && code != '>' && code != '"' && code != ',';
}

/* A chosen name that cannot pose as an address or turn the line around; "" if nothing is left. */
static char *clean_name(const char *name)
{
    scoped_value(bytes) clean = {0};
    struct slice rest = slice_of(name);

    while (rest.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(rest, &code);
        if (len > 0 && may_stand_in_name(code))
            bytes_add(&clean, slice_first(rest, len));
        rest = slice_from(rest, len > 0 ? len : 1);
    }
    return must_copy(slice_trim(utf8_first(slice_trim(bytes_slice(&clean)), NAME_MAX_CHARS)));
}

char *person_handle(const struct person *person)
{
    if (!person->user || !person->host)
        return must_dup(person->address ? person->address : "");
    return must_print("@%s@%s", person->user, person->host);
}

char *person_label(const struct person *person)
{
    scoped_text char *name = clean_name(person->name);
    scoped_text char *handle = person_handle(person);

    if (person->kind == PERSON_MAIL)
        return *name ? steal(&name) : NULL;
    if (!*name)
        return steal(&handle);
    return must_print("%s (%s)", name, handle);
}

char *person_short_name(const struct person *person)
{
    scoped_text char *name = clean_name(person->name);

    return *name ? steal(&name) : person_handle(person);
}

bool person_for_handle(struct bridge *bridge, struct store_tx *tx, struct slice user,
                       struct slice host, int64_t *out_id, struct err *err)
{
    scoped_value(person) known = {0};

    switch (store_person_by_handle(store_tx_view(tx), user, host, &known, err)) {
    case FAILED: return false;
    case FOUND: *out_id = known.id; return true;
    case ABSENT: break;
    }
    scoped_value(person) fresh = {.kind = PERSON_FEDIVERSE};
    fresh.user = must_copy(user);
    fresh.host = must_copy(host);
    fresh.word = bridge_person_word(bridge, user, host);
    return store_put_person(tx, &fresh, out_id, err);
}

bool person_moved_to(struct store_view *view, int64_t person_id, int64_t to_id, bool *out,
                     struct err *err)
{
    struct move move = {0};
    enum found found = store_move(view, person_id, &move, err);

    *out = found == FOUND && move.to_id == to_id;
    return found != FAILED;
}
