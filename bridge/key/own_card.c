/* The server's own contacts as vCards with their keys: whom Delta Chat knows it writes to encrypted (docs/accounts.md). */
#include "bridge_register.h"
#include "own_key.h"

#include "memory.h"
#include "text.h"

static const struct {
    const char *word, *name; /* as behaviour.md calls them in mails */
} contacts[] = {
    {"public",    "PUBLIC post"  },
    {"unlisted",  "PUBLIC, quiet"},
    {"followers", "My followers" },
    {"claim",     "Key desk"     },
};

/* RFC 6350, in the form that Delta Chat itself writes: a key as data: URL. */
static void add_card(const char *name, const char *address, const struct pgp_pair *pair,
                     struct bytes *out)
{
    bytes_print(out,
                "BEGIN:VCARD\r\nVERSION:4.0\r\nEMAIL:%s\r\nFN:%s\r\n"
                "KEY:data:application/pgp-keys;base64\\,",
                address, name);
    base64_add(out, pgp_pair_certificate(pair));
    bytes_add_text(out, "\r\nEND:VCARD\r\n");
}

bool bridge_own_cards(struct bridge *bridge, const char *domain, struct bytes *out, struct err *err)
{
    for (size_t i = 0; i < COUNT_OF(contacts); i++) {
        scoped_text char *address = must_print("%s@%s", contacts[i].word, domain);
        scoped_value(pgp_pair) pair = {0};
        if (!own_key_get(bridge, address, &pair, err))
            return false;
        add_card(contacts[i].name, address, &pair, out);
    }
    return true;
}
