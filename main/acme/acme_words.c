#include "acme_words.h"

#include <ctype.h>

/* RFC 8555 6.7; %s is the name. */
static const struct {
    const char *type, *words;
} of_names[] =
    {
  /* clang-format off */
    {"connection",         "the authority could not reach http://%s/: is port 80 open to the world, and led to this machine?"},
    {"dns",                "the authority found no address of %s: publish its A or AAAA record (nestbox dns)"},
    {"unauthorized",       "the authority found something else at http://%s/: do its A and AAAA records name this machine?"},
    {"incorrectResponse",  "the authority found something else at http://%s/: do its A and AAAA records name this machine?"},
    {"caa",                "the CAA record above %s does not let this authority issue: correct it (nestbox dns)"},
    {"rejectedIdentifier", "the authority does not certify %s"},
    {"tls",                "the authority could not read http://%s/: do its A and AAAA records name this machine?"},
  /* clang-format on */
},
  of_all[] = {
      /* clang-format off */
    {"rateLimited",             "the authority has had enough of us for now, and is asked again later"},
    {"externalAccountRequired", "the authority wants an account made with it beforehand, which is not built: name another one as acme in [tls]"},
    {"userActionRequired",      "the authority wants its owner to do something there"},
    {"serverInternal",          "the authority has a trouble of its own, and is asked again later"},
      /* clang-format on */
};

static const char *words_of_name(const char *type)
{
    for (size_t i = 0; i < COUNT_OF(of_names); i++)
        if (slice_is(slice_of(type), of_names[i].type))
            return of_names[i].words;
    return NULL;
}

static const char *words_of_all(const char *type)
{
    for (size_t i = 0; i < COUNT_OF(of_all); i++)
        if (slice_is(slice_of(type), of_all[i].type))
            return of_all[i].words;
    return NULL;
}

bool acme_is_general(const struct acme_problem *problem)
{
    return words_of_all(problem->type) != NULL;
}

static bool is_of_name(char c)
{
    return isalnum((unsigned char)c) || strchr("-_.", c);
}

/* Where `name` stands in `text` as a word of its own; SIZE_MAX nowhere. */
static size_t find_name(struct slice text, const char *name)
{
    struct slice word = slice_of(name);

    for (size_t at = 0, found; (found = slice_find_text(slice_from(text, at), word)) != SIZE_MAX;) {
        at += found;
        struct slice behind = slice_from(text, at + word.len);
        bool ends =
            behind.len == 0 || !is_of_name(behind.at[0]) ||
            (behind.at[0] == '.' && (behind.len == 1 || !isalnum((unsigned char)behind.at[1])));
        if (ends && (at == 0 || !is_of_name(text.at[at - 1])))
            return at;
        at++;
    }
    return SIZE_MAX;
}

size_t acme_mentioned(const struct acme_problem *problem, const char *const *names, size_t count)
{
    size_t first = SIZE_MAX, who = count;

    for (size_t i = 0; i < count && !acme_is_general(problem); i++) {
        size_t at = find_name(slice_of(problem->detail), names[i]);
        if (at >= first)
            continue;
        first = at;
        who = i;
    }
    return who;
}

void acme_words(const struct acme_problem *problem, const char *name, struct bytes *out)
{
    const char *about = name ? words_of_name(problem->type) : NULL;
    const char *general = words_of_all(problem->type);
    const char *place = about ? strstr(about, "%s") : NULL;

    if (place)
        bytes_print(out, "%.*s%s%s", (int)(place - about), about, name, place + 2);
    else if (general)
        bytes_add_text(out, general);
    else if (name)
        bytes_print(out, "the authority refused %s", name);
    else
        bytes_add_text(out, "the authority refused");
    if (!place && (problem->detail[0] || (problem->type[0] && !general)))
        bytes_print(out, " (it says: %s%s%s)", problem->type,
                    problem->type[0] && problem->detail[0] ? ": " : "", problem->detail);
}
