/* What a signed mail to the key desk says: its lines, and as a clear-signed text. */
#include "claim_text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_word(const char *word, size_t size)
{
    assert(memchr(word, '\0', size));
    for (; *word; word++)
        assert(*word > ' ' && *word < 0x7f);
}

static void check_lines(struct slice text)
{
    struct claim_text read;

    claim_text_read(text, &read);
    check_word(read.user, sizeof read.user);
    check_word(read.domain, sizeof read.domain);
    check_word(read.fingerprint, sizeof read.fingerprint);
    check_word(read.word, sizeof read.word);
    check_word(read.invitation, sizeof read.invitation);
    assert(read.says != CLAIM_SAYS_CLAIM || (*read.user && *read.domain && !*read.word));
    assert(read.says != CLAIM_SAYS_CONFIRM || (*read.domain && strlen(read.word) == TOKEN_LEN));
}

static void check_ends(struct slice text)
{
    while (text.at && text.len > 0) {
        struct slice line = slice_line(&text);
        assert(line.len == 0 || !memchr(" \t\r", line.at[line.len - 1], 3));
    }
}

/* No line of what was signed ends in a space, and the signature is a piece of the mail. */
static void check_clear(struct slice mail)
{
    scoped_value(clear_signed) it = {.armor = SLICE("")};

    if (!clear_signed_read(mail, &it))
        return;
    assert(it.text.len <= 2 * mail.len);
    assert(it.armor.at >= mail.at && it.armor.at + it.armor.len <= mail.at + mail.len);
    check_ends(bytes_slice(&it.text));
    check_lines(bytes_slice(&it.text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice text = {(const char *)data, size};

    check_lines(text);
    check_clear(text);
    return 0;
}
