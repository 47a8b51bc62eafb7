/*
 * Signing in, and out (docs/signed-in.md).  A GET of the link in the mail shows a button and does nothing, since scanners
 * follow every link of a mail; a POST spends the link and gives the browser a word in a cookie.
 */
#include "web_private.h"

#include "bridge_owner.h"

#define COOKIE "__Host-owner" /* the prefix: Secure, of this host alone, for all paths */
#define COOKIE_TERMS "Path=/; Secure; HttpOnly; SameSite=Strict"
#define PAGE_AFTER "/contacts"

enum { SEAL_WITHIN_MS = 60 * SECOND_MS };

/* ---- pages of an owner ---- */
static char *session_word(const struct http_request *request)
{
    struct slice rest = http_field(request, "Cookie", NULL);

    while (rest.at && rest.len > 0) {
        struct slice value = slice_trim(slice_cut(&rest, ';')), name = slice_cut(&value, '=');
        if (slice_is(name, COOKIE) && value.at)
            return must_copy(value);
    }
    return NULL;
}

void caller_read(const struct http_request *request, struct caller *out)
{
    struct slice said = http_field(request, "Authorization", NULL);

    out->session = session_word(request);
    out->device = said.at && slice_starts_nocase(said, "Bearer ")
                      ? must_copy(slice_trim(slice_from(said, strlen("Bearer "))))
                      : NULL;
}

void caller_clear(struct caller *caller)
{
    free(caller->session);
    free(caller->device);
    *caller = (struct caller){0};
}

enum found caller_account(const struct web *web, struct store_view *view,
                          const struct caller *caller, int64_t *out_account_id, struct err *err)
{
    struct owner_pass pass;
    enum found found;

    if (caller->device)
        return bridge_owner_device(web->parts.bridge, view, slice_of(caller->device),
                                   out_account_id, err);
    if (!caller->session)
        return ABSENT;
    found = bridge_owner_session(view, slice_of(caller->session), &pass, err);
    if (found == FOUND)
        *out_account_id = pass.account_id;
    return found;
}

void caller_answer_401(struct http_response *response)
{
    http_add_field(response, "WWW-Authenticate", "Bearer");
    http_add_field(response, "Cache-Control", "no-store");
    http_answer_text(response, 401, "Sign in first, or send the word of your device.");
}

char *owner_address(const struct account *account)
{
    return must_print("%s@%s", account->name, account->domain);
}

struct owner_turn *owner_turn_of(struct page *page)
{
    return container_of(page, struct owner_turn, page);
}

bool owner_go(struct page *page, const char *path)
{
    free(page->location);
    page->location = must_dup(path);
    return true;
}

bool caller_is_elsewhere(const struct http_request *request)
{
    struct slice said = http_field(request, "Sec-Fetch-Site", NULL);

    return said.at && !slice_is(said, "same-origin") && !slice_is(said, "none");
}

static bool refuse_form(struct page *page)
{
    return words_alone(page, 403, "Nothing was done",
                       "This button stood on a page from before you signed in, or on somebody "
                       "else's. Open the page again and press it there.");
}

static bool write_for_owner(struct page *page, struct store_view *view, struct err *err)
{
    struct owner_turn *it = owner_turn_of(page);
    struct bridge *bridge = page->web->parts.bridge;
    struct slice session = slice_of(it->session ? it->session : "");
    struct owner_pass pass;
    enum found found = bridge_owner_session(view, session, &pass, err);

    it->post = false;
    if (found == ABSENT)
        return owner_go(page, "/sign-in");
    account_clear(&it->owner); /* of a first run */
    if (found == FAILED || store_account(view, pass.account_id, &it->owner, err) != FOUND)
        return false;
    bridge_owner_form_word(bridge, session, page->form_word);
    if (it->page.errand.write) {
        it->post = it->said && bridge_owner_form_word_is(bridge, session, slice_of(it->said));
        if (!it->post)
            return refuse_form(page);
    }
    return it->write(page, view, err);
}

static bool record_for_owner(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct owner_turn *it = owner_turn_of(container_of(errand, struct page, errand));

    return !it->post || it->deed(it, tx, err);
}

static void owner_turn_free(struct errand *errand)
{
    struct owner_turn *it = owner_turn_of(container_of(errand, struct page, errand));

    owner_turn_clear(it);
    free(it);
}

