#include "contact.h"

#include <assert.h>

enum contact_state contact_step(enum contact_state state, enum contact_event event)
{
    static const enum contact_state table[CONTACT_STATES][CONTACT_EVENTS] = {
  /* clang-format off */
        /*                     KNOCK            CROWD            INVITE           REFUSE           IGNORE           REOPEN           WRITE            EXPIRE */
        [CONTACT_UNKNOWN] = { CONTACT_ASKED,   CONTACT_TURN,    CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED, CONTACT_UNKNOWN, CONTACT_WELCOME, CONTACT_UNKNOWN},
        [CONTACT_TURN]    = { CONTACT_ASKED,   CONTACT_TURN,    CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED, CONTACT_TURN,    CONTACT_WELCOME, CONTACT_UNKNOWN},
        [CONTACT_ASKED]   = { CONTACT_ASKED,   CONTACT_ASKED,   CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED, CONTACT_ASKED,   CONTACT_WELCOME, CONTACT_UNKNOWN},
        [CONTACT_WELCOME] = { CONTACT_WELCOME, CONTACT_WELCOME, CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED, CONTACT_ASKED,   CONTACT_WELCOME, CONTACT_WELCOME},
        [CONTACT_REFUSED] = { CONTACT_REFUSED, CONTACT_REFUSED, CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED, CONTACT_ASKED,   CONTACT_WELCOME, CONTACT_UNKNOWN},
        [CONTACT_IGNORED] = { CONTACT_IGNORED, CONTACT_IGNORED, CONTACT_WELCOME, CONTACT_REFUSED, CONTACT_IGNORED, CONTACT_ASKED,   CONTACT_WELCOME, CONTACT_UNKNOWN},
  /* clang-format on */
    };

    assert(state < CONTACT_STATES && event < CONTACT_EVENTS);
    return table[state][event];
}

int64_t contact_lasts_ms(enum contact_state state)
{
    switch (state) {
    case CONTACT_TURN:
    case CONTACT_ASKED: return CONTACT_PATIENCE_DAYS * (int64_t)DAY_MS;
    case CONTACT_REFUSED:
    case CONTACT_IGNORED: return CONTACT_MEMORY_DAYS * (int64_t)DAY_MS;
    case CONTACT_UNKNOWN:
    case CONTACT_WELCOME:
    case CONTACT_STATES: break;
    }
    return 0;
}

const char *contact_state_word(enum contact_state state)
{
    switch (state) {
    case CONTACT_TURN: return "turn";
    case CONTACT_ASKED: return "asked";
    case CONTACT_WELCOME: return "welcome";
    case CONTACT_REFUSED: return "refused";
    case CONTACT_IGNORED: return "ignored";
    case CONTACT_UNKNOWN:
    case CONTACT_STATES: break;
    }
    return "unknown";
}

/* ---- which row speaks ---- */
static bool waits(enum contact_state state)
{
    return state == CONTACT_ASKED || state == CONTACT_TURN;
}

/* A welcome reaches up to better proof; all else down to weaker. */
static bool reaches(const struct contact *row, enum evidence_class evidence)
{
    return row->state == CONTACT_WELCOME ? row->evidence <= evidence : row->evidence >= evidence;
}

/* The row made for this very class; else the latest answer that reaches it; else a question that is open. */
static bool is_better(const struct contact *row, const struct contact *than,
                      enum evidence_class evidence)
{
    if (!than || (row->evidence == evidence) != (than->evidence == evidence))
        return !than || row->evidence == evidence;
    if (waits(row->state) != waits(than->state))
        return waits(than->state);
    return row->decided_ms > than->decided_ms;
}

static const struct contact *row_for(const struct contact_knock *knock)
{
    const struct contact *best = NULL;

    for (size_t i = 0; i < knock->row_count; i++) {
        const struct contact *row = &knock->rows[i];
        if (reaches(row, knock->evidence) && is_better(row, best, knock->evidence))
            best = row;
    }
    return best;
}

/* A whole domain is let in only where it proves itself. */
static const struct contact *domain_for(const struct contact_knock *knock)
{
    const struct contact *domain = knock->domain;

    if (!domain || waits(domain->state))
        return NULL;
    if (domain->state == CONTACT_WELCOME && knock->evidence == EVIDENCE_S0)
        return NULL;
    return domain;
}

