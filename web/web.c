/* Routes, and how a page gets from a request to its answer. */
#include "web_private.h"

#include "digest.h"
#include "log.h"
#include "text.h"

enum { PAGE_DEADLINE_MS = 10 * SECOND_MS };

static const char security_policy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

static bool write_page(struct errand *errand, struct err *err)
{
    struct page *page = container_of(errand, struct page, errand);
    scoped(store_view) view = store_look(page->web->parts.store, err);

    return view && page->write(page, view, err);
}

void page_clear(struct page *page)
{
    for (size_t i = 0; i < COUNT_OF(page->parts); i++)
        free(page->parts[i]);
    free(page->domain);
    free(page->activity_id);
    free(page->feeds_of);
    free(page->location);
    free(page->cookie);
    bytes_clear(&page->html);
}

static void page_free(struct errand *errand)
{
    struct page *page = container_of(errand, struct page, errand);

    page_clear(page);
    free(page);
}

static char *decoded(struct slice part)
{
    scoped_value(bytes) out = {0};

    if (!part.at || !percent_read(part, &out) || !utf8_valid(bytes_slice(&out)))
        return NULL;
    return bytes_take(&out);
}

char *page_domain(const struct web *web, struct slice host)
{
    scoped_text char *canonical = NULL;
    struct err err;

    if (config_hosts(web->parts.config, host) && host_canonical(host, &canonical, &err))
        return steal(&canonical);
    return must_dup(web->parts.config->domains[0]);
}

int64_t page_number_asked(const struct http_request *request, const char *name)
{
    int64_t number = 0;
    scoped_text char *value = request->query.at ? http_form_value(request->query, name) : NULL;

    if (value && !slice_to_number(slice_of(value), INT64_MAX, &number))
        return 0;
    return number;
}

void page_init(struct page *page, void *face, const struct http_turn *turn, page_writer *write)
{
    page->errand = (struct errand){.lane = LANE_QUICK,
                                   .work = write_page,
                                   .free = page_free,
                                   .deadline_ms = monotonic_ms() + PAGE_DEADLINE_MS};
    page->web = face;
    page->write = write;
    page->status = 200;
    page->domain = page_domain(face, turn->request->host);
    page->before = page_number_asked(turn->request, "before");
    for (size_t i = 0; i < COUNT_OF(page->parts); i++)
        page->parts[i] = decoded(turn->parts[i]);
}

static enum next start_page(void *face, struct http_turn *turn, page_writer *write)
{
    struct page *page = must_new(struct page);

    page_init(page, face, turn, write);
    turn->errand = &page->errand;
    return NEXT_WAIT;
}

static void answer_page(struct http_turn *turn, struct page *page)
{
    struct http_response *response = turn->response;

    if (page->cookie)
        http_add_field(response, "Set-Cookie", page->cookie);
    if (page->location && page->quiet)
        http_add_field(response, "Cache-Control", "no-store");
    if (page->location) {
        http_add_field(response, "Location", page->location);
        http_add_field(response, "Vary", "Accept");
        http_answer_text(response, 303, "See there");
        return;
    }
    if (page->activity_id && page->status == 200) {
        scoped_text char *link = must_print(
            "<%s>; rel=\"alternate\"; type=\"application/activity+json\"", page->activity_id);
        http_add_field(response, "Link", link);
    }
    scoped_text char *policy =
        must_print("%s%s", page->quiet ? page->web->quiet_policy : security_policy,
                   page->faces ? "; img-src 'self'" : "");
    http_add_field(response, "Content-Security-Policy", policy);
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_add_field(response, "Referrer-Policy", "no-referrer");
    http_add_field(response, "Cache-Control", page->quiet ? "no-store" : "public, max-age=60");
    http_add_field(response, "Vary", "Accept");
    http_answer(response, page->status, "text/html; charset=utf-8", bytes_slice(&page->html));
}

/* What an owner can mend is said to them. */
static bool say_mistake(struct page *page, const struct err *err)
{
    if (!page->form_word[0] ||
        (err->kind != ERR_MALFORMED && err->kind != ERR_ABSENT && err->kind != ERR_REFUSED))
        return false;
    free(steal(&page->location)); /* of what would have been done */
    return owner_says(page, 422, "Not done", err->said);
}

