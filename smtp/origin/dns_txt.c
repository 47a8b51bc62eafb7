#include "dns_txt.h"

#include "dns_facts.h"

/* "v=STSv1;" or, with nothing else in it, "v=STSv1". */
static bool has_version(struct slice text, const char *version)
{
    struct slice first = slice_trim(slice_cut(&text, ';'));

    return slice_is(first, version);
}

bool dns_txt_only(const struct dns_answer *answer, const char *version, struct bytes *out)
{
    size_t found = 0;

    for (size_t i = 0; answer->outcome == DNS_ANSWER && i < answer->count; i++) {
        scoped_value(bytes) text = {0};
        dns_text_add(answer->records[i].data, &text);
        if (!has_version(bytes_slice(&text), version))
            continue;
        bytes_reset(out);
        bytes_add(out, bytes_slice(&text));
        found++;
    }
    return found == 1;
}

bool dns_txt_field(struct slice *rest, struct slice *tag, struct slice *value)
{
    if (!rest->at)
        return false;
    *value = slice_cut(rest, ';');
    size_t equals = slice_find(*value, '=');
    *tag = equals == SIZE_MAX ? SLICE("") : slice_trim(slice_first(*value, equals));
    *value = equals == SIZE_MAX ? SLICE("") : slice_trim(slice_from(*value, equals + 1));
    return true;
}
