/* HTML of a stranger: what comes out holds our few tags and nothing else. */
#include "html.h"
#include "mail.h"
#include "mime_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const tags[] = {"<p>",
                                   "</p>",
                                   "<br>",
                                   "<blockquote>",
                                   "</blockquote>",
                                   "<pre>",
                                   "</pre>",
                                   "<code>",
                                   "</code>",
                                   "<b>",
                                   "</b>",
                                   "<strong>",
                                   "</strong>",
                                   "<i>",
                                   "</i>",
                                   "<em>",
                                   "</em>",
                                   "<u>",
                                   "</u>",
                                   "<s>",
                                   "</s>",
                                   "<del>",
                                   "</del>",
                                   "<ul>",
                                   "</ul>",
                                   "<ol>",
                                   "</ol>",
                                   "<li>",
                                   "</li>",
                                   "</a>",
                                   "<a href=\"http://",
                                   "<a href=\"https://",
                                   "<a href=\"mailto:"};

static bool is_ours(struct slice at)
{
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (slice_starts_nocase(at, tags[i]))
            return true;
    return false;
}

static void check_link(struct slice at)
{
    struct slice rest = slice_from(at, strlen("<a href=\""));
    (void)slice_cut(&rest, '"');
    assert(rest.at && slice_starts(rest, SLICE(" rel=\"nofollow noopener noreferrer\">")));
}

static void check_clean(struct slice html)
{
    check_text(html, true);
    for (size_t i = 0; i < html.len; i++) {
        if (html.at[i] != '<')
            continue;
        assert(is_ours(slice_from(html, i)));
        if (slice_starts(slice_from(html, i), SLICE("<a ")))
            check_link(slice_from(html, i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool set_up;
    struct slice html = {(const char *)data, size};
    scoped_value(bytes) clean = {0}, text = {0}, again = {0};
    scoped_value(words) words = {0};
    const struct words_orders orders = {.is_reply = size % 2};
    struct err err;

    if (!set_up)
        mime_set_up();
    set_up = true;
    if (words_from_html(html, &orders, &words, &err))
        check_words(&words);
    if (html_to_text(html, &text, &err))
        check_text(bytes_slice(&text), true);
    if (!html_clean(html, &clean, &err))
        return 0;
    check_clean(bytes_slice(&clean));
    if (html_clean(bytes_slice(&clean), &again, &err))
        check_clean(bytes_slice(&again));
    return 0;
}
