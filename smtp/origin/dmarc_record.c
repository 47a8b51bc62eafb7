/* A DMARC record (RFC 9989 4.7, 4.8): whatever in it is not understood counts as if it was not there. */
#include "dmarc.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* "name = value", trimmed.  False: it is no tag. */
static bool read_tag(struct slice text, struct slice *out_name, struct slice *out_value)
{
    size_t equals = slice_find(text, '=');

    if (equals == SIZE_MAX)
        return false;
    *out_name = slice_trim(slice_first(text, equals));
    *out_value = slice_trim(slice_from(text, equals + 1));
    return out_name->len > 0 && out_value->len > 0;
}

/* The first of that name; empty: there is none. */
static struct slice tag(struct slice record, const char *name)
{
    struct slice found, value;

    while (record.at)
        if (read_tag(slice_cut(&record, ';'), &found, &value) && slice_is_nocase(found, name))
            return value;
    return SLICE("");
}

static bool is_dmarc(struct slice text)
{
    struct slice name, value;

    while (text.len > 0 && is_space(text.at[0]))
        text = slice_from(text, 1);
    return read_tag(slice_cut(&text, ';'), &name, &value) && slice_is_nocase(name, "v") &&
           slice_is(value, "DMARC1");
}

static bool read_policy(struct slice value, enum dmarc_policy *out)
{
    static const enum dmarc_policy policies[] = {DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT};

    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        if (!slice_is_nocase(value, dmarc_policy_word(policies[i])))
            continue;
        *out = policies[i];
        return true;
    }
    return false;
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is there a URI among them, "mailto:a@b.example"? */
static bool names_reader(struct slice list)
{
    while (list.at) {
        struct slice one = slice_trim(slice_cut(&list, ','));
        size_t colon = slice_find(one, ':');
        if (colon != SIZE_MAX && colon > 0 && colon + 1 < one.len && is_alpha(one.at[0]))
            return true;
    }
    return false;
}

/* p, sp and np; where one is wrong all count as "none", or the record does not count at all (4.10.1). */
static void read_policies(struct slice text, struct dmarc_record *out)
{
    struct slice sp = tag(text, "sp"), np = tag(text, "np");
    bool valid = read_policy(tag(text, "p"), &out->policy);

    out->subdomains = out->policy;
    valid = (slice_empty(sp) || read_policy(sp, &out->subdomains)) && valid;
    out->nobody = out->subdomains;
    valid = (slice_empty(np) || read_policy(np, &out->nobody)) && valid;
    out->has_nobody = out->nobody != out->subdomains;
    if (valid)
        return;
    out->policy = out->subdomains = out->nobody = DMARC_NONE;
    out->has_nobody = false;
    out->broken = !names_reader(tag(text, "rua"));
}

bool dmarc_record_read(struct slice text, struct dmarc_record *out)
{
    *out = (struct dmarc_record){.policy = DMARC_NONE};
    if (text.len > DMARC_RECORD_MAX || !is_dmarc(text))
        return false;
    read_policies(text, out);
    out->strict_dkim = slice_is_nocase(tag(text, "adkim"), "s");
    out->strict_spf = slice_is_nocase(tag(text, "aspf"), "s");
    out->testing = slice_is_nocase(tag(text, "t"), "y");
    if (slice_is_nocase(tag(text, "psd"), "y"))
        out->psd = DMARC_PSD_YES;
    else if (slice_is_nocase(tag(text, "psd"), "n"))
        out->psd = DMARC_PSD_NO;
    return true;
}
