/*
 * A post as its readers by mail get it: a clean mail made new, for one recipient (RFC 2369, 2919, 5064, 8058).
 *
 * Nothing of the author's own mail is in it, and no other reader.
 */
#include "list_work.h"

#include "activity_work.h"
#include "compose.h"
#include "memory.h"
#include "text.h"

#include <time.h>

struct copy {
    const struct account *account;
    struct message message;
    struct post post;
    struct follow follow;
    struct list_stop stop;
};

static void copy_clear(struct copy *copy)
{
    message_clear(&copy->message);
    post_clear(&copy->post);
    follow_clear(&copy->follow);
    list_stop_clear(&copy->stop);
}
SCOPED_VALUE(copy, copy_clear)

const char *list_name_of(const struct account *account)
{
    return account->display_name && *account->display_name ? account->display_name : account->name;
}

char *list_page(const char *domain, const char *what, const char *word)
{
    return must_print("https://%s/%s/%s", domain, what, word);
}

void list_stop_clear(struct list_stop *stop)
{
    free(stop->link);
    free(stop->word);
    *stop = (struct list_stop){0};
}

/* ---- looking ---- */
enum found list_stop_of(struct bridge *bridge, struct store_view *view,
                        const struct account *account, int64_t person_id, struct list_stop *out,
                        struct err *err)
{
    struct token token;
    char word[LIST_WORD_LEN + 1];
    enum found found = store_token_of(view, TOKEN_UNSUBSCRIBE, account->id, person_id, &token, err);

    if (found != FOUND)
        return found;
    list_token_word(bridge, &token, word);
    out->word = must_dup(word);
    out->link = list_page(account->domain, "unsubscribe", word);
    return FOUND;
}

/* ABSENT: taken back, sent already, or they no longer read. */
static enum found look(struct bridge *bridge, struct store_view *view,
                       const struct delivery *delivery, struct copy *copy, struct err *err)
{
    enum found found = store_message(view, delivery->subject_id, &copy->message, err);

    if (found == FOUND)
        found =
            store_follow(view, delivery->person_id, copy->account->person_id, &copy->follow, err);
    if (found == FOUND)
        found = list_stop_of(bridge, view, copy->account, delivery->person_id, &copy->stop, err);
    if (found != FOUND)
        return found;
    if (copy->message.state != MESSAGE_SENT || copy->follow.state != FOLLOW_ACCEPTED ||
        delivery->delivered > 0)
        return ABSENT;
    return bridge_post(bridge, view, &copy->message, false, &copy->post, err) &&
                   message_unwrap(bridge, &copy->message, err)
               ? FOUND
               : FAILED;
}

/* ---- words ---- */
static void warning_words(const struct copy *copy, struct bytes *out)
{
    bytes_print(out,
                "Content warning: %s. %s asks you to decide first whether to read on. The post "
                "begins below the line; lists, notifications and watches show only these "
                "sentences. If you would rather not see it, stop here and delete this mail.",
                copy->post.warning, list_name_of(copy->account));
}

static bool is_warned(const struct copy *copy)
{
    return copy->post.warning && *copy->post.warning;
}

/* "3 May", with the year if it is another one. */
static void day_words(int64_t ms, int64_t now_ms, struct bytes *out)
{
    time_t then = (time_t)(ms / SECOND_MS), now = (time_t)(now_ms / SECOND_MS);
    struct tm day, today;
    char text[64];

    gmtime_r(&then, &day);
    gmtime_r(&now, &today);
    strftime(text, sizeof text, day.tm_year == today.tm_year ? "%-d %B" : "%-d %B %Y", &day);
    bytes_add_text(out, text);
}

void list_footer(const struct account *account, const struct follow *follow, int64_t now_ms,
                 struct bytes *out)
{
    bytes_add_text(out, "You subscribed on ");
    day_words(follow->since_ms, now_ms, out);
    bytes_print(out, ". Your answer goes to %s alone.", list_name_of(account));
}

void list_words(const struct post *post, struct bytes *out)
{
    bytes_add(out, slice_trim(slice_of(post->plain)));
    bytes_add_text(out, "\n\n");
    for (size_t i = 0; i < post->picture_count; i++)
        bytes_print(out, "Picture: %s\n<%s>\n\n",
                    post->pictures[i].alt ? post->pictures[i].alt : "without description",
                    post->pictures[i].url);
}

static void plain_text(const struct copy *copy, int64_t now_ms, struct bytes *out)
{
    const struct post *post = &copy->post;

    if (is_warned(copy)) {
        warning_words(copy, out);
        bytes_add_text(out, "\n\n________\n\n");
    }
    list_words(post, out);
    bytes_add_text(out, "-- \n");
    list_footer(copy->account, &copy->follow, now_ms, out);
    bytes_print(out, "\nStop: %s\n", copy->stop.link);
    if (post->url)
        bytes_print(out, "On the web: %s\n", post->url);
}

