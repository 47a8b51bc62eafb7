/*
 * The page behind the link of a claim (docs/claims.md): the word in the URL, which only the holder of the key could read,
 * makes the account.  A GET shows what a POST does, so that what looks at links does nothing.
 */
#include "web_private.h"

#include "bridge_claim.h"

enum { MADE_WITHIN_MS = 30 * SECOND_MS };

struct claim_turn {
    struct page page;
    bool post;
    struct claim_confirmation *confirmation;
};

static struct claim_turn *turn_of(struct page *page)
{
    return container_of(page, struct claim_turn, page);
}

static void claim_turn_free(struct errand *errand)
{
    struct claim_turn *it = turn_of(container_of(errand, struct page, errand));

    claim_confirmation_free(it->confirmation);
    page_clear(&it->page);
    free(it);
}

static bool is_over(struct page *page)
{
    return words_alone(page, 404, "Nobody waits for this any more",
                       "The address is made already, or a week has passed, or the link was not "
                       "copied whole.");
}

static void say_price(struct page *page)
{
    scoped_text char *price = must_print("It costs %s.", page->web->parts.config->fee);

    words_say(page, price);
}

static void say_row(struct page *page, const char *what, const char *text)
{
    bool link = strncmp(text, "https://", strlen("https://")) == 0 && !strchr(text, ' ');

    if (!*text) /* nothing is to be paid for others any more */
        return;
    bytes_print(&page->html, "<dt>%s</dt><dd>", what);
    if (link) {
        bytes_add_text(&page->html, "<a rel=\"noopener noreferrer\" href=\"");
        page_text(page, text);
        bytes_add_text(&page->html, "\">");
    }
    page_text(page, text);
    bytes_print(&page->html, "%s</dd>\n", link ? "</a>" : "");
}

static bool write_unpaid(struct page *page, const struct claim_page *claim)
{
    const struct config *config = page->web->parts.config;
    scoped_text char *title = must_print("%s waits to be paid for", claim->address);
    scoped_text char *told =
        must_print("When the payment has come, a mail to %s, encrypted to your "
                   "key, brings the password.",
                   claim->told);

    words_begin(page, title);
    bytes_add_text(&page->html, "<dl>\n");
    say_row(page, "Price", config->fee);
    say_row(page, "How to pay", config->fee_pay);
    say_row(page, "Reference", claim->reference);
    bytes_add_text(&page->html, "<dt>Until</dt><dd>");
    page_time(page, claim->expires_ms);
    bytes_add_text(&page->html, "</dd>\n</dl>\n");
    words_say(page, "Give the reference with the payment: by it alone is known what was paid. What "
                    "is not paid by then is dropped.");
    words_say(page, told);
    words_end(page);
    return true;
}

static bool write_question(struct page *page, const struct claim_page *claim)
{
    scoped_text char *title = must_print("Do you want %s?", claim->address);
    scoped_text char *whose = must_print("It was asked for with the OpenPGP key %s, by %s.",
                                         claim->fingerprint, claim->told);

    words_begin(page, title);
    words_say(page, whose);
    if (claim->costs)
        say_price(page);
    words_say(page, claim->costs
                        ? "If you press the button, the address is kept for you for seven days, in "
                          "which it is to be paid. The next page says how, and so does a mail."
                        : "If you press the button, the address is yours. A second mail, encrypted "
                          "to that key, brings the password.");
    bytes_add_text(&page->html, "<p>It can be had until ");
    page_time(page, claim->expires_ms);
    bytes_add_text(&page->html, ".</p>\n");
    words_button(page, "yes",
                 claim->costs ? "It is mine: I want to pay" : "It is mine: make the account",
                 "main");
    words_end(page);
    return true;
}

static bool record_account(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);

    return bridge_claim_confirm_record(page->web->parts.bridge, tx, turn_of(page)->confirmation,
                                       err);
}

/* What it says is true once the account is written, right behind. */
static bool make_account(struct page *page, struct store_view *view, const struct claim_page *claim,
                         struct err *err)
{
    struct claim_turn *it = turn_of(page);
    scoped_text char *title = must_print("%s is yours", claim->address);
    scoped_text char *told =
        must_print("The password is on its way to %s, encrypted to your key.", claim->told);

    claim_confirmation_free(it->confirmation); /* of a first run */
    it->confirmation = NULL;
    switch (bridge_claim_confirm_prepare(page->web->parts.bridge, view, slice_of(page->parts[0]),
                                         &it->confirmation, err)) {
    case FAILED: return false;
    case ABSENT: return is_over(page);
    case FOUND: break;
    }
    page->errand.write = record_account;
    if (claim->costs) { /* which is shown by the same page then */
        page->location = must_print("/claim/%s", page->parts[0]);
        return true;
    }
    words_begin(page, title);
    words_say(page, told);
    words_end(page);
    return true;
}

static bool write_claim(struct page *page, struct store_view *view, struct err *err)
{
    scoped_value(claim_page) claim = {0};

    page->errand.write = NULL; /* of a first run */
    free(steal(&page->location));
    switch (
        bridge_claim_page(page->web->parts.bridge, view, slice_of(page->parts[0]), &claim, err)) {
    case FAILED: return false;
    case ABSENT: return is_over(page);
    case FOUND: break;
    }
    if (claim.refused)
        return words_alone(page, 403, "It cannot be confirmed now", claim.refused);
    if (claim.unpaid)
        return write_unpaid(page, &claim);
    return turn_of(page)->post ? make_account(page, view, &claim, err)
                               : write_question(page, &claim);
}

enum next on_claim(void *face, struct http_turn *turn)
{
    struct claim_turn *it = must_new(struct claim_turn);

    page_init(&it->page, face, turn, write_claim);
    it->page.errand.free = claim_turn_free;
    it->page.quiet = true;
    scoped_text char *said = slice_is(turn->request->method, "POST")
                                 ? http_form_value(turn->request->body, "answer")
                                 : NULL;
    it->post = said && slice_is(slice_of(said), "yes");
    if (it->post) {
        it->page.errand.lane = LANE_HEAVY;
        it->page.errand.one_by_one = true; /* keys take a while, as passwords do */
        it->page.errand.deadline_ms = monotonic_ms() + MADE_WITHIN_MS;
    }
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}
