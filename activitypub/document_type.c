#include "document_type.h"

static bool is_activity(struct slice name, struct slice parameters)
{
    if (slice_is_nocase(name, "application/activity+json"))
        return true;
    return slice_is_nocase(name, "application/ld+json") &&
           slice_has(parameters, "\"https://www.w3.org/ns/activitystreams\"");
}

static bool is_xml(struct slice name)
{
    return slice_is_nocase(name, "application/xrd+xml") ||
           slice_is_nocase(name, "application/xml") || slice_is_nocase(name, "text/xml");
}

bool document_type_fits(enum document_kind kind, struct slice content_type)
{
    struct slice parameters = content_type;
    struct slice name = slice_trim(slice_cut(&parameters, ';'));

    switch (kind) {
    case DOCUMENT_ACTIVITY: return is_activity(name, parameters.at ? parameters : SLICE(""));
    case DOCUMENT_JRD:
        return slice_is_nocase(name, "application/jrd+json") ||
               slice_is_nocase(name, "application/json");
    case DOCUMENT_XRD: return is_xml(name);
    }
    __builtin_unreachable();
}
