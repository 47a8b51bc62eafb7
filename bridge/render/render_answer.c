/* What others answer to an open post, as our pages show it below. */
#include "activity_work.h"

#include "memory.h"
#include "text.h"

void shown_answer_clear(struct shown_answer *shown)
{
    free(shown->name);
    free(shown->handle);
    free(shown->html);
    free(shown->warning);
    *shown = (struct shown_answer){0};
}

static char *shown_warning(const struct message *words)
{
    scoped_text char *warning = must_copy(slice_trim(bytes_slice(&words->warning)));

    return *warning ? steal(&warning) : NULL;
}

enum found bridge_answer(struct bridge *bridge, struct store_view *view,
                         const struct message *message, struct shown_answer *out, struct err *err)
{
    scoped_value(message) words = {.wrapped = message->wrapped};
    scoped_value(person) author = {0};
    enum found found = store_person(view, message->author_id, &author, err);

    if (found != FOUND)
        return found;
    bytes_add(&words.html, bytes_slice(&message->html));
    bytes_add(&words.warning, bytes_slice(&message->warning));
    if (!message_unwrap(bridge, &words, err))
        return FAILED;
    if (words.html.len == 0) /* an edit took it from everybody */
        return ABSENT;
    out->name = person_short_name(&author);
    out->handle = person_handle(&author);
    out->warning = shown_warning(&words);
    out->html = bytes_take(&words.html);
    return FOUND;
}
