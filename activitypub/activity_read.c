#include "activity_read.h"

#include "actor_value.h"
#include "doc.h"
#include "memory.h"
#include "note_value.h"

static const struct {
    const char *name;
    enum activity_type type;
} known[] = {
    {"Follow",   ACTIVITY_FOLLOW  },
    {"Undo",     ACTIVITY_UNDO    },
    {"Accept",   ACTIVITY_ACCEPT  },
    {"Reject",   ACTIVITY_REJECT  },
    {"Create",   ACTIVITY_CREATE  },
    {"Update",   ACTIVITY_UPDATE  },
    {"Delete",   ACTIVITY_DELETE  },
    {"Like",     ACTIVITY_LIKE    },
    {"Announce", ACTIVITY_ANNOUNCE},
    {"Move",     ACTIVITY_MOVE    },
};

static enum activity_type type_of(const json_t *object)
{
    const char *type = json_is_object(object) ? doc_type(object) : NULL;

    for (size_t i = 0; type && i < COUNT_OF(known); i++)
        if (strcmp(type, known[i].name) == 0)
            return known[i].type;
    return ACTIVITY_OTHER;
}

/* JSON-LD that says the same in another shape: two readers could read two activities (CVE-2026-46349). */
static bool is_plain(const json_t *root)
{
    return !json_object_get(root, "@graph") && !json_object_get(root, "@included") &&
           !json_object_get(root, "@reverse") && !json_object_get(root, "@id") &&
           !json_object_get(root, "@type");
}

static char *name_of(const char *id)
{
    return doc_is_name(id, true) ? must_dup(id) : NULL;
}

/* A note that says nothing of its audience has that of the activity around it. */
static void inherit_audience(const json_t *activity, struct note_facts *note)
{
    if (!note || note->to_count + note->cc_count > 0)
        return;
    free(note->to);
    free(note->cc);
    note->to = note_addresses(activity, "to", &note->to_count);
    note->cc = note_addresses(activity, "cc", &note->cc_count);
}

static void read_embedded(const json_t *activity, const json_t *object, struct activity_facts *out)
{
    struct err ignored;
    bool carries = out->type == ACTIVITY_CREATE || out->type == ACTIVITY_UPDATE;

    out->object_type = type_of(object);
    out->object_actor = name_of(doc_sole_id(object, "actor"));
    out->object_object = name_of(doc_id(doc_member(object, "object")));
    if (!carries)
        return;
    out->note = note_value_read(object);
    inherit_audience(activity, out->note);
    if (out->type != ACTIVITY_UPDATE || !actor_type_known(object))
        return;
    out->person = must_new(struct actor_facts);
    if (!actor_value_read(object, NULL, out->person, &ignored)) {
        free(out->person);
        out->person = NULL;
    }
}

static bool fill(const json_t *root, struct activity_facts *out, struct err *err)
{
    const json_t *object = doc_first(doc_member(root, "object"));

    if (!is_plain(root))
        return err_set(err, ERR_MALFORMED,
                       "The activity is written in a form of JSON-LD that we do not read");
    out->type = type_of(root);
    out->id = name_of(doc_text(root, "id"));
    out->actor = name_of(doc_sole_id(root, "actor"));
    if (!doc_type(root) || !out->actor)
        return err_set(err, ERR_MALFORMED,
                       "The document is no activity: it needs a type and one actor");
    out->object_id = name_of(doc_id(object));
    if (out->type == ACTIVITY_MOVE)
        out->target_id = name_of(doc_sole_id(root, "target"));
    if (json_is_object(object))
        read_embedded(root, object, out);
    return true;
}

bool activity_read(struct slice text, struct activity_facts *out, struct err *err)
{
    scoped_value(doc) doc = {0};
    scoped_value(activity_facts) facts = {0};

    if (!doc_read(text, &doc, err) || !fill(doc.root, &facts, err))
        return false;
    *out = facts;
    facts = (struct activity_facts){0};
    return true;
}

enum note_shape note_read(struct slice text, const char *url, struct note_facts **out)
{
    scoped_value(doc) doc = {0};
    struct err ignored;

    if (!doc_read(text, &doc, &ignored))
        return NOTE_UNKNOWN;
    const char *id = doc_text(doc.root, "id");
    if (!id || strcmp(id, url) != 0)
        return NOTE_UNKNOWN;
    if (doc_is_type(doc.root, "Tombstone"))
        return NOTE_TOMBSTONE;
    *out = note_value_read(doc.root);
    return *out ? NOTE_READ : NOTE_UNKNOWN;
}

void note_free(struct note_facts *note)
{
    if (!note)
        return;
    note_facts_clear(note);
    free(note);
}
