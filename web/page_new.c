/*
 * https://D/new: a code that Delta Chat scans, and what it then asks for (docs/accounts.md).
 *
 * A GET shows the code.  A POST makes an account and answers in JSON: {"email", "password"}, or {"reason"} in words that
 * the app shows.  The word of an invitation stands in the URL, so the page loads nothing and is kept by nobody.
 */
#include "web_private.h"

#include "bridge_register.h"
#include "json.h"
#include "log.h"
#include "qr.h"
#include "settings.h"
#include "text.h"

enum { REGISTER_WITHIN_MS = 30 * SECOND_MS };

/* The word of the query, or NULL; *out_fits false: what stands there can be none. */
static char *word_asked(struct slice query, bool *out_fits)
{
    char *word = query.at ? http_form_value(query, "t") : NULL;
    size_t len = word ? strlen(word) : 0;

    *out_fits = !word || (len == INVITATION_WORD_LEN &&
                          strspn(word, "0123456789abcdefghijklmnopqrstuvwxyz") == len);
    return word;
}

/* ---- the page ---- */

struct new_page {
    struct page page;
    char *word; /* of an invitation, or NULL */
    bool fits;
};

static struct new_page *new_of(struct page *page)
{
    return container_of(page, struct new_page, page);
}

static void new_page_free(struct errand *errand)
{
    struct new_page *it = new_of(container_of(errand, struct page, errand));

    free(it->word);
    page_clear(&it->page);
    free(it);
}

static void begin(struct page *page)
{
    scoped_text char *title = must_print("An account at %s", page->domain);

    words_begin(page, title);
}

static void say_fee(struct page *page)
{
    struct bytes *html = &page->html;

    bytes_add_text(html, "<p>It costs ");
    page_text(page, page->web->parts.config->fee);
    bytes_add_text(html,
                   ". The mail brings your public key, attached, and has a line with the name that "
                   "you want:</p>\n<pre>claim NAME@");
    page_text(page, page->domain);
    bytes_add_text(html, "</pre>\n");
}

static bool refuse(struct page *page, enum register_answer answer)
{
    begin(page);
    page->status = 403;
    words_say(page, register_words(answer));
    if (answer == REGISTER_FEE)
        say_fee(page);
    words_end(page);
    return true;
}

static bool show_code(struct page *page, const char *word, struct err *err)
{
    scoped_text char *link = register_link(page->domain, word);
    scoped_text char *code = must_print("DCACCOUNT:%s", link);
    scoped_value(qr) qr = {0};
    struct bytes *html = &page->html;

    if (!qr_make(code, &qr, err))
        return false;
    begin(page);
    bytes_add_text(html,
                   "<p>Scan this code with <a href=\"https://delta.chat/\">Delta Chat</a> and you "
                   "have an address here: to chat, to write mail, and to be followed from the "
                   "Fediverse. Nobody asks who you are; the program invents name and password."
                   "</p>\n<figure>");
    qr_svg(&qr, "QR code for Delta Chat; the link below does the same", html);
    bytes_add_text(html, "</figure>\n<p><a class=\"button\" href=\"dcaccount:");
    page_text(page, link);
    bytes_add_text(html, "\">Open in Delta Chat</a></p>\n"
                         "<p class=\"quiet\">Or paste this where the program asks for a code: "
                         "<code>");
    page_text(page, code);
    bytes_print(html,
                "</code></p>\n<p class=\"quiet\">To print: <a href=\"/new.png%s%s\">the code "
                "as PNG</a>, <a href=\"/new.svg%s%s\">as SVG</a>.</p>\n",
                word ? "?t=" : "", word ? word : "", word ? "?t=" : "", word ? word : "");
    bytes_add_text(html,
                   "<p>Then give the program <a href=\"/contacts.vcf\">the contacts of this "
                   "server</a>: write to <b>PUBLIC post</b> and everybody can read it, to <b>My "
                   "followers</b> and they can, encrypted on the way here. From your first message "
                   "to one of them on, what comes for you from the Fediverse and by ordinary mail "
                   "is shown in chats.</p>\n");
    words_end(page);
    return true;
}