/* ---- the verdict ---- */
static bool passes(const struct contact_knock *knock)
{
    return knock->known || knock->expected || knock->door == DOOR_OPEN;
}

static bool is_crowded(const struct contact_knock *knock)
{
    return knock->asked_today >= QUESTIONS_A_DAY ||
           knock->asked_today_of_domain >= QUESTIONS_A_DAY_OF_DOMAIN || knock->post_asked;
}

/* Who is ignored is answered as who waits, for as long as one would wait, and then from the start. */
static int64_t waits_since(const struct contact *row, int64_t now_ms)
{
    int64_t patience = contact_lasts_ms(CONTACT_ASKED);

    return row->first_ms + patience > now_ms ? row->first_ms : now_ms;
}

static enum contact_act wait_or_hold(const struct contact_knock *knock, const struct contact *row)
{
    int64_t first_ms = row ? waits_since(row, knock->now_ms) : knock->now_ms;
    int64_t last_ms = row && first_ms != knock->now_ms ? row->last_ms : knock->now_ms;

    return contact_is_urgent(knock, first_ms, last_ms) ? CONTACT_HOLD : CONTACT_LATER;
}

static void ask(const struct contact_knock *knock, const struct contact *row,
                struct contact_verdict *out)
{
    bool crowded = !knock->joins && is_crowded(knock);

    out->row = row;
    out->counts = true;
    out->event = crowded ? CONTACT_CROWD : CONTACT_KNOCK;
    out->asks = !crowded && !knock->joins;
    out->joins = knock->joins;
    out->act = wait_or_hold(knock, row);
    if (crowded && !knock->inside)
        out->act = CONTACT_LATER; /* the owner will not see it in time: nothing is promised */
}

static void wait_on(const struct contact_knock *knock, const struct contact *row,
                    struct contact_verdict *out)
{
    if (row->state == CONTACT_TURN && row->evidence == knock->evidence) {
        ask(knock, row, out);
        return;
    }
    out->row = row;
    out->event = CONTACT_KNOCK;
    out->counts = row->evidence == knock->evidence;
    /* What is proven less does not slip in with what it is asked beside. */
    out->act = out->counts || knock->inside ? wait_or_hold(knock, row) : CONTACT_LATER;
}

static void apply_row(const struct contact_knock *knock, const struct contact *row,
                      struct contact_verdict *out)
{
    *out = (struct contact_verdict){.row = row, .event = CONTACT_KNOCK, .counts = true};
    switch (row->state) {
    case CONTACT_WELCOME: out->act = CONTACT_TAKE; break;
    case CONTACT_REFUSED: out->act = CONTACT_DENY; break;
    case CONTACT_IGNORED:
        out->act = wait_or_hold(knock, row) == CONTACT_HOLD ? CONTACT_DROP : CONTACT_LATER;
        break;
    case CONTACT_ASKED:
    case CONTACT_TURN: wait_on(knock, row, out); break;
    case CONTACT_UNKNOWN:
    case CONTACT_STATES: __builtin_unreachable(); /* a row has a state */
    }
}

/* The row that speaks, or what was decided about the whole domain. */
static const struct contact *spoken_by(const struct contact_knock *knock)
{
    const struct contact *row = row_for(knock), *domain = domain_for(knock);

    return domain && (!row || waits(row->state)) ? domain : row;
}

static bool has_decision(const struct contact *row)
{
    return row && !waits(row->state);
}

bool contact_is_decided(const struct contact_knock *knock)
{
    return knock->door == DOOR_OPEN || has_decision(spoken_by(knock));
}

bool contact_may_ask(const struct contact_knock *knock)
{
    return !contact_is_decided(knock) && !passes(knock) && knock->door != DOOR_CLOSED;
}

void contact_judge(const struct contact_knock *knock, struct contact_verdict *out)
{
    const struct contact *row = spoken_by(knock);
    bool decided = has_decision(row);

    *out = (struct contact_verdict){.act = CONTACT_TAKE, .event = CONTACT_KNOCK};
    if (!decided && passes(knock))
        return;
    if (!decided && knock->door == DOOR_CLOSED)
        out->act = CONTACT_SHUT;
    else if (row)
        apply_row(knock, row, out);
    else
        ask(knock, NULL, out);
}
