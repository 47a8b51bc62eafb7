/* Words for people, in one line: they go into mails and pages as they are. */
#include "config_private.h"

#include "text.h"

static bool read_words(const struct setting *setting, struct slice value, struct config *out)
{
    char *into = (char *)out + setting->offset;

    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 0x7f)
            return false;
    if (!utf8_valid(value) || value.len >= setting->size)
        return false;
    memcpy(into, value.at, value.len);
    into[value.len] = '\0';
    return true;
}

static void right_words(const struct setting *setting, struct bytes *out)
{
    bytes_print(out, "words in one line, at most %zu bytes", setting->size - 1);
}

const struct value_kind kind_words = {"TEXT", read_words, right_words};
