/*
 * The keys of an owner who is signed in, and a form for another one.  Having signed in proves no key, so one that comes this
 * way goes the way of all (docs/at-rest.md, "The life of a key"): another than the first waits for the old key's word.
 *
 * Below them, whether what the owner writes leaves encrypted too (docs/encrypt-outgoing.md).
 */
#include "web_private.h"

#include "bridge_key.h"
#include "bridge_peer.h"

#define KEYS_PATH "/keys"
#define LEAVING "encrypt_outgoing"

enum { LOOK_WITHIN_MS = 60 * SECOND_MS };

struct keys_turn {
    struct owner_turn owner;
    struct bytes given;        /* a file, or what was pasted */
    struct bytes leaving;      /* or: how mail leaves from now on */
    struct key_change *change; /* what comes of it, or NULL */
};

static struct keys_turn *turn_of(struct page *page)
{
    return container_of(owner_turn_of(page), struct keys_turn, owner);
}

static void keys_turn_free(struct errand *errand)
{
    struct keys_turn *it = turn_of(container_of(errand, struct page, errand));

    bytes_clear(&it->given);
    bytes_clear(&it->leaving);
    key_change_free(it->change);
    owner_turn_clear(&it->owner);
    free(it);
}

static bool list_one(void *ctx, const struct account_key *key)
{
    struct page *page = ctx;

    bytes_print(&page->html, "<li><code>%s</code>: %s", key->fingerprint,
                bridge_key_use(key, clock_now(&system_clock)));
    if (key->encrypts_until_ms) {
        bytes_add_text(&page->html, ", until ");
        page_time(page, key->encrypts_until_ms);
    }
    bytes_add_text(&page->html, "</li>\n");
    return true;
}

static void write_leaving(struct page *page)
{
    bool encrypts = turn_of(page)->owner.owner.encrypt_outgoing == ENCRYPT_WHEN_POSSIBLE;

    bytes_add_text(&page->html, "<h2>Mail that leaves</h2>\n");
    words_say(page,
              encrypts
                  ? "The server encrypts what you write, where a key is known for everybody "
                    "elsewhere whom a mail goes to. Other mail leaves as your program wrote it."
                  : "What you write leaves as your program wrote it. The server can encrypt "
                    "it, where a key is known for everybody elsewhere whom a mail goes to.");
    words_form(page, KEYS_PATH);
    bytes_print(&page->html, "<button name=\"" LEAVING "\" value=\"%s\">%s</button></form>\n",
                encrypts ? "no" : "when_possible",
                encrypts ? "Encrypt it no more" : "Encrypt it when possible");
}

static bool write_list(struct page *page, struct store_view *view, struct err *err)
{
    struct keys_turn *it = turn_of(page);

    owner_begin(page, "Your keys", KEYS_PATH);
    if (it->change)
        words_say(page, bridge_key_offer_words(it->change));
    bytes_add_text(&page->html, "<ul>\n");
    if (!store_account_keys(view, it->owner.owner.id, list_one, page, err))
        return false;
    bytes_add_text(&page->html, "</ul>\n");
    bytes_add_text(&page->html, "<h2>Another OpenPGP key</h2>\n");
    words_file_form(page, KEYS_PATH);
    bytes_add_text(
        &page->html,
        "<label for=\"file\">The file of the public key, as your program exports "
        "it</label>\n<input type=\"file\" id=\"file\" name=\"file\" "
        "accept=\".asc,.gpg,.pgp,.key,.txt,application/pgp-keys\">\n"
        "<label for=\"key\">Or its text, with its first line (BEGIN) and its last (END)</label>\n"
        "<textarea id=\"key\" name=\"key\" rows=\"8\" spellcheck=\"false\">"
        "</textarea><button>Give this key</button></form>\n");
    words_say(page, "What comes for you is encrypted to your keys before it is stored. The first "
                    "one is in use at once. Another one that none of your keys has signed waits "
                    "for seven days, and a "
                    "mail asks you about it.");
    write_leaving(page);
    owner_end(page);
    return true;
}

static bool write_keys(struct page *page, struct store_view *view, struct err *err)
{
    struct keys_turn *it = turn_of(page);

    key_change_free(steal(&it->change)); /* of a first run */
    if (it->owner.post && it->leaving.len > 0)
        return owner_go(page, KEYS_PATH);
    if (it->owner.post && !bridge_key_offer(page->web->parts.bridge, view, &it->owner.owner,
                                            bytes_slice(&it->given), KEY_BY_WEB, &it->change, err))
        return false;
    return write_list(page, view, err);
}

static bool record(struct owner_turn *owner, struct store_tx *tx, struct err *err)
{
    struct keys_turn *it = container_of(owner, struct keys_turn, owner);

    if (it->leaving.len > 0)
        return bridge_encrypt_outgoing(tx, it->owner.owner.id, bytes_slice(&it->leaving), err);
    return !it->change || bridge_key_offer_record(tx, it->change, err);
}

enum next on_keys(void *face, struct http_turn *turn)
{
    struct keys_turn *it = must_new(struct keys_turn);

    owner_turn_init(&it->owner, face, turn, write_keys, record);
    it->owner.page.errand.free = keys_turn_free;
    if (slice_is(turn->request->method, "POST")) {
        (void)http_form_field(turn->request, LEAVING, &it->leaving);
        (void)http_form_field(turn->request, "file", &it->given);
        if (it->given.len == 0) /* none was chosen */
            (void)http_form_field(turn->request, "key", &it->given);
        it->owner.page.errand.lane = LANE_HEAVY;
        it->owner.page.errand.deadline_ms = monotonic_ms() + LOOK_WITHIN_MS;
    }
    turn->errand = &it->owner.page.errand;
    return NEXT_WAIT;
}
