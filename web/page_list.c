/*
 * Subscribing by mail, and leaving.  A GET shows a button and does nothing, since scanners follow every link of a mail;
 * a POST acts.  What authorises is the word in the URL alone: no cookie, no log-in, so no other site has anything to
 * borrow; such pages load nothing, send no Referer, and are kept by nobody.
 */
#include "web_private.h"

#include "bridge_list.h"

struct list_turn { /* a page, and what its button does */
    struct page page;
    bool post, never;
    struct list_request request;
    struct list_ticket ticket;
    list_deed *deed; /* NULL: nothing is to be done */
};

static struct list_turn *turn_of(struct page *page)
{
    return container_of(page, struct list_turn, page);
}

static void list_turn_free(struct errand *errand)
{
    struct list_turn *it = turn_of(container_of(errand, struct page, errand));

    list_request_clear(&it->request);
    list_ticket_clear(&it->ticket);
    page_clear(&it->page);
    free(it);
}

static struct list_turn *list_turn_new(void *face, const struct http_turn *turn, page_writer *write)
{
    struct list_turn *it = must_new(struct list_turn);

    page_init(&it->page, face, turn, write);
    it->page.errand.free = list_turn_free;
    it->page.quiet = true;
    it->post = slice_is(turn->request->method, "POST");
    return it;
}

/* ---- words ---- */
static bool say_spent(struct page *page)
{
    return words_alone(page, 404, "This link does nothing any more",
                       "It was used already, or has expired, or was not copied whole.");
}

static char *about(const struct list_ticket *ticket, const char *fmt_before, const char *fmt_after)
{
    return must_print("%s%s%s", fmt_before, ticket->name, fmt_after);
}

/* ---- the form ---- */
void list_form(struct page *page, const struct account *account)
{
    struct bytes *html = &page->html;

    bytes_add_text(html, "<form class=\"follow\" lang=\"en\" method=\"post\" action=\"/@");
    page_text(page, account->name);
    bytes_add_text(
        html,
        "/subscribe\"><label for=\"address\">Or get these posts by mail</label>\n"
        "<input id=\"address\" name=\"address\" type=\"email\" maxlength=\"254\" required "
        "autocomplete=\"email\" aria-describedby=\"address-words\"><button>Subscribe</button>\n"
        "<p class=\"quiet\" id=\"address-words\">Your address gets one mail that asks whether you "
        "want them. Every mail has a link to stop.</p></form>\n");
}

static bool write_asked(struct page *page, struct store_view *view, struct err *err)
{
    struct list_request *request = &turn_of(page)->request;

    if (!bridge_list_ask_prepare(page->web->parts.bridge, view, request, err))
        return false;
    switch (request->answer) {
    case LIST_NO_LIST: return page_absent(page);
    case LIST_NO_ADDRESS:
        return words_alone(page, 422, "This is no mail address",
                           "Go back and look whether it is spelt right.");
    case LIST_OWN_ADDRESS:
        return words_alone(
            page, 422, "This address lives here",
            "Who has an account on this server follows without a mail: write from it "
            "to the same address with +subscribe before the @.");
    case LIST_ASKED: break;
    }
    words_begin(page, "Look into your mail");
    words_say(page,
              "If this address can be asked, a mail with a button is on its way to it. Nothing is "
              "sent before the button was pressed.");
    words_say(
        page,
        "An address is asked at most once a day and three times in a month. If no mail comes, "
        "look into the folder for spam.");
    words_end(page);
    return true;
}

static bool record_asked(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);

    return bridge_list_ask_record(page->web->parts.bridge, tx, &turn_of(page)->request, err);
}

enum next on_list_ask(void *face, struct http_turn *turn)
{
    const struct http_request *request = turn->request;

    if (caller_is_elsewhere(request)) { /* somebody else's page does not ask for its visitors */
        http_answer_text(turn->response, 403, "Use the form on this server's own page.");
        return NEXT_READ;
    }
    struct list_turn *it = list_turn_new(face, turn, write_asked);
    it->page.errand.write = record_asked;
    it->request.user = must_dup(it->page.parts[0] ? it->page.parts[0] : "");
    it->request.domain = must_dup(it->page.domain);
    it->request.address = http_form_value(request->body, "address");
    it->request.network = must_dup(request->peer->text);
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

/* ---- links in mails ---- */
static bool do_deed(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);
    struct list_turn *it = turn_of(page);

    return !it->deed || it->deed(page->web->parts.bridge, tx, &it->ticket, err);
}

static enum found look(struct list_turn *it, struct store_view *view, enum token_purpose purpose,
                       struct err *err)
{
    struct page *page = &it->page;

