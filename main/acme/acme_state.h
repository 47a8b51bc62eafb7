/*
 * acme_state — when a certificate is ordered, and for which names.  Pure: times and files are given.
 */
#ifndef NESTBOX_MAIN_ACME_STATE_H
#define NESTBOX_MAIN_ACME_STATE_H

#include "acme_json.h"
#include "certificate.h"
#include "own_names.h"

enum acme_limits {
    ACME_LOOK_S = 3600, /* how often names without an address are asked for again, at least */
    ACME_PAUSE_S =
        15 * 60, /* after a first failure, and at least between two tries over a restart */
    ACME_PAUSE_MOST_S = 12 * 3600,
    ACME_DAY_S =
        24 *
        3600, /* until refused names are tried again, and the longest that an authority may ask for */
};

struct acme_view {
    const char *directory; /* as the settings have it; borrowed */
    struct own_names wanted;
    bool fits; /* there is a certificate, of an authority, and it belongs to the key */
    struct certificate_facts facts;
    struct acme_note note;
};
void acme_view_clear(struct acme_view *view);
SCOPED_VALUE(acme_view, acme_view_clear)

/* Wall time from which another certificate is to be had: two thirds of its life are over; 0: at once. */
int64_t acme_due_ms(const struct acme_view *view);
/* Before that nothing is tried.  `fresh`: the server has just started, and its administrator may have mended something. */
int64_t acme_not_before_ms(const struct acme_view *view, bool fresh, int64_t now_ms);
/* Whether one of these names alone is better than what is there: it is due, or holds more; and it loses nothing, unless
 * what is there is soon over. */
bool acme_is_worth(const struct acme_view *view, const char *const *names, size_t count,
                   int64_t now_ms);

/* The same of a certificate that came. */
bool acme_is_better(const struct acme_view *view, const struct certificate_facts *got,
                    int64_t now_ms);

/* Before a try: of those that a crash or a stop breaks off, the third and each further one waits too. */
void acme_note_begin(struct acme_view *view, int64_t now_ms);
/* What came of it.  rest_s: how long the authority wants to be left alone. */
void acme_note_failure(struct acme_view *view, const char *trouble, int64_t rest_s, int64_t now_ms);
/* view->facts are the new ones; `trouble`: what became of the other names, "" nothing. */
void acme_note_success(struct acme_view *view, const char *trouble, int64_t now_ms);

/* As acme_note_read() has it. */
void acme_note_write(const struct acme_note *note, struct bytes *out);

#endif