enum next page_end_turn(void *face, struct http_turn *turn, struct errand *back)
{
    (void)face;
    struct page *page = container_of(back, struct page, errand);
    if (back->ok || say_mistake(page, &back->err)) {
        answer_page(turn, page);
    } else {
        log_error("web page failed: %s (%s)", back->err.said, back->err.cause);
        http_answer_text(turn->response, 503,
                         "This page cannot be shown just now. Try again soon.");
    }
    errand_free(back);
    return NEXT_READ;
}

static enum next on_front(void *face, struct http_turn *turn)
{
    return start_page(face, turn, write_front);
}

static enum next on_profile(void *face, struct http_turn *turn)
{
    return start_page(face, turn, write_profile);
}

static enum next on_post(void *face, struct http_turn *turn)
{
    return start_page(face, turn, write_post);
}

static enum next on_actor(void *face, struct http_turn *turn)
{
    return start_page(face, turn, redirect_actor);
}

static enum next on_object(void *face, struct http_turn *turn)
{
    return start_page(face, turn, redirect_post);
}

static enum next on_hashtag(void *face, struct http_turn *turn)
{
    return start_page(face, turn, write_hashtag);
}

static enum next on_first_mail(void *face, struct http_turn *turn)
{
    return start_page(face, turn, write_first_mail);
}

static enum next on_style(void *face, struct http_turn *turn)
{
    (void)face;
    http_add_field(turn->response, "Cache-Control", "public, max-age=86400");
    http_add_field(turn->response, "X-Content-Type-Options", "nosniff");
    http_answer(turn->response, 200, "text/css; charset=utf-8", slice_of(page_style));
    return NEXT_READ;
}

static enum next on_robots(void *face, struct http_turn *turn)
{
    (void)face;
    http_answer(turn->response, 200, "text/plain; charset=utf-8",
                SLICE("User-agent: *\nDisallow: /media/\n"));
    return NEXT_READ;
}

