/*
 * A contact request on the web (docs/contact-requests.md): a GET shows who asks and the buttons, and does nothing, since
 * scanners follow every link of a mail; a POST answers.  What authorises is the word in the URL alone.
 */
#include "web_private.h"

struct contact_turn {
    struct page page;
    bool post, known;
    enum contact_choice choice;
    char *words;
    int64_t notice_id; /* 0: nothing is to be done */
};

static struct contact_turn *turn_of(struct page *page)
{
    return container_of(page, struct contact_turn, page);
}

static void contact_turn_free(struct errand *errand)
{
    struct contact_turn *it = turn_of(container_of(errand, struct page, errand));

    free(it->words);
    page_clear(&it->page);
    free(it);
}

/* ---- words ---- */
static void refuse_form(struct page *page)
{
    words_form(page, NULL);
    bytes_add_text(&page->html,
                   "<label for=\"words\">Words to the sender, if you "
                   "like</label>\n<input id=\"words\" name=\"words\" maxlength=\"200\" "
                   "autocomplete=\"off\"><button class=\"plain\" name=\"answer\" "
                   "value=\"refuse\">Refuse</button></form>\n");
}

static bool say_over(struct page *page)
{
    words_begin(page, "This request is over");
    page->status = 404;
    words_say(
        page,
        "It was forgotten, or the link was not copied whole. If they try again, you are asked "
        "again.");
    words_end(page);
    return true;
}

const char *contact_state_said(enum contact_state state, bool arrived)
{
    switch (state) {
    case CONTACT_WELCOME:
        return arrived
                   ? "Welcome. What they sent is in your INBOX."
                   : "Welcome. What they sent arrives with the next try of their server, usually "
                     "within an hour.";
    case CONTACT_REFUSED: return "Refused. Their next try hears it.";
    case CONTACT_IGNORED: return "Ignored. They cannot tell that from waiting.";
    case CONTACT_UNKNOWN:
    case CONTACT_TURN:
    case CONTACT_ASKED:
    case CONTACT_STATES: break;
    }
    return "They wait for your answer.";
}

void contact_picture(struct page *page, const char *path)
{
    page->faces = true;
    bytes_print(&page->html,
                "<p><img class=\"face\" src=\"%s/picture\" alt=\"\" width=\"72\" "
                "height=\"72\"></p>\n",
                path);
}

void contact_facts(struct page *page, const struct contact_page *contact)
{
    words_say(page, contact->sureness);
    if (contact->origin != CONTACT_KNOCKED)
        return;
    if (contact->tries == 1) {
        bytes_add_text(&page->html, "<p>They tried once, ");
        page_time(page, contact->last_ms);
        bytes_add_text(&page->html, ".</p>\n");
        return;
    }
    bytes_print(&page->html, "<p>They tried %lld times: first ", (long long)contact->tries);
    page_time(page, contact->first_ms);
    bytes_add_text(&page->html, ", last ");
    page_time(page, contact->last_ms);
    bytes_add_text(&page->html, ".</p>\n");
}

void contact_buttons(struct page *page, enum contact_state state)
{
    bytes_print(&page->html, "<h2>%s</h2>\n",
                state == CONTACT_ASKED ? "Your answer" : "Change the answer");
    if (state != CONTACT_WELCOME)
        words_button(page, "welcome", "Welcome", "main");
    if (state != CONTACT_REFUSED)
        refuse_form(page);
    if (state != CONTACT_IGNORED)
        words_button(page, "ignore", "Ignore: they hear nothing", "plain");
    if (state != CONTACT_ASKED)
        words_button(page, "undo", "Take it back: ask me again later", "plain");
}

enum contact_state contact_state_after(enum contact_choice choice)
{
    switch (choice) {
    case CHOICE_WELCOME: break;
    case CHOICE_REFUSE: return CONTACT_REFUSED;
    case CHOICE_IGNORE: return CONTACT_IGNORED;
    case CHOICE_ASK_AGAIN: return CONTACT_ASKED;
    }
    return CONTACT_WELCOME;
}

static bool write_contact(struct page *page, struct store_view *view, struct err *err)
{
    struct contact_turn *it = turn_of(page);
    scoped_value(contact_page) contact = {0};
    enum found found =
        bridge_contact_page(page->web->parts.bridge, view, slice_of(page->parts[0]), &contact, err);

    it->notice_id = 0;
    if (found != FOUND)
        return found == ABSENT && say_over(page);
    bool decides = it->post && it->known;
    if (decides)
        it->notice_id = contact.notice_id;
    enum contact_state state = decides ? contact_state_after(it->choice) : contact.state;
    scoped_text char *title = must_print("%s and %s", contact.who, contact.owner);
    scoped_text char *path = must_print("/contacts/%s", page->parts[0]);
    words_begin(page, title);
    if (contact.portrait && contact.others == 0)
        contact_picture(page, path);
    words_say(page, contact_state_said(state, contact.arrived_ms > 0 || contact.held > 0));
    contact_facts(page, &contact);
    contact_buttons(page, state);
    words_end(page);
    return true;
}

static bool answer(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);
    struct contact_turn *it = turn_of(page);

    return !it->notice_id || bridge_contact_answer(page->web->parts.bridge, tx, it->notice_id,
                                                   it->choice, it->words, err);
}

bool contact_choice_read(const char *text, enum contact_choice *out)
{
    static const struct {
        const char *word;
        enum contact_choice choice;
    } choices[] = {
        {"welcome", CHOICE_WELCOME  },
        {"refuse",  CHOICE_REFUSE   },
        {"ignore",  CHOICE_IGNORE   },
        {"undo",    CHOICE_ASK_AGAIN},
    };

    for (size_t i = 0; i < COUNT_OF(choices); i++)
        if (slice_is(slice_of(text), choices[i].word)) {
            *out = choices[i].choice;
            return true;
        }
    return false;
}

enum next on_contact(void *face, struct http_turn *turn)
{
    struct contact_turn *it = must_new(struct contact_turn);

    page_init(&it->page, face, turn, write_contact);
    it->page.errand.free = contact_turn_free;
    it->page.quiet = true;
    it->post = slice_is(turn->request->method, "POST");
    if (it->post) {
        scoped_text char *said = http_form_value(turn->request->body, "answer");
        it->known = said && contact_choice_read(said, &it->choice);
        it->words = http_form_value(turn->request->body, "words");
        it->page.errand.write = answer;
    }
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}
