#include "envelope.h"

#include "memory.h"

struct mail_terms mail_terms_copy(const struct mail_terms *terms)
{
    struct mail_terms copy = *terms;

    copy.envid = must_dup(terms->envid);
    return copy;
}

struct recipient_terms recipient_terms_copy(const struct recipient_terms *terms)
{
    return (struct recipient_terms){.notify = terms->notify, .orcpt = must_dup(terms->orcpt)};
}

void mail_terms_clear(struct mail_terms *terms)
{
    free(terms->envid);
    *terms = (struct mail_terms){0};
}

void recipient_terms_clear(struct recipient_terms *terms)
{
    free(terms->orcpt);
    *terms = (struct recipient_terms){0};
}

static bool stands_for_itself(unsigned char c)
{
    return c > 0x20 && c < 0x7f && c != '+' && c != '=';
}

void xtext_add(struct bytes *out, struct slice raw)
{
    for (size_t i = 0; i < raw.len; i++) {
        unsigned char c = (unsigned char)raw.at[i];
        if (stands_for_itself(c))
            bytes_add_char(out, raw.at[i]);
        else
            bytes_print(out, "+%02X", c);
    }
}

/* Capital letters alone (RFC 3461 4). */
static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One octet off the head: as it stands, or "+HH". */
static bool take_octet(struct slice *rest, char *out)
{
    if (rest->at[0] != '+') {
        *out = rest->at[0];
        *rest = slice_from(*rest, 1);
        return stands_for_itself((unsigned char)*out);
    }
    int high = rest->len > 2 ? hex_digit(rest->at[1]) : -1;
    int low = rest->len > 2 ? hex_digit(rest->at[2]) : -1;
    if (high < 0 || low < 0)
        return false;
    *out = (char)(high << 4 | low);
    *rest = slice_from(*rest, 3);
    return true;
}

bool xtext_read(struct slice text, struct bytes *out)
{
    size_t before = out->len;
    char octet;

    while (text.len > 0) {
        if (!take_octet(&text, &octet)) {
            bytes_cut(out, before);
            return false;
        }
        bytes_add_char(out, octet);
    }
    return true;
}