static void html_text(const struct copy *copy, int64_t now_ms, struct bytes *out)
{
    const struct post *post = &copy->post;
    scoped_value(bytes) words = {0};

    if (is_warned(copy)) {
        warning_words(copy, &words);
        html_paragraph_add(out, bytes_slice(&words));
        bytes_add_text(out, "<hr>\n");
        bytes_reset(&words);
    }
    bytes_add_text(out, post->html ? post->html : "");
    for (size_t i = 0; i < post->picture_count; i++) {
        const char *alt = post->pictures[i].alt;
        bytes_add_text(out, "<p>Picture: ");
        html_link_add(out, post->pictures[i].url, alt ? alt : "without description");
        bytes_add_text(out, "</p>\n");
    }
    bytes_add_text(out, "<hr>\n<div lang=\"en\">");
    list_footer(copy->account, &copy->follow, now_ms, &words);
    html_paragraph_add(out, bytes_slice(&words));
    bytes_add_text(out, "<p>");
    html_link_add(out, copy->stop.link, "Stop these mails");
    if (post->url) {
        bytes_add_text(out, " · ");
        html_link_add(out, post->url, "This post on the web");
    }
    bytes_add_text(out, "</p></div>\n");
}

/* ---- header ---- */
static char *subject_of(const struct copy *copy)
{
    struct slice subject = bytes_slice(&copy->message.subject);

    if (is_warned(copy))
        return must_print("CW: %s", copy->post.warning);
    if (copy->message.parent_id && subject.len > 0)
        return must_print("Re: %.*s", SLICE_ARGS(subject));
    if (subject.len > 0)
        return must_copy(subject);
    char *words = first_words(slice_of(copy->post.plain), 60);
    if (*words)
        return words;
    free(words);
    return must_dup("Picture");
}

/* %2B: web handlers of mailto links turn '+' into a space. */
void list_fields(const struct account *account, const struct list_stop *stop, struct compose *mail)
{
    scoped_text char *label = must_print("%s's posts", list_name_of(account));
    scoped_text char *id = must_print("%s.%s", account->name, account->domain);
    scoped_text char *ways = must_print("<%s>, <mailto:%s%%2Bunsubscribe-%s@%s>", stop->link,
                                        account->name, stop->word, account->domain);

    compose_address(mail, "List-Id", label, id);
    compose_field(mail, "List-Unsubscribe", ways);
    compose_field(mail, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
    compose_field(mail, "List-Post", "NO");
    compose_field(mail, "Precedence", "list");
    compose_field(mail, "X-Auto-Response-Suppress", "All");
}

static void add_header(const struct copy *copy, struct compose *mail)
{
    const struct account *account = copy->account;
    scoped_text char *own = account_address(account);
    scoped_text char *label = must_print("%s's posts", list_name_of(account));
    scoped_text char *subject = subject_of(copy);
    char *message_id = copy->message.message_id;

    compose_address(mail, "From", list_name_of(account), own);
    compose_address(mail, "To", label, own);
    compose_field(mail, "Subject", subject);
    compose_date(mail, copy->message.published_ms);
    if (message_id)
        compose_ids(mail, "Message-ID", &message_id, 1);
    compose_thread(mail, copy->message.references);
    if (copy->message.language)
        compose_language(mail, copy->message.language);
    list_fields(account, &copy->stop, mail);
    if (copy->post.url) {
        scoped_text char *page = must_print("<%s>", copy->post.url);
        compose_field(mail, "Archived-At", page);
    }
}

enum found list_copy(struct bridge *bridge, struct store_view *view,
                     const struct delivery *delivery, const struct account *account,
                     struct list_mail *out, struct err *err)
{
    scoped_value(copy) copy = {.account = account};
    scoped_value(bytes) plain = {0};
    scoped_value(bytes) html = {0};
    struct memory_sink written;
    enum found found = look(bridge, view, delivery, &copy, err);

    if (found != FOUND)
        return found;
    scoped(compose) mail = compose_new();
    add_header(&copy, mail);
    plain_text(&copy, clock_now(bridge->clock), &plain);
    html_text(&copy, clock_now(bridge->clock), &html);
    compose_text(mail, bytes_slice(&plain), html.at);
    memory_sink_init(&written);
    bool ok = compose_write(mail, &written.sink, err);
    out->content = written.bytes;
    out->secret = !visibility_is_open(copy.message.visibility);
    return ok ? FOUND : FAILED;
}
