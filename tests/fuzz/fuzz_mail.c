/* A mail as it comes: everything that can be asked of it, and the words in each of its texts. */
#include "mail.h"
#include "mime_checks.h"

enum { TEXT_MAX = 64 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(const char *text)
{
    if (text)
        check_text(slice_of(text), false);
}

static void try_field(struct mail *mail, const char *name)
{
    scoped_value(mail_addresses) addresses = {0};
    scoped_value(mail_ids) ids = {0};
    size_t count = mail_field_count(mail, name);
    bool found = mail_field(mail, name, 0) != NULL;

    assert(found == (count > 0));
    for (size_t k = 0; k < count; k++)
        check_line(mail_field(mail, name, k));
    mail_addresses(mail, name, &addresses);
    for (size_t k = 0; k < addresses.count; k++) {
        check_line(addresses.at[k].name);
        check_line(addresses.at[k].address);
    }
    mail_ids(mail, name, &ids);
    for (size_t k = 0; k < ids.count; k++)
        check_line(ids.at[k]);
}

static void try_fields(struct mail *mail)
{
    static const char *const names[] = {"Subject", "From", "To", "Content-Type", "References", "X"};

    for (size_t i = 0; i < COUNT_OF(names); i++)
        try_field(mail, names[i]);
    (void)mail_date_ms(mail);
}

static void try_words(struct mail_part *part, struct slice text)
{
    scoped_value(words) plain = {0}, html = {0};
    const struct words_orders orders = {.flowed = mail_part_parameter(part, "format") != NULL,
                                        .is_reply = mail_part_parameter(part, "reply") != NULL};
    struct err err;

    if (words_from_plain(text, &orders, &plain, &err))
        check_words(&plain);
    if (words_from_html(text, &orders, &html, &err))
        check_words(&html);
}

static void try_mail(struct mail *mail, int depth);

static void try_part(struct mail_part *part, int depth)
{
    scoped_value(bytes) text = {0}, raw = {0}, octets = {0};
    scoped(source) exact = mail_part_exact(part);
    scoped(mail) inner = NULL;
    struct err err;

    check_line(mail_part_type(part));
    check_line(mail_part_file_name(part));
    check_line(mail_part_content_id(part));
    check_line(mail_part_parameter(part, "charset"));
    check_line(mail_part_field(part, "Content-Description"));
    assert(source_read_all(exact, SIZE_MAX / 2, &octets, &err));
    if (mail_part_text(part, TEXT_MAX, &text, &err)) {
        check_text(bytes_slice(&text), true);
        try_words(part, bytes_slice(&text));
    }
    if (mail_part_content(part, TEXT_MAX, &raw, &err))
        assert(raw.len <= TEXT_MAX);
    for (size_t i = 0; i < mail_part_count(part); i++)
        try_part(mail_part_child(part, i), depth);
    if (depth == 0 && mail_of_part(part, &inner, &err))
        try_mail(inner, depth + 1);
}

static void try_mail(struct mail *mail, int depth)
{
    try_fields(mail);
    try_part(mail_root(mail), depth);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool set_up;
    scoped(source) source = source_of_slice((struct slice){(const char *)data, size});
    struct mail *mail = NULL;
    struct err err;

    if (!set_up)
        mime_set_up();
    set_up = true;
    if (!mail_parse(source, &mail, &err)) {
        assert(err.kind == ERR_MALFORMED);
        return 0;
    }
    try_mail(mail, 0);
    mail_free(mail);
    return 0;
}
