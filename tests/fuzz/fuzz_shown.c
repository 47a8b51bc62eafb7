/* A stranger's words as a mail: whatever they are, the header says whom we mean and nobody else; and long HTML of
 * ours cut anywhere stays whole. */
#include "activity_work.h"
#include "html.h"
#include "mail.h"
#include "memory.h"
#include "text.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char user[] = "bob", host[] = "social.example", word[] = "bob=social.example";
static char alice[] = "alice", domain[] = "example.org";

static struct bridge *bridge;

static struct bridge *the_bridge(void)
{
    static struct config config;
    const struct bridge_parts parts = {.config = &config, .clock = &system_clock};

    if (!bridge) {
        mime_set_up();
        config_defaults(&config);
        bridge = bridge_new(&parts);
    }
    return bridge;
}

/* One line of the input, as JSON's reader would give it: text without NUL. */
static char *next_line(struct slice *rest)
{
    struct slice line = slice_cut(rest, '\n');

    while (!utf8_valid(line))
        line = slice_first(line, line.len - 1);
    return must_copy(line);
}

static void check_addresses(struct mail *mail, const char *field, size_t count, const char *first)
{
    scoped_value(mail_addresses) all = {0};

    assert(mail_field_count(mail, field) == 1);
    mail_addresses(mail, field, &all);
    assert(all.count == count && strcmp(all.at[0].address, first) == 0);
}

static void check_mail(struct slice content)
{
    static const char *const never[] = {"Bcc", "Reply-To", "List-Post", "Sender", "Resent-To"};
    scoped(source) source = source_of_slice(content);
    scoped(mail) mail = NULL;
    struct err err;

    assert(mail_parse(source, &mail, &err));
    check_addresses(mail, "From", 1, "bob=social.example@example.org");
    check_addresses(mail, "To", 1, "alice@example.org");
    check_addresses(mail, "Cc", 1, "unlisted@example.org");
    assert(mail_field_count(mail, "Subject") == 1 && mail_field_count(mail, "Message-ID") == 1);
    for (size_t i = 0; i < COUNT_OF(never); i++)
        assert(mail_field_count(mail, never[i]) == 0);
    assert(mail_part_is(mail_root(mail), "multipart", "alternative"));
    assert(mail_part_count(mail_root(mail)) == 2);
}

/* What is left opens and closes the same, which the cleaner would otherwise repair. */
static void check_cut(struct slice html, size_t max)
{
    scoped_value(bytes) cut = {0};
    scoped_value(bytes) again = {0};
    scoped_value(bytes) clean = {0};
    struct err err;

    if (!html_clean(html, &clean, &err) || !html_cut(bytes_slice(&clean), max, &cut))
        return;
    assert(utf8_valid(bytes_slice(&cut)));
    assert(html_clean(bytes_slice(&cut), &again, &err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest = {(const char *)data, size};
    scoped_text char *name = next_line(&rest);
    scoped_text char *warning = next_line(&rest);
    scoped_text char *url = next_line(&rest);
    scoped_text char *language = next_line(&rest);
    scoped_text char *alt = next_line(&rest);
    scoped_text char *quote = next_line(&rest);
    scoped_text char *raw = next_line(&rest);
    scoped_value(bytes) html = {0};
    scoped_value(bytes) plain = {0};
    scoped_value(rendered) mail = {0};
    struct err err;
    const struct person author = {
        .kind = PERSON_FEDIVERSE, .user = user, .host = host, .word = word, .name = name};
    const struct account owner = {.name = alice, .domain = domain, .display_name = name};
    const struct attached picture = {.url = url, .alt = alt};

    struct bridge *it = the_bridge();
    if (!html_clean(slice_of(raw), &html, &err) || !html_to_text(slice_of(raw), &plain, &err))
        return 0;
    const struct showing showing = {.author = &author,
                                    .visibility = VISIBILITY_PUBLIC,
                                    .ref = "9aaaaaaaaaaaa",
                                    .message_id = "x@example.org",
                                    .url = url,
                                    .language = language,
                                    .warning = warning,
                                    .html = bytes_slice(&html),
                                    .plain = bytes_slice(&plain),
                                    .attached = &picture,
                                    .attached_count = 1,
                                    .quote_url = quote};
    const struct shown_to reader = {.account = &owner, .addressed = true, .thread = alt};
    assert(render_mail(it, &showing, &reader, &mail, &err));
    check_mail(bytes_slice(&mail.content));
    check_cut(slice_of(raw), 1 + size / 2);
    return 0;
}
