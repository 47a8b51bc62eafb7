/*
 * The picture of somebody of the Fediverse who asks.  It is fetched for everybody who may not come in unasked, so that
 * nobody learns from it what was decided; it is kept and shown only with a request, from here.
 */
#include "contact_work.h"

#include "memory.h"
#include "picture.h"

static void clean(const struct knock_picture *picture, struct portrait *out)
{
    struct picture clean = {0};
    struct err ignored;

    if (picture->raw.len == 0 || !picture_clean(bytes_slice(&picture->raw), &clean, &ignored))
        return;
    if (!clean.tiny && clean.width <= PORTRAIT_SIDE_MAX && clean.height <= PORTRAIT_SIDE_MAX) {
        out->type = must_dup(clean.type);
        bytes_add(&out->content, bytes_slice(&clean.content));
    }
    picture_clear(&clean);
}

bool contact_portrait(struct store_view *view, const struct contact_visitor *visitor,
                      struct portrait *out, struct err *err)
{
    if (!visitor->picture)
        return true;
    clean(visitor->picture, out);
    return out->content.len > 0 || visitor->person->id == 0 ||
           store_portrait(view, visitor->person->id, out, err) != FAILED;
}
