/* https://D/contacts.vcf: whom a chat account can write to here, with their keys (docs/accounts.md). */
#include "web_private.h"

#include "bridge_register.h"
#include "log.h"

enum { CARDS_WITHIN_MS = 30 * SECOND_MS };

struct cards {
    struct errand errand;
    const struct web *web;
    char *domain;
    struct bytes text;
};

static struct cards *cards_of(struct errand *errand)
{
    return container_of(errand, struct cards, errand);
}

static void cards_free(struct errand *errand)
{
    struct cards *it = cards_of(errand);

    bytes_clear(&it->text);
    free(it->domain);
    free(it);
}

static bool write_cards(struct errand *errand, struct err *err)
{
    struct cards *it = cards_of(errand);

    bytes_reset(&it->text);
    return bridge_own_cards(it->web->parts.bridge, it->domain, &it->text, err);
}

/* The first time keys are made: not on the loop, and not in the lane of those who only look. */
enum next on_cards(void *face, struct http_turn *turn)
{
    struct cards *it = must_new(struct cards);

    it->errand = (struct errand){.lane = LANE_HEAVY,
                                 .work = write_cards,
                                 .free = cards_free,
                                 .one_by_one = true,
                                 .deadline_ms = monotonic_ms() + CARDS_WITHIN_MS};
    it->web = face;
    it->domain = page_domain(face, turn->request->host);
    turn->errand = &it->errand;
    return NEXT_WAIT;
}

enum next cards_written(void *face, struct http_turn *turn, struct errand *back)
{
    (void)face;
    if (back->ok) {
        http_add_field(turn->response, "Content-Disposition",
                       "attachment; filename=\"contacts.vcf\"");
        http_add_field(turn->response, "X-Content-Type-Options", "nosniff");
        http_answer(turn->response, 200, "text/vcard; charset=utf-8",
                    bytes_slice(&cards_of(back)->text));
    } else {
        log_error("the contacts of the server could not be written: %s (%s)", back->err.said,
                  back->err.cause);
        http_answer_text(turn->response, 503, "The server is busy. Try again in a minute.");
    }
    errand_free(back);
    return NEXT_READ;
}