void owner_turn_init(struct owner_turn *it, void *face, const struct http_turn *turn,
                     page_writer *write, owner_deed *deed)
{
    scoped_value(bytes) said = {0};

    page_init(&it->page, face, turn, write_for_owner);
    it->page.errand.free = owner_turn_free;
    it->page.quiet = true;
    it->write = write;
    it->deed = deed;
    if (deed && slice_is(turn->request->method, "POST"))
        it->page.errand.write = record_for_owner;
    it->session = session_word(turn->request);
    if (!caller_is_elsewhere(turn->request) && http_form_field(turn->request, "form", &said))
        it->said = bytes_take(&said);
}

void owner_turn_clear(struct owner_turn *it)
{
    free(it->session);
    free(it->said);
    account_clear(&it->owner);
    page_clear(&it->page);
}

static const struct {
    const char *path, *words;
} owner_pages[] = {
    {"/contacts", "Contacts"},
    {"/keys",     "Keys"    },
};

void owner_begin(struct page *page, const char *title, const char *here)
{
    words_begin(page, title);
    bytes_add_text(&page->html, "<nav aria-label=\"Yours\"><ul class=\"row\">\n");
    for (size_t i = 0; i < COUNT_OF(owner_pages); i++)
        bytes_print(&page->html, "<li><a href=\"%s\"%s>%s</a></li>\n", owner_pages[i].path,
                    strcmp(owner_pages[i].path, here) == 0 ? " aria-current=\"page\"" : "",
                    owner_pages[i].words);
    bytes_add_text(&page->html, "</ul></nav>\n");
}

void owner_end(struct page *page)
{
    bytes_add_text(&page->html, "<hr>\n");
    words_form(page, "/sign-out");
    bytes_add_text(&page->html, "<button class=\"plain\">Sign out</button></form>\n");
    words_end(page);
}

bool owner_says(struct page *page, int status, const char *title, const char *words)
{
    owner_begin(page, title, "");
    page->status = status;
    words_say(page, words);
    owner_end(page);
    return true;
}

/* ---- asking for a link ---- */
struct asking {
    struct page page;
    struct owner_request request;
};

static struct asking *asking_of(struct page *page)
{
    return container_of(page, struct asking, page);
}

static void asking_free(struct errand *errand)
{
    struct asking *it = asking_of(container_of(errand, struct page, errand));

    owner_request_clear(&it->request);
    page_clear(&it->page);
    free(it);
}

static bool write_form(struct page *page, struct store_view *view, struct err *err)
{
    (void)view, (void)err;
    words_begin(page, "Sign in");
    words_say(page, "Whoever has an account here signs in by a link that comes to their own mail. "
                    "There is no password to type.");
    words_form(page, NULL);
    bytes_add_text(&page->html,
                   "<label for=\"address\">Your address here</label>\n<input id=\"address\" "
                   "name=\"address\" type=\"email\" maxlength=\"254\" required "
                   "autocomplete=\"email\"><button>Send me the link</button></form>\n");
    words_end(page);
    return true;
}

/* The same whoever is asked about. */
static bool write_sent(struct page *page, struct store_view *view, struct err *err)
{
    if (!bridge_owner_ask(page->web->parts.bridge, view, &asking_of(page)->request, err))
        return false;
    words_begin(page, "Look into your mail");
    bytes_print(&page->html,
                "<p>If this address has an account here, a link is on its way to it. It is good "
                "for %d minutes, and once.</p>\n",
                OWNER_LINK_MINUTES);
    words_say(page, "At most three links are sent in an hour. If none comes, wait a little and ask "
                    "again.");
    words_end(page);
    return true;
}

static bool record_sent(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);

    return bridge_owner_ask_record(page->web->parts.bridge, tx, &asking_of(page)->request, err);
}

enum next on_sign_in(void *face, struct http_turn *turn)
{
    struct asking *it = must_new(struct asking);
    const struct http_request *request = turn->request;
    char *address =
        slice_is(request->method, "POST") ? http_form_value(request->body, "address") : NULL;

