/*
 * The one form of a host name.
 *
 * Names in ASCII are only lowered and checked; libidn2 sees those with other letters, and A-labels,
 * which it proves to be what their letters make.  (Asked about plain names it would refuse real
 * ones, such as those with "--" in the third place.)
 */
#include "memory.h"
#include "text.h"

#include <idn2.h>

enum { HOST_MAX = 253, LABEL_MAX = 63, READ_MAX = 4 * HOST_MAX };

static bool needs_idna(struct slice host)
{
    for (size_t i = 0; i < host.len; i++)
        if ((unsigned char)host.at[i] >= 0x80)
            return true;
    return slice_find_text_nocase(host, "xn--") != SIZE_MAX;
}

static char *lowered(struct slice host)
{
    char *name = must_copy(host);

    for (char *c = name; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c | 0x20);
    return name;
}

/* Heap text, or NULL with *why. */
static char *by_idna(struct slice host, const char **why)
{
    scoped_text char *name = must_copy(host);
    char *ascii = NULL;
    int result = idn2_to_ascii_8z(name, &ascii, IDN2_NONTRANSITIONAL);

    if (result != IDN2_OK) {
        *why = idn2_strerror(result);
        return NULL;
    }
    char *copy = lowered(slice_of(ascii));
    idn2_free(ascii);
    return copy;
}

static bool label_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool label_fits(struct slice label)
{
    if (label.len == 0 || label.len > LABEL_MAX)
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!label_letter(label.at[i]))
            return false;
    return label.at[0] != '-' && label.at[label.len - 1] != '-';
}

/* 192.0.2.1, but also 0x7f.1 and 1.2.3: whoever ends in a number is read as an address somewhere.
 */
static bool like_address(struct slice name)
{
    struct slice last = slice_from(name, slice_find_last(name, '.') + 1);
    size_t digits = slice_starts(last, SLICE("0x")) ? 2 : 0;
    const char *allowed = digits ? "0123456789abcdef" : "0123456789";

    for (size_t i = digits; i < last.len; i++)
        if (!strchr(allowed, last.at[i]))
            return false;
    return true;
}

static const char *fault_of(struct slice name)
{
    struct slice rest = name;

    if (name.len == 0 || name.len > HOST_MAX)
        return "empty or too long";
    if (slice_find(name, '.') == SIZE_MAX)
        return "no dot in it";
    while (rest.at)
        if (!label_fits(slice_cut(&rest, '.')))
            return "a label with something else than letters, digits and hyphens, or too long";
    return like_address(name) ? "an address, not a name" : NULL;
}

bool host_canonical(struct slice host, char **out, struct err *err)
{
    const char *why = "not UTF-8";
    char *name = NULL;

    if (host.len > 0 && host.len <= READ_MAX && host.at[host.len - 1] == '.')
        host.len--;
    if (host.len > READ_MAX)
        why = "too long";
    else if (utf8_valid(host))
        name = needs_idna(host) ? by_idna(host, &why) : lowered(host);
    if (name)
        why = fault_of(slice_of(name));
    if (!name || why) {
        free(name);
        return err_because(err, ERR_MALFORMED, "This is not the name of a host",
                           "host \"%.*s\": %s", SLICE_ARGS(slice_first(host, 200)), why);
    }
    *out = name;
    return true;
}
