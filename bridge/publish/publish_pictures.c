/* Pictures of a post: cleaned, described, and none of them from a signature (behaviour.md 3.1, P11). */
#include "mail_work.h"

#include "memory.h"
#include "picture.h"
#include "text.h"

#include <stdio.h>

enum { ALT_MAX_CHARS = 1500, FILE_NAME_MAX_CHARS = 60 };

static bool has_id(char *const *ids, size_t count, const char *id, size_t *out_index)
{
    for (size_t i = 0; id && i < count; i++) {
        if (strcmp(ids[i], id) != 0)
            continue;
        *out_index = i;
        return true;
    }
    return false;
}

/* Stands in what was cut, and nowhere in what was kept. */
static bool was_cut(const struct words *words, const struct mail_part *part)
{
    const char *id = mail_part_content_id(part);
    size_t index;

    return has_id(words->cut_content_ids, words->cut_content_id_count, id, &index) &&
           !has_id(words->kept_content_ids, words->kept_content_id_count, id, &index);
}

/* Alt: lines in the pictures' order, else Content-Description, else HTML's alt; never the file name, which
 * Outlook gives as description too. */
static char *alt_of(const struct post_text *text, const struct mail_part *part, size_t position)
{
    const struct words *words = &text->words;
    const char *alt = mail_part_field(part, "Content-Description");
    size_t index;

    if (position < text->alt_count)
        alt = text->alts[position];
    else if (!alt && has_id(words->kept_content_ids, words->kept_content_id_count,
                            mail_part_content_id(part), &index))
        alt = words->image_alts[index];
    struct slice trimmed = utf8_first(slice_trim(slice_of(alt)), ALT_MAX_CHARS);
    if (slice_empty(trimmed) || slice_eq_nocase(trimmed, slice_of(mail_part_file_name(part))))
        return NULL;
    return must_copy(trimmed);
}

static void trouble_name(const struct mail_part *part, char *into, size_t size)
{
    struct slice name = utf8_first(slice_of(mail_part_file_name(part)), FILE_NAME_MAX_CHARS);

    if (slice_empty(name))
        snprintf(into, size, "a part of type %s", mail_part_type(part));
    else
        snprintf(into, size, "%.*s", SLICE_ARGS(name));
}

static void trouble(struct post_question *q, enum picture_trouble what,
                    const struct mail_part *part)
{
    if (q->pictures != PICTURES_FINE)
        return;
    q->pictures = what;
    if (part)
        trouble_name(part, q->picture_name, sizeof q->picture_name);
}

static bool keep_picture(struct mail_work *work, const struct mail_part *part,
                         const struct post_text *text, struct picture *picture,
                         struct planned_note *note, struct err *err)
{
    char token[TOKEN_LEN + 1];
    scoped(store_body) body = store_body_new_wrapped(work->bridge->store, err);

    if (!body || !sink_write(store_body_sink(body), bytes_slice(&picture->content), err) ||
        !store_body_finish(body, err))
        return false;
    token_new(token);
    size_t position = note->picture_count++;
    note->pictures[position] = (struct planned_picture){
        .facts = {.position = (int)position,
                  .type = must_dup(picture->type),
                  .width = picture->width,
                  .height = picture->height,
                  .alt = alt_of(text, part, position),
                  .token = must_dup(token),
                  .size = store_body_size(body)},
        .body = steal(&body),
    };
    return true;
}

static bool take_picture(struct mail_work *work, struct mail_part *part,
                         const struct post_text *text, struct post_question *q,
                         struct planned_note *note, struct err *err)
{
    scoped_value(bytes) raw = {0};
    struct picture picture = {0};
    bool ok = mail_part_content(part, PICTURE_MAX_BYTES, &raw, err) &&
              picture_clean(bytes_slice(&raw), &picture, err);

    if (!ok && err->kind == ERR_TOO_LARGE) {
        trouble(q, PICTURES_TOO_LARGE, part);
        return true;
    }
    if (!ok && (err->kind == ERR_REFUSED || err->kind == ERR_MALFORMED)) {
        trouble(q, PICTURES_UNFIT_FILE, part);
        return true;
    }
    if (ok && !picture.tiny) {
        q->picture_count++;
        if (note->picture_count < POST_PICTURES_MAX)
            ok = keep_picture(work, part, text, &picture, note, err);
    }
    picture_clear(&picture);
    return ok;
}

bool pictures_read(struct mail_work *work, const struct mail_parts *parts,
                   const struct post_text *text, struct post_question *q, struct planned_note *note,
                   struct err *err)
{
    if (parts->unfit)
        trouble(q, PICTURES_UNFIT_FILE, parts->unfit);
    for (size_t i = 0; i < parts->picture_count && q->pictures == PICTURES_FINE; i++) {
        if (was_cut(&text->words, parts->pictures[i]))
            continue;
        if (!take_picture(work, parts->pictures[i], text, q, note, err))
            return false;
    }
    if (q->picture_count > POST_PICTURES_MAX)
        trouble(q, PICTURES_TOO_MANY, NULL);
    return true;
}
