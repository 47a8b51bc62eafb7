#include "out_ledger.h"

#include "memory.h"
#include "scope.h"

static bool is_same(const struct tls_sight *a, const struct tls_sight *b)
{
    return a->judge == b->judge && a->result == b->result && strcmp(a->domain, b->domain) == 0 &&
           strcmp(a->host, b->host) == 0 && strcmp(a->address, b->address) == 0;
}

void ledger_note(struct ledger *ledger, const struct tls_sight *seen)
{
    size_t at = 0;

    while (at < ledger->count && !is_same(&ledger->rows[at].seen, seen))
        at++;
    if (at == LEDGER_ROWS_MAX)
        return;
    struct ledger_row *row = &ledger->rows[at];
    if (at == ledger->count) {
        ledger->count++;
        *row = (struct ledger_row){.seen = *seen};
        row->seen.domain = row->texts[LEDGER_DOMAIN] = must_dup(seen->domain);
        row->seen.host = row->texts[LEDGER_HOST] = must_dup(seen->host);
        row->seen.address = row->texts[LEDGER_ADDRESS] = must_dup(seen->address);
        row->seen.policy = row->texts[LEDGER_POLICY] =
            must_copy(slice_first(slice_of(seen->policy), LEDGER_TEXT_MAX));
    }
    row->count++;
}

void ledger_take(struct ledger *ledger, struct ledger *out)
{
    memcpy(out->rows, ledger->rows, ledger->count * sizeof *ledger->rows);
    out->count = ledger->count;
    ledger->count = 0;
}

void ledger_clear(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        for (size_t t = 0; t < COUNT_OF(ledger->rows[i].texts); t++)
            free(ledger->rows[i].texts[t]);
    ledger->count = 0;
}