static bool write_new(struct page *page, struct store_view *view, struct err *err)
{
    const struct new_page *it = new_of(page);
    enum register_answer answer = REGISTER_SPENT;

    if (it->fits && !bridge_register_look(page->web->parts.bridge, view, it->word, &answer, err))
        return false;
    return answer == REGISTER_DONE ? show_code(page, it->word, err) : refuse(page, answer);
}

enum next on_new(void *face, struct http_turn *turn)
{
    struct new_page *it = must_new(struct new_page);

    page_init(&it->page, face, turn, write_new);
    it->page.errand.free = new_page_free;
    it->page.quiet = true;
    it->word = word_asked(turn->request->query, &it->fits);
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

/* ---- the code alone ---- */

static enum next answer_code(void *face, struct http_turn *turn, const char *type,
                             void (*draw)(const struct qr *, struct bytes *))
{
    bool fits;
    struct err err;
    scoped_text char *word = word_asked(turn->request->query, &fits);
    scoped_text char *domain = page_domain(face, turn->request->host);
    scoped_text char *link = register_link(domain, fits ? word : NULL);
    scoped_text char *code = must_print("DCACCOUNT:%s", link);
    scoped_value(qr) qr = {0};
    scoped_value(bytes) drawn = {0};

    if (!fits || !qr_make(code, &qr, &err)) {
        http_answer_text(turn->response, 404, "There is no such code.");
        return NEXT_READ;
    }
    draw(&qr, &drawn);
    http_add_field(turn->response, "X-Content-Type-Options", "nosniff");
    http_add_field(turn->response, "Cache-Control", word ? "no-store" : "public, max-age=86400");
    http_answer(turn->response, 200, type, bytes_slice(&drawn));
    return NEXT_READ;
}

static void draw_svg(const struct qr *qr, struct bytes *out)
{
    qr_svg(qr, "QR code for Delta Chat", out);
}

enum next on_new_svg(void *face, struct http_turn *turn)
{
    return answer_code(face, turn, "image/svg+xml", draw_svg);
}

enum next on_new_png(void *face, struct http_turn *turn)
{
    return answer_code(face, turn, "image/png", qr_png);
}

/* ---- what Delta Chat asks ---- */

struct entry { /* of somebody new */
    struct errand errand;
    const struct web *web;
    struct newcomer newcomer;
    bool fits;
};

static struct entry *entry_of(struct errand *errand)
{
    return container_of(errand, struct entry, errand);
}

static void entry_free(struct errand *errand)
{
    struct entry *it = entry_of(errand);

    newcomer_clear(&it->newcomer);
    free(it);
}

static bool record_entry(struct errand *errand, struct store_tx *tx, struct err *err)
{
    struct entry *it = entry_of(errand);
    int64_t account_id;

    return bridge_register_record(it->web->parts.bridge, tx, &it->newcomer, &account_id, err);
}

static bool prepare_entry(struct errand *errand, struct err *err)
{
    struct entry *it = entry_of(errand);

    if (!bridge_register_prepare(it->web->parts.bridge, &it->newcomer, err))
        return false;
    errand->write = it->newcomer.answer == REGISTER_DONE ? record_entry : NULL;
    return true;
}

static void answer_json(struct http_turn *turn, int status, struct bytes *text)
{
    http_add_field(turn->response, "Cache-Control", "no-store");
    http_add_field(turn->response, "X-Content-Type-Options", "nosniff");
    http_answer(turn->response, status, "application/json", bytes_slice(text));
    bytes_wipe(text);
}

static enum next answer_reason(struct http_turn *turn, int status, const char *reason)
{
    scoped_value(bytes) text = {0};
    struct json json = json_to(&text);