static const struct http_route routes[] = {
  /* clang-format off */
    {"GET", "/",                   ACCEPT_PAGE, on_front,      page_end_turn,     NULL},
    {"GET", "/@{}",                ACCEPT_PAGE, on_profile,    page_end_turn,     NULL},
    {"GET", "/@{}.atom",           ACCEPT_ANY,  on_feed_atom,  feed_written,      NULL},
    {"GET", "/@{}.rss",            ACCEPT_ANY,  on_feed_rss,   feed_written,      NULL},
    {"GET", "/@{}.json",           ACCEPT_ANY,  on_feed_json,  feed_written,      NULL},
    {"GET", "/@{}/{}",             ACCEPT_PAGE, on_post,       page_end_turn,     NULL},
    {"GET", "/users/{}",           ACCEPT_PAGE, on_actor,      page_end_turn,     NULL},
    {"GET", "/users/{}/posts/{}",  ACCEPT_PAGE, on_object,     page_end_turn,     NULL},
    {"GET", "/tags/{}",            ACCEPT_PAGE, on_hashtag,    page_end_turn,     NULL},
    {"POST", "/@{}/subscribe",     ACCEPT_ANY,  on_list_ask,      page_end_turn,  NULL},
    {"GET",  "/subscribe/{}",      ACCEPT_ANY,  on_list_question, page_end_turn,  NULL},
    {"POST", "/subscribe/{}",      ACCEPT_ANY,  on_list_question, page_end_turn,  NULL},
    {"GET",  "/unsubscribe/{}",    ACCEPT_ANY,  on_list_stop,     page_end_turn,  NULL},
    {"GET",  "/sign-in",           ACCEPT_ANY,  on_sign_in,       page_end_turn,  NULL},
    {"POST", "/sign-in",           ACCEPT_ANY,  on_sign_in,       page_end_turn,  NULL},
    {"GET",  "/sign-in/{}",        ACCEPT_ANY,  on_sign_in_link,  page_end_turn,  NULL},
    {"POST", "/sign-in/{}",        ACCEPT_ANY,  on_sign_in_link,  page_end_turn,  NULL},
    {"POST", "/sign-out",          ACCEPT_ANY,  on_sign_out,      page_end_turn,  NULL},
    {"GET",  "/contacts",          ACCEPT_ANY,  on_contacts,      page_end_turn,  NULL},
    {"POST", "/contacts",          ACCEPT_ANY,  on_contacts,      page_end_turn,  NULL},
    {"GET",  "/contacts/person/{}", ACCEPT_ANY, on_contacts_person, page_end_turn, NULL},
    {"POST", "/contacts/person/{}", ACCEPT_ANY, on_contacts_person, page_end_turn, NULL},
    {"GET",  "/contacts/person/{}/picture", ACCEPT_ANY, on_portrait_of_person, portrait_found, NULL},
    {"GET",  "/contacts/stream",   ACCEPT_ANY,  stream_begin,   stream_resume, stream_more},
    {"GET",  "/contacts/push",     ACCEPT_ANY,  push_begin,     push_resume,   NULL},
    {"POST", "/contacts/push",     ACCEPT_ANY,  push_begin,     push_resume,   NULL},
    {"GET",  "/contacts/{}",       ACCEPT_ANY,  on_contact,       page_end_turn,  NULL},
    {"POST", "/contacts/{}",       ACCEPT_ANY,  on_contact,       page_end_turn,  NULL},
    {"GET",  "/contacts/{}/picture", ACCEPT_ANY, on_portrait,     portrait_found, NULL},
    {"GET",  "/.well-known/openpgpkey/hu/{}",     ACCEPT_ANY, on_key_direct,   key_file_end, NULL},
    {"GET",  "/.well-known/openpgpkey/{}/hu/{}",  ACCEPT_ANY, on_key_advanced, key_file_end, NULL},
    {"GET",  "/.well-known/openpgpkey/policy",    ACCEPT_ANY, on_key_policy,   NULL,         NULL},
    {"GET",  "/.well-known/openpgpkey/{}/policy", ACCEPT_ANY, on_key_policy,   NULL,         NULL},
    {"GET",  "/keys",              ACCEPT_ANY,  on_keys,          page_end_turn,  NULL},
    {"POST", "/keys",              ACCEPT_ANY,  on_keys,          page_end_turn,  NULL},
    {"GET",  "/claim/{}",          ACCEPT_ANY,  on_claim,         page_end_turn,  NULL},
    {"POST", "/claim/{}",          ACCEPT_ANY,  on_claim,         page_end_turn,  NULL},
    {"GET",  "/keys/{}",           ACCEPT_ANY,  on_key,           page_end_turn,  NULL},
    {"POST", "/keys/{}",           ACCEPT_ANY,  on_key,           page_end_turn,  NULL},
    {"POST", "/unsubscribe/{}",    ACCEPT_ANY,  on_list_stop,     page_end_turn,  NULL},
    {"GET", "/about/first-mail",   ACCEPT_ANY,  on_first_mail, page_end_turn,     NULL},
    {"GET", "/new",                ACCEPT_ANY,  on_new,        page_end_turn,     NULL},
    {"POST", "/new",               ACCEPT_ANY,  on_new_account, new_account_made, NULL},
    {"GET", "/contacts.vcf",       ACCEPT_ANY,  on_cards,      cards_written,     NULL},
    {"GET", "/new.svg",            ACCEPT_ANY,  on_new_svg,    NULL,         NULL},
    {"GET", "/new.png",            ACCEPT_ANY,  on_new_png,    NULL,         NULL},
    {"GET", "/.well-known/autoconfig/mail/config-v1.1.xml", ACCEPT_ANY, on_autoconfig, NULL, NULL},
    {"GET", "/mail/config-v1.1.xml", ACCEPT_ANY, on_autoconfig, NULL,        NULL},
    {"GET", "/mail/apple.mobileconfig", ACCEPT_ANY, on_apple,  NULL,         NULL},
    {"GET", "/media/{}",           ACCEPT_ANY,  media_begin,   media_resume, media_more},
    {"GET", "/style.css",          ACCEPT_ANY,  on_style,      NULL,         NULL},
    {"GET", "/robots.txt",         ACCEPT_ANY,  on_robots,     NULL,         NULL},
  /* clang-format on */
};

/* The style stands in such a page itself, and is known by its digest. */
static char *make_quiet_policy(void)
{
    unsigned char digest[SHA256_LEN];
    scoped_value(bytes) text = {0};

    sha256(slice_of(page_style), digest);
    base64_add(&text, (struct slice){(const char *)digest, sizeof digest});
    return must_print("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; "
                      "form-action 'self'; frame-ancestors 'none'",
                      text.at);
}

struct web *web_new(const struct web_parts *parts)
{
    struct web *web = must_new(struct web);

    web->parts = *parts;
    web->quiet_policy = make_quiet_policy();
    return web;
}

void web_free(struct web *it)
{
    if (!it)
        return;
    free(it->quiet_policy);
    free(it);
}

struct http_face web_face(struct web *it)
{
    return (struct http_face){.routes = routes, .count = COUNT_OF(routes), .face = it};
}
