/*
 * The list of an owner who is signed in: who waits, who was answered how (docs/signed-in.md).  Everything that can be
 * decided about people is decided here or on the page of one of them, and goes the way of every other answer.
 */
#include "web_private.h"

#include "text.h"

#define LIST_PATH "/contacts"
#define PERSON_PATH "/contacts/person/"

enum { PAGE_ROWS = 50, EXPECT_MS = 60 * MINUTE_MS };

struct contacts_turn {
    struct owner_turn owner;
    /* of the query */
    enum contact_state show;
    /* of the form */
    char *answer, *words, *person;
    int64_t contact_id; /* page of one: which */
    /* while it is written */
    struct store_view *view;
    bool failed;
    struct err *err;
    int64_t rows;
    struct contact_place behind, last; /* the list begins behind that one, and ends with this one */
};

static struct contacts_turn *turn_of(struct page *page)
{
    return container_of(owner_turn_of(page), struct contacts_turn, owner);
}

static void contacts_turn_free(struct errand *errand)
{
    struct contacts_turn *it = turn_of(container_of(errand, struct page, errand));

    free(it->answer);
    free(it->words);
    free(it->person);
    owner_turn_clear(&it->owner);
    free(it);
}

static const struct shelf {
    enum contact_state state;
    const char *word, *title, *empty;
} shelves[] = {
    {CONTACT_ASKED,   "waiting", "Waiting", "Nobody waits for your answer."     },
    {CONTACT_WELCOME, "welcome", "Welcome", "You have not welcomed anybody yet."},
    {CONTACT_REFUSED, "refused", "Refused", "You have not refused anybody."     },
    {CONTACT_IGNORED, "ignored", "Ignored", "You do not ignore anybody."        },
};

static const struct shelf *shelf_of(enum contact_state state)
{
    for (size_t i = 0; i < COUNT_OF(shelves); i++)
        if (shelves[i].state == state)
            return &shelves[i];
    return &shelves[0];
}

/* ---- the list ---- */
static void write_shelves(struct page *page, enum contact_state shown,
                          const int64_t counts[CONTACT_STATES])
{
    bytes_add_text(&page->html, "<nav aria-label=\"Lists\"><ul class=\"row\">\n");
    for (size_t i = 0; i < COUNT_OF(shelves); i++)
        bytes_print(&page->html, "<li><a href=\"" LIST_PATH "?show=%s\"%s>%s (%lld)</a></li>\n",
                    shelves[i].word, shelves[i].state == shown ? " aria-current=\"page\"" : "",
                    shelves[i].title, (long long)counts[shelves[i].state]);
    bytes_add_text(&page->html, "</ul></nav>\n");
}

static void write_tries(struct page *page, const struct contact *contact)
{
    if (contact->origin != CONTACT_KNOCKED) {
        bytes_add_text(&page->html, "Since ");
        page_time(page, contact->decided_ms ? contact->decided_ms : contact->first_ms);
    } else {
        if (contact->tries == 1)
            bytes_add_text(&page->html, "1 try, ");
        else
            bytes_print(&page->html, "%lld tries, the last ", (long long)contact->tries);
        page_time(page, contact->last_ms);
    }
    bytes_add_text(&page->html, ".");
}

static void write_quick_buttons(struct page *page, int64_t contact_id)
{
    static const struct {
        const char *answer, *words;
    } answers[] = {
        {"welcome", "Welcome"},
        {"refuse",  "Refuse" },
        {"ignore",  "Ignore" },
    };
    scoped_text char *action = must_print(PERSON_PATH "%lld", (long long)contact_id);

    words_form(page, action);
    for (size_t i = 0; i < COUNT_OF(answers); i++) /* read aloud, each says for whom it is */
        bytes_print(&page->html,
                    "<button class=\"%s\" name=\"answer\" value=\"%s\" "
                    "aria-describedby=\"p%lld\">%s</button>",
                    i == 0 ? "main" : "plain", answers[i].answer, (long long)contact_id,
                    answers[i].words);
    bytes_add_text(&page->html, "</form>\n");
}

static bool write_row(void *ctx, const struct contact *contact, const struct person *person)
{
    struct page *page = ctx;
    struct contacts_turn *it = turn_of(page);
    scoped_text char *who = bridge_contact_label(contact, person);
    scoped_text char *sure = bridge_contact_sureness(contact, person);
    scoped_text char *path = must_print(PERSON_PATH "%lld", (long long)contact->id);
    bool portrait = false;

    it->rows++;
    it->last = (struct contact_place){contact->last_ms, contact->id};
    it->failed = !store_has_portrait(it->view, contact->person_id, &portrait, it->err);
    bytes_add_text(&page->html, "<li><article>");
    if (portrait)
        contact_picture(page, path);
    bytes_print(&page->html, "<h2 id=\"p%lld\"><a href=\"%s\">", (long long)contact->id, path);
    page_text(page, who);
    bytes_add_text(&page->html, "</a></h2>\n<p>");
    page_text(page, sure);
    bytes_add_char(&page->html, ' ');
    write_tries(page, contact);
    bytes_add_text(&page->html, "</p>\n");
    if (contact->state == CONTACT_WELCOME && contact->origin == CONTACT_KNOCKED)
        words_say(page, contact_state_said(contact->state, contact->arrived_ms > 0));
    if (contact->words && *contact->words) {
        bytes_add_text(&page->html, "<p>They hear: ");
        page_text(page, contact->words);
        bytes_add_text(&page->html, "</p>\n");
    }
    if (contact->state == CONTACT_ASKED)
        write_quick_buttons(page, contact->id);
    bytes_add_text(&page->html, "</article></li>\n");
    return !it->failed;
}

