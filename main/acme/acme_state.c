#include "acme_state.h"

#include "clock.h"
#include "json.h"

#include <stdio.h>

enum { BROKEN_OFF_FREE = 2 };

void acme_view_clear(struct acme_view *view)
{
    own_names_clear(&view->wanted);
    certificate_facts_clear(&view->facts);
}

static bool is_from_here(const struct acme_view *view)
{
    return view->fits && (!view->note.issued[0] || strcmp(view->note.issued, view->directory) == 0);
}

static int64_t life_ms(const struct acme_view *view)
{
    return view->facts.until_ms - view->facts.from_ms;
}

int64_t acme_due_ms(const struct acme_view *view)
{
    return is_from_here(view) ? view->facts.from_ms + life_ms(view) / 3 * 2 : 0;
}

int64_t acme_not_before_ms(const struct acme_view *view, bool fresh, int64_t now_ms)
{
    const struct acme_note *note = &view->note;
    int64_t next_ms = note->next_ms;

    if (strcmp(note->asked, view->directory) != 0 || next_ms > now_ms + ACME_DAY_S * SECOND_MS)
        return 0; /* somebody else is asked now, or the clock went back */
    int64_t pause_end_ms = note->tried_ms + ACME_PAUSE_S * SECOND_MS;
    if (note->begun > BROKEN_OFF_FREE && note->tried_ms <= now_ms && next_ms < pause_end_ms)
        next_ms = pause_end_ms;
    return fresh && pause_end_ms < next_ms ? pause_end_ms : next_ms;
}

static bool is_among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool loses_one(const struct acme_view *view, const char *const *names, size_t count)
{
    for (size_t i = 0; i < view->wanted.count; i++)
        if (certificate_has_name(&view->facts, view->wanted.at[i]) &&
            !is_among(view->wanted.at[i], names, count))
            return true;
    return false;
}

static bool adds_one(const struct acme_view *view, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!certificate_has_name(&view->facts, names[i]))
            return true;
    return false;
}

bool acme_is_worth(const struct acme_view *view, const char *const *names, size_t count,
                   int64_t now_ms)
{
    if (count == 0)
        return false;
    if (!is_from_here(view) || now_ms > view->facts.from_ms + life_ms(view) / 6 * 5)
        return true;
    return !loses_one(view, names, count) &&
           (now_ms >= acme_due_ms(view) || adds_one(view, names, count));
}

bool acme_is_better(const struct acme_view *view, const struct certificate_facts *got,
                    int64_t now_ms)
{
    const char *names[OWN_NAMES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < view->wanted.count; i++)
        if (certificate_has_name(got, view->wanted.at[i]))
            names[count++] = view->wanted.at[i];
    return acme_is_worth(view, names, count, now_ms);
}

void acme_note_begin(struct acme_view *view, int64_t now_ms)
{
    struct acme_note *note = &view->note;

    if (strcmp(note->asked, view->directory) != 0) {
        snprintf(note->asked, sizeof note->asked, "%s", view->directory);
        note->trouble[0] = '\0';
        note->next_ms = note->failures = note->begun = 0;
    }
    note->tried_ms = now_ms;
    note->begun++;
}

static void note_try(struct acme_view *view, const char *trouble, int64_t now_ms)
{
    struct acme_note *note = &view->note;

    if (strcmp(note->asked, view->directory) != 0)
        note->failures = 0;
    snprintf(note->asked, sizeof note->asked, "%s", view->directory);
    snprintf(note->trouble, sizeof note->trouble, "%s", trouble);
    note->tried_ms = now_ms;
    note->begun = 0;
}

void acme_note_failure(struct acme_view *view, const char *trouble, int64_t rest_s, int64_t now_ms)
{
    enum { DOUBLINGS_MAX = 8 };
    struct acme_note *note = &view->note;

    note_try(view, trouble, now_ms);
    int64_t pause_s = (int64_t)ACME_PAUSE_S
                      << (note->failures < DOUBLINGS_MAX ? note->failures : DOUBLINGS_MAX);
    if (pause_s > ACME_PAUSE_MOST_S)
        pause_s = ACME_PAUSE_MOST_S;
    int64_t left_s = (acme_due_ms(view) - now_ms) / SECOND_MS;
    if (left_s > pause_s) /* there is time: some name alone is missing */
        pause_s = left_s < ACME_DAY_S ? left_s : ACME_DAY_S;
    if (rest_s > ACME_DAY_S)
        rest_s = ACME_DAY_S;
    note->failures++;
    note->next_ms = now_ms + (rest_s > pause_s ? rest_s : pause_s) * SECOND_MS;
}

/* However the clocks and certificates of an authority are: it is not asked on and on. */
void acme_note_success(struct acme_view *view, const char *trouble, int64_t now_ms)
{
    struct acme_note *note = &view->note;
    int64_t rest_ms = life_ms(view) / 3;

    note_try(view, trouble, now_ms);
    snprintf(note->issued, sizeof note->issued, "%s", view->directory);
    note->failures = 0;
    if (rest_ms > HOUR_MS)
        rest_ms = HOUR_MS;
    int64_t left_ms = acme_due_ms(view) - now_ms;
    if (trouble[0] && left_ms > rest_ms) /* what it lacks is tried again before it is due */
        rest_ms = left_ms < DAY_MS ? left_ms : DAY_MS;
    note->next_ms = now_ms + rest_ms;
}

void acme_note_write(const struct acme_note *note, struct bytes *out)
{
    struct json json = json_to(out);

    json_open(&json, NULL);
    json_text(&json, "asked", note->asked);
    json_text(&json, "issued", note->issued);
    json_number(&json, "tried_ms", note->tried_ms);
    json_number(&json, "next_ms", note->next_ms);
    json_number(&json, "failures", note->failures);
    json_number(&json, "begun", note->begun);
    json_text(&json, "trouble", note->trouble);
    json_end(&json);
    bytes_add_char(out, '\n');
}