    json_open(&json, NULL);
    json_text(&json, "reason", reason);
    json_end(&json);
    answer_json(turn, status, &text);
    return NEXT_READ;
}

static enum next answer_account(struct http_turn *turn, const struct newcomer *newcomer)
{
    scoped_value(bytes) text = {0};
    scoped_text char *address = must_print("%s@%s", newcomer->user, newcomer->domain);
    struct json json = json_to(&text);

    json_open(&json, NULL);
    json_text(&json, "email", address);
    json_slice(&json, "password", bytes_slice(&newcomer->password));
    if (newcomer->account.ends_ms)
        json_number(&json, "ttl",
                    (newcomer->account.ends_ms - newcomer->account.created_ms) / SECOND_MS);
    json_end(&json);
    answer_json(turn, 200, &text);
    return NEXT_READ;
}

enum next on_new_account(void *face, struct http_turn *turn)
{
    struct entry *it = must_new(struct entry);

    it->errand = (struct errand){.lane = LANE_HEAVY,
                                 .work = prepare_entry,
                                 .free = entry_free,
                                 .one_by_one = true, /* keys take a while, as passwords do */
                                 .deadline_ms = monotonic_ms() + REGISTER_WITHIN_MS};
    it->web = face;
    it->newcomer.word = word_asked(turn->request->query, &it->fits);
    if (!it->fits) {
        entry_free(&it->errand);
        return answer_reason(turn, 403, register_words(REGISTER_SPENT));
    }
    it->newcomer.domain = page_domain(face, turn->request->host);
    it->newcomer.network = must_dup(turn->request->peer->text);
    turn->errand = &it->errand;
    return NEXT_WAIT;
}

enum next new_account_made(void *face, struct http_turn *turn, struct errand *back)
{
    const struct newcomer *newcomer = &entry_of(back)->newcomer;
    enum next next;

    (void)face;
    if (!back->ok) {
        log_error("an account could not be made: %s (%s)", back->err.said, back->err.cause);
        next = answer_reason(turn, 503, "The server is busy. Try again in a minute.");
    } else if (newcomer->answer != REGISTER_DONE) {
        next = answer_reason(turn, newcomer->answer == REGISTER_TOO_MANY ? 429 : 403,
                             register_words(newcomer->answer));
    } else {
        log_info("somebody from %s made an account at %s", newcomer->network, newcomer->domain);
        next = answer_account(turn, newcomer);
    }
    errand_free(back);
    return next;
}

/* ---- settings of mail programs ---- */

enum next on_autoconfig(void *face, struct http_turn *turn)
{
    const struct web *web = face;
    struct slice host = turn->request->host;
    scoped_value(bytes) text = {0};

    if (slice_starts_nocase(host, "autoconfig."))
        host = slice_from(host, strlen("autoconfig."));
    scoped_text char *domain = page_domain(web, host);
    settings_autoconfig(web->parts.config, domain, &text);
    http_answer(turn->response, 200, "text/xml; charset=utf-8", bytes_slice(&text));
    return NEXT_READ;
}

enum next on_apple(void *face, struct http_turn *turn)
{
    const struct web *web = face;
    struct slice query = turn->request->query;
    scoped_text char *domain = page_domain(web, turn->request->host);
    scoped_text char *address = query.at ? http_form_value(query, "address") : NULL;
    scoped_value(bytes) text = {0};
    size_t at = address ? slice_find_last(slice_of(address), '@') : SIZE_MAX;
    bool ours = at != SIZE_MAX && utf8_valid(slice_of(address)) &&
                config_hosts(web->parts.config, slice_from(slice_of(address), at + 1));

    settings_apple(web->parts.config, domain, ours ? address : NULL, &text);
    http_add_field(turn->response, "Content-Disposition",
                   "attachment; filename=\"mail.mobileconfig\"");
    http_add_field(turn->response, "X-Content-Type-Options", "nosniff");
    http_answer(turn->response, 200, "application/x-apple-aspen-config", bytes_slice(&text));
    return NEXT_READ;
}
