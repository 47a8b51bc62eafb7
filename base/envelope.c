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

bool xtext_read(struct slice text, struct bytes *out)
{
    size_t before = out->len;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '+' && text.len - i > 2) {
            int high = hex_digit(text.at[i + 1]), low = hex_digit(text.at[i + 2]);
            if (high >= 0 && low >= 0) {
                bytes_add_char(out, (char)(high << 4 | low));
                i += 2;
                continue;
            }
        }
        if (!stands_for_itself((unsigned char)c)) {
            bytes_cut(out, before);
            return false;
        }
        bytes_add_char(out, c);
    }
    return true;
}
