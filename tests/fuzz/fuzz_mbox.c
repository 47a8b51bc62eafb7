/*
 * An mbox of anybody's.
 *
 * Beyond not crashing: the same mails wherever the bytes were cut, none larger than the limit, and what is not in a mail is
 * little: lines that begin with "From ", marks and empty lines.
 */
#include "mbox.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096 };

static bool take(void *ctx, const struct mbox_mail *mail, struct err *err)
{
    struct bytes *all = ctx;

    (void)err;
    assert(mail->content.len <= MOST);
    assert(strspn(mail->flags, "DFRST") == strlen(mail->flags) && strlen(mail->flags) <= 5);
    bytes_print(all, "%lld %s %d %zu\n", (long long)mail->date_ms, mail->flags, mail->too_large,
                mail->too_large ? 0 : mail->content.len);
    if (!mail->too_large)
        bytes_add(all, mail->content);
    return true;
}

static bool read_in_steps(struct slice text, size_t step, struct bytes *out)
{
    struct mbox mbox = {.take = take, .ctx = out, .max_bytes = MOST};
    struct err err;
    bool good = true;

    while (good && text.len > 0) {
        struct slice some = slice_first(text, step);
        good = mbox_read(&mbox, some, &err);
        text = slice_from(text, some.len);
    }
    good = good && mbox_end(&mbox, &err);
    mbox_clear(&mbox);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice all = {(const char *)data, size};
    scoped_value(bytes) whole = {0};
    scoped_value(bytes) cut = {0};

    bool good = read_in_steps(all, size ? size : 1, &whole);
    assert(good == read_in_steps(all, 5, &cut));
    assert(slice_eq(bytes_slice(&whole), bytes_slice(&cut)));
    return 0;
}