static void write_somebody_form(struct page *page)
{
    bytes_add_text(&page->html, "<h2>Somebody else, or a whole domain</h2>\n");
    words_form(page, LIST_PATH);
    bytes_add_text(
        &page->html,
        "<label for=\"person\">Address, @name@server, or @domain for everybody there</label>\n"
        "<input id=\"person\" name=\"person\" maxlength=\"254\" required autocomplete=\"off\" "
        "autocapitalize=\"off\" spellcheck=\"false\" aria-describedby=\"person-words\">\n"
        "<div><button class=\"main\" name=\"answer\" value=\"welcome\">Welcome</button>"
        "<button class=\"plain\" name=\"answer\" value=\"refuse\">Refuse</button>"
        "<button class=\"plain\" name=\"answer\" value=\"ignore\">Ignore</button>"
        "<button class=\"plain\" name=\"answer\" value=\"undo\">Ask me</button></div>\n"
        "<p class=\"quiet\" id=\"person-words\">Refuse blocks: they are told no. Ignore mutes: "
        "they "
        "are told nothing, and cannot tell that from waiting. Ask me takes an answer back.</p>"
        "</form>\n");
}

static bool write_expecting(struct page *page, struct store_view *view, int64_t account_id,
                            struct err *err)
{
    int64_t until_ms;

    if (!store_expecting(view, account_id, &until_ms, err))
        return false;
    bytes_add_text(&page->html, "<h2>Do you expect mail from somebody new?</h2>\n");
    if (until_ms > clock_now(page->web->parts.clock)) {
        bytes_add_text(&page->html, "<p>Mail from new people arrives without a question until ");
        page_time(page, until_ms);
        bytes_add_text(&page->html, ".</p>\n");
    }
    words_form(page, LIST_PATH);
    if (until_ms > clock_now(page->web->parts.clock))
        bytes_add_text(&page->html,
                       "<button class=\"plain\" name=\"answer\" value=\"close\">Ask me "
                       "again from now on</button></form>\n");
    else
        bytes_add_text(&page->html, "<button class=\"plain\" name=\"answer\" value=\"expect\">Let "
                                    "new people in for an hour</button></form>\n");
    return true;
}

static bool show_list(struct page *page, struct store_view *view, struct err *err)
{
    struct contacts_turn *it = turn_of(page);
    const struct shelf *shelf = shelf_of(it->show);
    int64_t account_id = it->owner.owner.id, counts[CONTACT_STATES];
    scoped_text char *address = owner_address(&it->owner.owner);
    scoped_text char *title = must_print("Who may write to %s", address);

    if (!store_contact_counts(view, account_id, counts, err))
        return false;
    it->rows = 0;
    it->view = view;
    it->err = err;
    it->failed = false;
    owner_begin(page, title, LIST_PATH);
    write_shelves(page, it->show, counts);
    bytes_add_text(&page->html, "<ul class=\"people\">\n");
    if (!store_contacts_in(view, account_id, it->show, page->before ? &it->behind : NULL, PAGE_ROWS,
                           write_row, page, err) ||
        it->failed)
        return false;
    bytes_add_text(&page->html, "</ul>\n");
    if (it->rows == 0)
        words_say(page, page->before ? "There is nobody further." : shelf->empty);
    if (it->rows == PAGE_ROWS)
        bytes_print(&page->html,
                    "<p><a href=\"" LIST_PATH
                    "?show=%s&amp;before=%lld&amp;behind=%lld\">Older</a></p>\n",
                    shelf->word, (long long)it->last.last_ms, (long long)it->last.id);
    write_somebody_form(page);
    if (!write_expecting(page, view, account_id, err))
        return false;
    owner_end(page);
    return true;
}

static bool write_list(struct page *page, struct store_view *view, struct err *err)
{
    struct contacts_turn *it = turn_of(page);
    enum contact_choice choice;

    if (!it->owner.post)
        return show_list(page, view, err);
    if (it->person && it->answer && contact_choice_read(it->answer, &choice)) {
        scoped_text char *to =
            must_print(LIST_PATH "?show=%s", shelf_of(contact_state_after(choice))->word);
        return owner_go(page, to);
    }
    return owner_go(page, LIST_PATH);
}

