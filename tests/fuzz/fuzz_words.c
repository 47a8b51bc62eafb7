/* Plain text to words: the first byte holds the orders, 0xff parts the parent's text from the mail's. */
#include "mail.h"
#include "mime_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *ctx, struct slice rest)
{
    check_text(rest, false);
    ++*(size_t *)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scoped_value(words) words = {0};
    size_t taken = 0;
    struct err err;

    if (size == 0)
        return 0;
    struct slice text = {(const char *)data + 1, size - 1};
    struct slice parent = slice_cut(&text, '\xff');
    const struct words_orders orders = {.flowed = data[0] & 1,
                                        .del_sp = data[0] & 2,
                                        .chat = data[0] & 4,
                                        .is_reply = data[0] & 8,
                                        .parent_plain = text.at ? parent : SLICE("")};
    if (!words_from_plain(text.at ? text : parent, &orders, &words, &err))
        return 0;
    check_words(&words);
    words_take_lines(&words, "alt:", count, &taken);
    words_take_lines(&words, "alt:", count, &taken);
    for (char *line = words_first_line(&words); line; line = words_first_line(&words)) {
        free(line);
        words_drop_first_line(&words);
    }
    assert(words_empty(&words) && words.count == 0);
    return 0;
}
