#include "dialogue.h"

#include "test.h"

void dialogue_check(const struct dialogue *row, struct slice heard)
{
    struct slice wanted = slice_of(row->heard);

    while (wanted.at) {
        struct slice next = slice_cut(&wanted, '|');
        size_t at = slice_find_text(heard, next);
        if (at == SIZE_MAX)
            fail_msg("%s: \"%.*s\" is missing; left was:\n%.*s", row->name, SLICE_ARGS(next),
                     SLICE_ARGS(heard));
        heard = slice_from(heard, at + next.len);
    }
}
