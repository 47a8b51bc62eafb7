#include "ask.h"

#include "memory.h"
#include "scope.h"

void ask_clear(struct ask *ask)
{
    errand_free(steal(&ask->want));
    errand_free(steal(&ask->got));
    if (ask->own)
        ask->free_own(ask->own);
    ask->own = NULL;
}

struct errand *asking_begin(struct asking *asking, struct ask *ask)
{
    asking->held = NULL; /* who has an errand out does not own it */
    return &ask->errand;
}

struct errand *asking_next(struct asking *asking, struct errand *back)
{
    struct ask *ask = asking->held;

    if (ask) { /* `back` is what it wanted */
        ask->got = back;
        asking->held = NULL;
        if (ask->record_got) {
            ask->errand.work = NULL;
            ask->errand.write = ask->record_got;
        }
        return &ask->errand;
    }
    ask = container_of(back, struct ask, errand);
    if (ask->errand.ok && !ask->want && ask->again)
        return &ask->errand;
    asking->held = ask;
    return ask->errand.ok ? steal(&ask->want) : NULL;
}

void asking_clear(struct asking *asking)
{
    if (asking->held)
        errand_free(&asking->held->errand);
    asking->held = NULL;
}