static bool do_list(struct owner_turn *owner, struct store_tx *tx, struct err *err)
{
    struct contacts_turn *it = turn_of(&owner->page);
    struct bridge *bridge = owner->page.web->parts.bridge;
    enum contact_choice choice;

    if (it->answer && slice_is(slice_of(it->answer), "expect"))
        return bridge_contact_expect_in(tx, owner->owner.id,
                                        clock_now(owner->page.web->parts.clock) + EXPECT_MS, err);
    if (it->answer && slice_is(slice_of(it->answer), "close"))
        return bridge_contact_expect_in(tx, owner->owner.id, 0, err);
    if (!it->person || !it->answer || !contact_choice_read(it->answer, &choice))
        return true;
    return bridge_contact_choose_in(bridge, tx, owner->owner.id, slice_trim(slice_of(it->person)),
                                    choice, it->words, err);
}

/* ---- one ---- */
static void write_domain(struct page *page, const char *domain)
{
    bytes_add_text(&page->html, "<h2>Everybody at ");
    page_text(page, domain);
    bytes_add_text(&page->html, "</h2>\n");
    words_form(page, LIST_PATH);
    bytes_add_text(&page->html, "<input type=\"hidden\" name=\"person\" value=\"@");
    page_text(page, domain);
    bytes_add_text(
        &page->html,
        "\"><button class=\"plain\" name=\"answer\" value=\"welcome\">Welcome all</button>"
        "<button class=\"plain\" name=\"answer\" value=\"refuse\">Refuse all</button>"
        "<button class=\"plain\" name=\"answer\" value=\"ignore\">Ignore all</button>"
        "</form>\n");
}

static bool show_person(struct page *page, struct store_view *view, struct err *err)
{
    struct contacts_turn *it = turn_of(page);
    scoped_text char *path = must_print(PERSON_PATH "%lld", (long long)it->contact_id);
    scoped_value(contact_page) contact = {0};
    enum found found =
        bridge_contact_row_page(view, it->owner.owner.id, it->contact_id, &contact, err);

    if (found != FOUND)
        return found == ABSENT && owner_says(page, 404, "This request is over",
                                             "It was forgotten. If they try again, you are asked "
                                             "again.");
    owner_begin(page, contact.who, PERSON_PATH);
    if (contact.portrait)
        contact_picture(page, path);
    words_say(page, contact_state_said(contact.state, contact.arrived_ms > 0 || contact.held > 0));
    if (contact.words && *contact.words) {
        bytes_add_text(&page->html, "<p>They hear: ");
        page_text(page, contact.words);
        bytes_add_text(&page->html, "</p>\n");
    }
    contact_facts(page, &contact);
    contact_buttons(page, contact.state);
    if (contact.domain)
        write_domain(page, contact.domain);
    owner_end(page);
    return true;
}

static bool write_person(struct page *page, struct store_view *view, struct err *err)
{
    struct contacts_turn *it = turn_of(page);
    scoped_text char *here = must_print(PERSON_PATH "%lld", (long long)it->contact_id);

    if (it->owner.post)
        return owner_go(page, here);
    return show_person(page, view, err);
}

static bool do_person(struct owner_turn *owner, struct store_tx *tx, struct err *err)
{
    struct contacts_turn *it = turn_of(&owner->page);
    enum contact_choice choice;

    if (!it->answer || !contact_choice_read(it->answer, &choice))
        return true;
    return bridge_contact_answer_row(owner->page.web->parts.bridge, tx, owner->owner.id,
                                     it->contact_id, choice, it->words, err);
}

/* ---- from requests to pages ---- */
static enum next start(void *face, struct http_turn *turn, page_writer *write, owner_deed *deed)
{
    struct contacts_turn *it = must_new(struct contacts_turn);
    const struct http_request *request = turn->request;
    scoped_text char *show = request->query.at ? http_form_value(request->query, "show") : NULL;

    owner_turn_init(&it->owner, face, turn, write, deed);
    it->owner.page.errand.free = contacts_turn_free;
    it->show = CONTACT_ASKED;
    for (size_t i = 0; show && i < COUNT_OF(shelves); i++)
        if (slice_is(slice_of(show), shelves[i].word))
            it->show = shelves[i].state;
    it->behind =
        (struct contact_place){it->owner.page.before, page_number_asked(request, "behind")};
    it->answer = http_form_value(request->body, "answer");
    it->words = http_form_value(request->body, "words");
    it->person = http_form_value(request->body, "person");
    const char *id = it->owner.page.parts[0];
    if (!id || !slice_to_number(slice_of(id), INT64_MAX, &it->contact_id))
        it->contact_id = 0;
    turn->errand = &it->owner.page.errand;
    return NEXT_WAIT;
}

enum next on_contacts(void *face, struct http_turn *turn)
{
    return start(face, turn, write_list, do_list);
}

enum next on_contacts_person(void *face, struct http_turn *turn)
{
    return start(face, turn, write_person, do_person);
}
