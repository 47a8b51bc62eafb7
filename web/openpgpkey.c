/*
 * The Web Key Directory: keys of the people here, for whoever wants to write to them encrypted (draft-koch-openpgp-webkey-
 * service; docs/at-rest.md).
 *
 *     https://D/.well-known/openpgpkey/hu/HASH?l=alice                     direct
 *     https://openpgpkey.D/.well-known/openpgpkey/D/hu/HASH?l=alice        advanced
 */
#include "web_private.h"

#include "bridge_key.h"

struct key_file {
    struct page page; /* html: the key */
    char *asked;      /* ?l=, or NULL */
    int part;         /* of the path: the hash */
};

static struct key_file *file_of(struct page *page)
{
    return container_of(page, struct key_file, page);
}

static void key_file_free(struct errand *errand)
{
    struct key_file *it = file_of(container_of(errand, struct page, errand));

    free(it->asked);
    page_clear(&it->page);
    free(it);
}

static bool write_key(struct page *page, struct store_view *view, struct err *err)
{
    struct key_file *it = file_of(page);
    const char *hash = page->parts[it->part] ? page->parts[it->part] : "";

    bytes_reset(&page->html);
    enum found found =
        bridge_published_key(page->web->parts.bridge, view, slice_of(page->domain), slice_of(hash),
                             slice_of(it->asked ? it->asked : ""), &page->html, err);
    page->status = found == FOUND ? 200 : 404;
    return found != FAILED;
}

static enum next answer(struct http_turn *turn, int status, const char *type, struct slice content)
{
    struct http_response *response = turn->response;

    http_add_field(response, "Access-Control-Allow-Origin", "*");
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_add_field(response, "Cache-Control", "public, max-age=300");
    http_answer(response, status, type, content);
    return NEXT_READ;
}

enum next key_file_end(void *face, struct http_turn *turn, struct errand *back)
{
    struct page *page = container_of(back, struct page, errand);

    (void)face;
    if (!back->ok)
        http_answer_text(turn->response, 503, "This key cannot be shown just now. Try again soon.");
    else if (page->status == 200)
        answer(turn, 200, "application/octet-stream", bytes_slice(&page->html));
    else
        answer(turn, 404, "text/plain; charset=utf-8", SLICE("There is no such key here.\n"));
    errand_free(back);
    return NEXT_READ;
}

static enum next start(void *face, struct http_turn *turn, struct slice domain, int part)
{
    const struct web *web = face;
    struct key_file *it;

    if (!config_hosts(web->parts.config, domain))
        return answer(turn, 404, "text/plain; charset=utf-8", SLICE("This domain is not here.\n"));
    it = must_new(struct key_file);
    page_init(&it->page, face, turn, write_key);
    it->page.errand.free = key_file_free;
    it->part = part;
    free(it->page.domain);
    it->page.domain = page_domain(web, domain);
    it->asked = turn->request->query.at ? http_form_value(turn->request->query, "l") : NULL;
    turn->errand = &it->page.errand;
    return NEXT_WAIT;
}

enum next on_key_direct(void *face, struct http_turn *turn)
{
    return start(face, turn, turn->request->host, 0);
}

enum next on_key_advanced(void *face, struct http_turn *turn)
{
    return start(face, turn, turn->parts[0], 1);
}

/* An empty one: nothing else is offered than keys. */
enum next on_key_policy(void *face, struct http_turn *turn)
{
    (void)face;
    return answer(turn, 200, "text/plain; charset=utf-8", SLICE(""));
}
