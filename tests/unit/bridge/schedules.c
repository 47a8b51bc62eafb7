#include "schedules.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "60 times 1.5 most 240 until 960" */
static void read_phase(char *text, struct phase *out)
{
    char *rest, *word = strtok_r(text, " ", &rest);

    assert_non_null(word);
    out->gap = strtod(word, NULL);
    while ((word = strtok_r(NULL, " ", &rest))) {
        double *into = !strcmp(word, "times")  ? &out->times
                       : !strcmp(word, "most") ? &out->most
                                               : &out->until;
        word = strtok_r(NULL, " ", &rest);
        assert_non_null(word);
        *into = strtod(word, NULL);
    }
    assert_true(out->gap > 0);
}

static void read_phases(char *text, struct schedule *out)
{
    char *rest, *part = strtok_r(text, ",", &rest);

    for (size_t i = 0; part; i++, part = strtok_r(NULL, ",", &rest)) {
        assert_true(i < PHASES_MAX);
        read_phase(part, &out->phases[i]);
    }
}

static void read_line(const char *line, struct schedule *out)
{
    char phases[256];

    *out = (struct schedule){0};
    assert_int_equal(sscanf(line, "%63[^|] | %lf | %63s | %255[^|] | %63[^\n]", out->name,
                            &out->gives_up_hours, out->helo, phases, out->source),
                     5);
    out->name[strlen(out->name) - 1] = 0; /* the blank before the bar */
    read_phases(phases, out);
}

size_t schedules_read(const char *path, struct schedule out[SCHEDULES_MAX])
{
    char line[512];
    size_t count = 0;
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (line[0] != '#') {
            assert_true(count < SCHEDULES_MAX);
            read_line(line, &out[count++]);
        }
    fclose(file);
    return count;
}

int64_t schedule_next_gap_ms(const struct schedule *schedule, int64_t age_ms, int64_t gap_ms)
{
    const struct phase *phase = schedule->phases;
    const double age = (double)age_ms / MINUTE_MS, last = (double)gap_ms / MINUTE_MS;

    while (phase->until > 0 && age >= phase->until)
        phase++;
    /* each begins with its own gap */
    bool begins = last == 0 || (phase > schedule->phases && age - last < phase[-1].until);
    double gap = begins || phase->times == 0 ? phase->gap : last * phase->times;
    if (phase->most > 0 && gap > phase->most)
        gap = phase->most;
    return age + gap > schedule->gives_up_hours * 60 ? -1 : (int64_t)(gap * MINUTE_MS);
}
