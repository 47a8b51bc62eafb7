/* The page behind the link of a letter that asks about a key: the word in the URL alone authorises. */
#include "web_private.h"

#include "bridge_key.h"

struct key_turn {
    struct page page;
    bool post, yes;
};

static struct key_turn *turn_of(struct page *page)
{
    return container_of(page, struct key_turn, page);
}

static void key_turn_free(struct errand *errand)
{
    struct key_turn *it = turn_of(container_of(errand, struct page, errand));

    page_clear(&it->page);
    free(it);
}

static void write_question(struct page *page, const struct key_page *key)
{
    words_begin(page, "Is this your new key?");
    scoped_text char *what =
        must_print("An OpenPGP key waits for %s: %s", key->owner, key->fingerprint);
    words_say(page, what);
    bytes_add_text(&page->html, "<p>It is taken into use on ");
    page_time(page, key->due_ms);
    bytes_add_text(&page->html, ".</p>\n");
    if (key->may_say_yes)
        words_button(page, "yes", "It is mine: use it now", "main");
    words_button(page, "no", "It is not mine: refuse it", "plain");
    words_end(page);
}

static bool write_state(struct page *page, enum key_state state)
{
    switch (state) {
    case KEY_WAITS: break;
    case KEY_IN_USE:
        return words_alone(page, 200, "This key is in use",
                           "What comes for you is encrypted to it. Only the administrator can take "
                           "it back: nestbox key refuse.");
    case KEY_REVOKED:
        return words_alone(page, 200, "This key is revoked",
                           "Nothing is encrypted to it any more.");
    case KEY_REFUSED: break;
    }
    return words_alone(page, 200, "This key is refused",
                       "Nothing is encrypted to it, and it is not learnt again. If it was not "
                       "yours, change your password: somebody knows it.");
}

static bool write_key(struct page *page, struct store_view *view, struct err *err)
{
    struct key_turn *it = turn_of(page);
    scoped_value(key_page) key = {0};

    switch (bridge_key_page(page->web->parts.bridge, view, slice_of(page->parts[0]), &key, err)) {
    case FAILED: return false;
    case ABSENT:
        return words_alone(page, 404, "This question is over",
                           "The key is gone, or the link was not copied whole.");
    case FOUND: break;
    }
    if (key.state == KEY_WAITS && it->post && !(it->yes && !key.may_say_yes))
        key.state = it->yes ? KEY_IN_USE : KEY_REFUSED; /* the answer is written right behind */
    if (key.state != KEY_WAITS)
        return write_state(page, key.state);
    write_question(page, &key);
    return true;
}

static bool record_answer(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);

    return bridge_key_answer(page->web->parts.bridge, tx, slice_of(page->parts[0]),
                             turn_of(page)->yes, err);
}

enum next on_key(void *face, struct http_turn *turn)
{
    struct key_turn *it = must_new(struct key_turn);

    page_init(&it->page, face, turn, write_key);
    it->page.errand.free = key_turn_free;
    it->page.quiet = true;
    scoped_text char *said = slice_is(turn->request->method, "POST")
                                 ? http_form_value(turn->request->body, "answer")
                                 : NULL;
    it->yes = said && slice_is(slice_of(said), "yes");
    it->post = it->yes || (said && slice_is(slice_of(said), "no"));
    if (it->post)
        it->page.errand.write = record_answer;
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}