    page_init(&it->page, face, turn, address ? write_sent : write_form);
    it->page.errand.free = asking_free;
    it->page.quiet = true;
    if (address) {
        it->request.address = address;
        it->request.network = must_dup(request->peer->text);
        it->page.errand.lane = LANE_HEAVY;
        it->page.errand.deadline_ms = monotonic_ms() + SEAL_WITHIN_MS;
        it->page.errand.write = record_sent;
    }
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

/* ---- the link ---- */
struct entering {
    struct page page;
    bool post, elsewhere;   /* elsewhere: another site pressed the button */
    struct owner_pass link; /* account_id 0: none */
    char word[TOKEN_LEN + 1];
};

static struct entering *entering_of(struct page *page)
{
    return container_of(page, struct entering, page);
}

static void entering_free(struct errand *errand)
{
    struct entering *it = entering_of(container_of(errand, struct page, errand));

    page_clear(&it->page);
    free(it);
}

static bool ask_to_enter(struct page *page, struct store_view *view, int64_t account_id,
                         struct err *err)
{
    scoped_value(account) account = {0};

    if (store_account(view, account_id, &account, err) != FOUND)
        return false;
    scoped_text char *address = owner_address(&account);
    scoped_text char *title = must_print("Sign in as %s?", address);
    words_begin(page, title);
    bytes_print(&page->html,
                "<p>This browser then sees and decides who may write to you, for %d days or until "
                "you sign out.</p>\n",
                OWNER_SESSION_DAYS);
    words_button(page, "yes", "Sign in", "main");
    words_end(page);
    return true;
}

static bool write_link(struct page *page, struct store_view *view, struct err *err)
{
    struct entering *it = entering_of(page);

    it->link.account_id = 0;
    if (it->elsewhere) /* else it signs somebody in as somebody else */
        return refuse_form(page);
    enum found found =
        bridge_owner_link(view, slice_of(page->parts[0] ? page->parts[0] : ""), &it->link, err);

    if (found == FAILED)
        return false;
    if (found == ABSENT) {
        words_begin(page, "This link does nothing any more");
        page->status = 404;
        words_say(page, "It was used already, or is older than a quarter of an hour, or was not "
                        "copied whole.");
        bytes_add_text(&page->html, "<p><a href=\"/sign-in\">Ask for a new one</a></p>\n");
        words_end(page);
        return true;
    }
    if (!it->post)
        return ask_to_enter(page, view, it->link.account_id, err);
    token_new(it->word);
    free(page->cookie);
    page->cookie = must_print(COOKIE "=%s; Max-Age=%d; " COOKIE_TERMS, it->word,
                              OWNER_SESSION_DAYS * 24 * 60 * 60);
    return owner_go(page, PAGE_AFTER);
}

static bool record_link(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);
    struct entering *it = entering_of(page);

    return !it->link.account_id ||
           bridge_owner_enter(page->web->parts.bridge, tx, &it->link, it->word, err);
}

enum next on_sign_in_link(void *face, struct http_turn *turn)
{
    struct entering *it = must_new(struct entering);

    page_init(&it->page, face, turn, write_link);
    it->page.errand.free = entering_free;
    it->page.quiet = true;
    it->post = slice_is(turn->request->method, "POST");
    it->elsewhere = it->post && caller_is_elsewhere(turn->request);
    if (it->post)
        it->page.errand.write = record_link;
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

/* ---- out ---- */
struct leaving {
    struct owner_turn owner;
    struct owner_pass session;
};

static bool write_gone(struct page *page, struct store_view *view, struct err *err)
{
    struct leaving *it = container_of(owner_turn_of(page), struct leaving, owner);

    free(page->cookie);
    page->cookie = must_dup(COOKIE "=; Max-Age=0; " COOKIE_TERMS);
    if (bridge_owner_session(view, slice_of(it->owner.session), &it->session, err) == FAILED)
        return false;
    return owner_go(page, "/sign-in");
}

static bool record_gone(struct owner_turn *owner, struct store_tx *tx, struct err *err)
{
    return bridge_owner_leave(tx, &container_of(owner, struct leaving, owner)->session, err);
}

enum next on_sign_out(void *face, struct http_turn *turn)
{
    struct leaving *it = must_new(struct leaving);

    owner_turn_init(&it->owner, face, turn, write_gone, record_gone);
    turn->errand = &it->owner.page.errand;
    return NEXT_WAIT;
}
