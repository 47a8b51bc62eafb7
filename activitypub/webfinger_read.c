#include "webfinger_read.h"

#include "doc.h"
#include "memory.h"
#include "text.h"

enum { USER_MAX = 64, LINKS_MAX = 64 };

void finger_clear(struct finger *finger)
{
    free(finger->user);
    free(finger->host);
    free(finger->actor_id);
    *finger = (struct finger){0};
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool handle_user_fits(struct slice user)
{
    if (user.len == 0 || user.len > USER_MAX || !is_word(user.at[0]) ||
        !is_word(user.at[user.len - 1]))
        return false;
    for (size_t i = 0; i < user.len; i++)
        if (!is_word(user.at[i]) && user.at[i] != '.' && user.at[i] != '-')
            return false;
    return true;
}

bool handle_read(struct slice text, char **out_user, char **out_host)
{
    struct err ignored;

    if (slice_starts_nocase(text, "acct:"))
        text = slice_from(text, 5);
    if (slice_starts(text, SLICE("@")))
        text = slice_from(text, 1);
    size_t at = slice_find(text, '@');
    if (at == SIZE_MAX || at != slice_find_last(text, '@') ||
        !handle_user_fits(slice_first(text, at)))
        return false;
    if (!host_canonical(slice_from(text, at + 1), out_host, &ignored))
        return false;
    *out_user = must_copy(slice_first(text, at));
    return true;
}

static bool is_self(const json_t *link)
{
    const char *rel = doc_text(link, "rel");
    const char *type = doc_text(link, "type");

    if (!rel || !type || strcmp(rel, "self") != 0)
        return false;
    return strcmp(type, "application/activity+json") == 0 ||
           strcmp(type, "application/ld+json; profile=\"" AS2 "\"") == 0;
}

static const char *self_href(const json_t *links)
{
    size_t count = doc_count(links) < LINKS_MAX ? doc_count(links) : LINKS_MAX;

    for (size_t i = 0; i < count; i++)
        if (is_self(doc_entry(links, i)))
            return doc_text(doc_entry(links, i), "href");
    return NULL;
}

static bool fill(const json_t *root, struct finger *out, struct err *err)
{
    const char *subject = doc_text(root, "subject");
    const char *href = self_href(doc_member(root, "links"));

    if (!subject || !slice_starts_nocase(slice_of(subject), "acct:") ||
        !handle_read(slice_of(subject), &out->user, &out->host))
        return err_set(err, ERR_MALFORMED, "Their WebFinger names nobody");
    if (!doc_is_name(href, false))
        return err_set(err, ERR_ABSENT, "Their WebFinger has no ActivityPub actor");
    out->actor_id = must_dup(href);
    return true;
}

bool webfinger_read(struct slice text, struct finger *out, struct err *err)
{
    scoped_value(doc) doc = {0};

    *out = (struct finger){0};
    if (!doc_read(text, &doc, err))
        return false;
    if (fill(doc.root, out, err))
        return true;
    finger_clear(out);
    return false;
}

/* The value of name="…" in a tag; no entities but &amp;, which templates may hold. */
static char *attribute(struct slice tag, const char *name)
{
    scoped_text char *opening = must_print("%s=\"", name);
    scoped_value(bytes) value = {0};
    size_t at = slice_find_text_nocase(tag, opening);

    if (at == SIZE_MAX)
        return NULL;
    tag = slice_from(tag, at + strlen(opening));
    tag = slice_first(tag, slice_find(tag, '"'));
    for (; tag.len > 0; tag = slice_from(tag, 1)) {
        bytes_add_char(&value, tag.at[0]);
        if (slice_starts(tag, SLICE("&amp;")))
            tag = slice_from(tag, 4);
    }
    return bytes_take(&value);
}

char *host_meta_read(struct slice xml)
{
    for (size_t at = slice_find_text(xml, SLICE("<Link ")); at != SIZE_MAX;
         at = slice_find_text(xml, SLICE("<Link "))) {
        xml = slice_from(xml, at);
        struct slice tag = slice_first(xml, slice_find(xml, '>'));
        scoped_text char *rel = attribute(tag, "rel");
        scoped_text char *template = attribute(tag, "template");
        if (rel && template && strcmp(rel, "lrdd") == 0 && strstr(template, "{uri}"))
            return steal(&template);
        xml = slice_from(xml, 1);
    }
    return NULL;
}

char *host_meta_fill(const char *template, const char *resource)
{
    const char *at = strstr(template, "{uri}");

    if (!at)
        return must_dup(template);
    return must_print("%.*s%s%s", (int)(at - template), template, resource, at + 5);
}