    list_ticket_clear(&it->ticket);
    it->deed = NULL;
    return bridge_list_ticket(page->web->parts.bridge, view, purpose, slice_of(page->parts[0]),
                              &it->ticket, err);
}

static bool ask_question(struct page *page, const struct list_ticket *ticket)
{
    scoped_text char *title = about(ticket, "Do you want ", "'s posts by mail?");
    scoped_text char *words = must_print("%s (@%s@%s) then sends each new post to your address. A "
                                         "post once mailed cannot be called back, even if %s "
                                         "deletes it. Every mail has a link to stop.",
                                         ticket->name, ticket->user, ticket->domain, ticket->name);

    words_begin(page, title);
    words_say(page, words);
    words_button(page, "yes", "Yes, send them", "main");
    bytes_add_text(&page->html, "<h2 id=\"never\">Or never be asked again</h2>\n");
    scoped_text char *never = must_print(
        "Then no mail with this question comes from %s to your address any more, whoever asks for "
        "it.",
        ticket->domain);
    words_say(page, never);
    words_button(page, "never", "Never ask me again", "plain");
    words_end(page);
    return true;
}

static bool say_never(struct page *page, const struct list_ticket *ticket)
{
    scoped_text char *words = must_print("Done: no mail with this question comes from %s to your "
                                         "address any more. If you change your mind, write to "
                                         "postmaster@%s.",
                                         ticket->domain, ticket->domain);

    return words_alone(page, 200, "You will not be asked again", words);
}

static bool say_subscribed(struct page *page, const struct list_ticket *ticket)
{
    scoped_text char *now = about(ticket, "You get ", "'s posts by mail now");
    scoped_text char *later = about(ticket, "", " decides now");
    scoped_text char *waits = about(ticket, "Your yes is noted. ",
                                    " lets readers in one by one: the first post in your mail "
                                    "tells you that you are one.");

    words_begin(page, ticket->waits ? later : now);
    words_say(page, ticket->waits ? waits : "Done. The next post comes to your address.");
    bytes_print(&page->html,
                "<p>To take it back: <a href=\"/unsubscribe/%s\">stop these mails</a>. The same "
                "link stands in every mail.</p>\n",
                ticket->leave_word);
    words_end(page);
    return true;
}

static bool write_question(struct page *page, struct store_view *view, struct err *err)
{
    struct list_turn *it = turn_of(page);
    enum found found = look(it, view, TOKEN_CONFIRM, err);

    if (found != FOUND)
        return found == ABSENT && say_spent(page);
    if (!it->post && !it->ticket.closed)
        return ask_question(page, &it->ticket);
    if (it->post && it->never) {
        it->deed = bridge_list_never;
        return say_never(page, &it->ticket);
    }
    if (it->ticket.closed)
        return words_alone(page, 200, "Not just now", "This account takes no new readers.");
    it->deed = bridge_list_confirm;
    return say_subscribed(page, &it->ticket);
}

static bool write_stop(struct page *page, struct store_view *view, struct err *err)
{
    struct list_turn *it = turn_of(page);
    enum found found = look(it, view, TOKEN_UNSUBSCRIBE, err);

    if (found != FOUND)
        return found == ABSENT && say_spent(page);
    const struct list_ticket *ticket = &it->ticket;
    if (!it->post && ticket->person_id) {
        scoped_text char *title = about(ticket, "Stop ", "'s posts by mail?");
        words_begin(page, title);
        words_button(page, "stop", "Stop these mails", "main");
        words_end(page);
        return true;
    }
    if (it->post)
        it->deed = bridge_list_leave;
    scoped_text char *title = about(ticket, "You get no more posts from ", "");
    words_begin(page, title);
    bytes_add_text(&page->html, "<p>Done. If this was a mistake, subscribe again on <a href=\"/@");
    page_text(page, ticket->user);
    bytes_add_text(&page->html, "\">");
    page_text(page, ticket->name);
    bytes_add_text(&page->html, "'s page</a>.</p>\n");
    words_end(page);
    return true;
}

static enum next start(void *face, struct http_turn *turn, page_writer *write)
{
    struct list_turn *it = list_turn_new(face, turn, write);
    scoped_text char *answer = it->post ? http_form_value(turn->request->body, "answer") : NULL;

    it->never = answer && slice_is(slice_of(answer), "never");
    if (it->post)
        it->page.errand.write = do_deed;
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

enum next on_list_question(void *face, struct http_turn *turn)
{
    return start(face, turn, write_question);
}

enum next on_list_stop(void *face, struct http_turn *turn)
{
    return start(face, turn, write_stop);
}
