/*
 * The picture of somebody who asks, for the owner's pages (docs/contact-requests.md): kept here, so that nobody elsewhere
 * hears that it is looked at.  Who may see the page may see it.
 */
#include "web_private.h"

#include "log.h"

enum { LOOK_WITHIN_MS = 10 * SECOND_MS };

struct portrait_look { /* an errand */
    struct errand errand;
    const struct web *web;
    struct caller caller;
    char *word;         /* of a request's page; or NULL */
    int64_t contact_id; /* else: of whom on the list */
    struct portrait portrait;
};

static void look_free(struct errand *errand)
{
    struct portrait_look *look = container_of(errand, struct portrait_look, errand);

    caller_clear(&look->caller);
    free(look->word);
    portrait_clear(&look->portrait);
    free(look);
}

static enum found find_contact(struct portrait_look *look, struct store_view *view,
                               struct contact_page *out, struct err *err)
{
    int64_t account_id;

    if (look->word)
        return bridge_contact_page(look->web->parts.bridge, view, slice_of(look->word), out, err);
    enum found found = caller_account(look->web, view, &look->caller, &account_id, err);
    return found == FOUND ? bridge_contact_row_page(view, account_id, look->contact_id, out, err)
                          : found;
}

static bool find_portrait(struct errand *errand, struct err *err)
{
    struct portrait_look *look = container_of(errand, struct portrait_look, errand);
    scoped_value(contact_page) contact = {0};
    scoped(store_view) view = store_look(look->web->parts.store, err);
    enum found found = view ? find_contact(look, view, &contact, err) : FAILED;

    portrait_clear(&look->portrait);
    if (found == FOUND)
        found = store_portrait(view, contact.person_id, &look->portrait, err);
    return found != FAILED;
}

static enum next start(void *face, struct http_turn *turn, struct portrait_look *look)
{
    look->errand = (struct errand){.lane = LANE_QUICK,
                                   .work = find_portrait,
                                   .free = look_free,
                                   .deadline_ms = monotonic_ms() + LOOK_WITHIN_MS};
    look->web = face;
    turn->errand = &look->errand;
    return NEXT_WAIT;
}

enum next on_portrait(void *face, struct http_turn *turn)
{
    struct portrait_look *look = must_new(struct portrait_look);

    look->word = must_copy(turn->parts[0]);
    return start(face, turn, look);
}

enum next on_portrait_of_person(void *face, struct http_turn *turn)
{
    struct portrait_look *look = must_new(struct portrait_look);

    caller_read(turn->request, &look->caller);
    if (!slice_to_number(turn->parts[0], INT64_MAX, &look->contact_id))
        look->contact_id = 0;
    return start(face, turn, look);
}

enum next portrait_found(void *face, struct http_turn *turn, struct errand *back)
{
    const struct portrait_look *look = container_of(back, struct portrait_look, errand);
    struct http_response *response = turn->response;

    (void)face;
    http_add_field(response, "Cache-Control", "no-store");
    http_add_field(response, "X-Content-Type-Options", "nosniff");
    http_add_field(response, "Content-Security-Policy", "default-src 'none'; sandbox");
    if (!back->ok) {
        log_error("web portrait failed: %s (%s)", back->err.said, back->err.cause);
        http_answer_text(response, 503, "This picture cannot be shown just now.");
    } else if (!look->portrait.type) {
        http_answer_text(response, 404, "There is nothing here.");
    } else {
        http_answer(response, 200, look->portrait.type, bytes_slice(&look->portrait.content));
    }
    errand_free(back);
    return NEXT_READ;
}
