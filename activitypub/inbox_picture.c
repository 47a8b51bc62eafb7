/*
 * The picture of who knocks, so that the owner sees whom they are asked about.
 *
 * It is fetched for everybody who may not come in unasked, with the first knock of a day, before anybody here looks at
 * anything: so it tells their server neither what was decided nor when a mail is read.  It comes soon or not at all.
 */
#include "actor_read.h"
#include "inbox_private.h"
#include "memory.h"
#include "text.h"

enum {
    PICTURE_WITHIN_MS = 600, /* the owner hears of the knock within a second */
    PICTURE_BYTES_MAX = 256 * 1024,
    AGAIN_AFTER_MS = DAY_MS, /* for one person */
    HOST_REST_MS = SECOND_MS /* many people shall not make us ask one host for much */
};

/* True once in that time. */
static bool is_time(struct judgement *j, struct slice what, int64_t rest_ms)
{
    struct key_memory *memory = &j->work->pictures;
    int64_t now_ms = work_timer(j->work);

    if (key_memory_look(memory, what, now_ms) != KEY_NO_TROUBLE)
        return false;
    key_memory_put(memory, what, KEY_UNFIT, now_ms, rest_ms);
    return true;
}

bool judge_wants_picture(struct judgement *j)
{
    struct knock_picture *picture = &j->arrival.picture;
    const char *actor = j->arrival.activity.actor;

    if (!picture->wanted || picture->looked)
        return false;
    picture->looked = true;
    j->picture_until_ms = work_timer(j->work) + PICTURE_WITHIN_MS;
    if (!is_time(j, slice_of(actor), AGAIN_AFTER_MS))
        return false;
    const struct actor_facts *signer = &j->signer.actor;
    if (j->signer.fresh && signer->id && strcmp(signer->id, actor) == 0) {
        j->icon = must_dup(signer->icon);
        return j->icon != NULL;
    }
    document_aim(&j->document, DOCUMENT_ACTIVITY, actor);
    j->document.until_ms = j->picture_until_ms;
    return true;
}

static enum course go_on(struct judgement *j)
{
    j->document.until_ms = 0;
    return judge_next(j, JUDGE_PREPARE);
}

static bool read_icon(struct judgement *j)
{
    scoped_value(actor_facts) actor = {0};
    struct err ignored;

    if (!actor_read(bytes_slice(&j->document.text), j->arrival.activity.actor, NULL, &actor,
                    &ignored))
        return false;
    j->icon = steal(&actor.icon);
    return j->icon != NULL;
}

static enum course want_picture(struct judgement *j)
{
    int64_t left_ms = j->picture_until_ms - work_timer(j->work);
    scoped_text char *agent = work_user_agent(j->work);
    struct url url;

    if (left_ms <= 0 || !url_read(slice_of(j->icon), &url) || work_is_ours(j->work, j->icon) ||
        !is_time(j, url.host, HOST_REST_MS))
        return go_on(j);
    struct fetch *fetch = fetch_new(j->icon);
    fetch->total_ms = left_ms;
    fetch->max_bytes = PICTURE_BYTES_MAX;
    bytes_print(&fetch->fields, "Accept: image/*\r\nUser-Agent: %s\r\n", agent);
    j->inbox->ask.want = &fetch->errand;
    return PAUSE;
}

static enum course take_picture(struct judgement *j, struct errand *got)
{
    struct fetch *fetch = container_of(got, struct fetch, errand);

    if (fetch->outcome == FETCH_ANSWERED && fetch->status == 200) {
        bytes_clear(&j->arrival.picture.raw);
        j->arrival.picture.raw = fetch->answer;
        fetch->answer = (struct bytes){0};
    }
    errand_free(got);
    return go_on(j);
}

enum course judge_picture(struct judgement *j, struct err *err)
{
    if (j->icon && j->inbox->ask.got)
        return take_picture(j, steal(&j->inbox->ask.got));
    if (j->icon)
        return want_picture(j);
    switch (document_step(j->work, &j->inbox->ask, &j->document, j->domain, err)) {
    case STEP_WANTS: return PAUSE;
    case STEP_HERE: return read_icon(j) ? want_picture(j) : go_on(j);
    case STEP_GONE:
    case STEP_ABSENT:
    case STEP_SILENT: break;
    }
    return go_on(j);
}
