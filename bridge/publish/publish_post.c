/*
 * A mail to a publishing word becomes a post (behaviour.md 3), or a question (5.2): the rows of policy_post.c
 * decide, what the header says first, so that a refused mail costs little.
 */
#include "mail_work.h"

#include "activity_work.h"
#include "command_mail.h"

#include "config.h"
#include "memory.h"

#include <stdio.h>

static enum visibility visibility_of(enum address_word word)
{
    switch (word) {
    case WORD_PUBLIC: return VISIBILITY_PUBLIC;
    case WORD_UNLISTED: return VISIBILITY_UNLISTED;
    default: return VISIBILITY_FOLLOWERS;
    }
}

/* ---- what the header says ---- */
struct publishing_words {
    char first[322];
    size_t count;
};

static void count_word(struct publishing_words *words, const struct address *address)
{
    char text[322];

    if (address->kind != ADDRESS_PUBLISH)
        return;
    snprintf(text, sizeof text, "%s@%s", address->local, address->domain);
    if (words->count == 0)
        memcpy(words->first, text, sizeof text);
    if (words->count == 0 || strcmp(words->first, text) != 0)
        words->count++;
}

static void count_words_in(struct mail_work *work, struct mail *header, const char *field,
                           struct publishing_words *words)
{
    scoped_value(mail_addresses) all = {0};
    struct address address;

    mail_addresses(header, field, &all);
    for (size_t i = 0; i < all.count; i++) {
        address_read(work->bridge->config, slice_of(all.at[i].address), &address);
        count_word(words, &address);
    }
}

/* Whoever writes To public@ and Cc followers@ must choose, even if only one reached us. */
static size_t publishing_words(struct mail_work *work)
{
    struct publishing_words words = {0};

    for (size_t i = 0; i < work->count; i++)
        count_word(&words, &work->recipients[i].address);
    count_words_in(work, work->mail, "To", &words);
    count_words_in(work, work->mail, "Cc", &words);
    if (work->inner_has_headers) { /* the outer header can be changed on the way */
        count_words_in(work, work->inner, "To", &words);
        count_words_in(work, work->inner, "Cc", &words);
    }
    return words.count;
}

static const char *hidden_person(const struct mail_work *work)
{
    for (size_t i = 0; i < work->count; i++)
        if (work->recipients[i].address.kind == ADDRESS_PERSON && !work->recipients[i].visible)
            return work->recipients[i].text;
    return NULL;
}

/* With Chat-Version the headers count only behind a quote: the program names the chat's last message in every
 * message. */
static bool chat_answers(struct mail_work *work, bool *out, struct err *err)
{
    struct mail_parts parts;
    scoped_value(post_text) text = {0};

    mail_parts_find(said_root(work), work->chat, &parts);
    if (!post_text_read(work, &parts, NULL, &text, err))
        return false;
    *out = text.words.begins_with_quote;
    return true;
}

static bool find_parent(struct mail_work *work, const struct recipient *word, struct parent *out,
                        struct err *err)
{
    bool counts = true;

    if (!parent_find(work, out, err))
        return false;
    if (work->chat && out->kind != PARENT_NONE && !chat_answers(work, &counts, err))
        return false;
    if (!counts)
        parent_clear(out);
    if (!*word->address.ref)
        return true;
    scoped_value(parent) named = {0};
    if (!parent_by_ref(work, word->address.ref, &named, err))
        return false;
    enum parent_kind worst = out->kind > named.kind ? out->kind : named.kind;
    parent_clear(out);
    *out = named;
    named = (struct parent){0};
    out->kind = worst;
    return true;
}

/* Programs name in a forward what it forwards, as if it answered that: such a mail is P8's, not P7's. */
static bool ask_whether_forward(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct mail_parts parts;
    scoped_value(post_text) text = {0};

    if (drafting->parent.kind == PARENT_NONE || drafting->parent.kind == PARENT_OPEN)
        return true;
    mail_parts_find(said_root(work), work->chat, &parts);
    if (!post_text_read(work, &parts, NULL, &text, err))
        return false;
    drafting->forward = text.forwarded || parts.attached_mail || mail_is_resent(work);
    if (drafting->forward)
        parent_clear(&drafting->parent);
    return true;
}

/* A forward of an open post boosts or quotes it; it answers nothing, whatever its program says. */
static bool ask_what_it_quotes(struct mail_work *work, const struct recipient *word,
                               struct drafting *drafting, struct err *err)
{
    if (drafting->forward || word->address.word == WORD_FOLLOWERS || *word->address.ref)
        return true;
    if (!forward_find(work, &drafting->quoted, err))
        return false;
    if (!work->quotes)
        return true;
    parent_clear(&drafting->parent);
    drafting->q.parent = PARENT_NONE;
    return true;
}

struct header_words { /* what the question borrows */
    char *mailbox, *own_word;
};

static bool ask_header(struct mail_work *work, struct recipient *word, struct drafting *drafting,
                       struct header_words *words, struct err *err)
{
    struct post_question *q = &drafting->q;
    const struct account *account = &work->author.account;

    drafting_begin(work, drafting);
    if (!target_line_marks(work, word, err))
        return false;
    if (work->author.has_account && strcmp(word->address.domain, account->domain) != 0)
        words->own_word = must_print("public@%s", account->domain);
    words->mailbox = mail_other_mailbox(work);
    q->own_word = words->own_word;
    q->mailbox = words->mailbox;
    q->publishing_words = publishing_words(work);
    q->word = word->address.word;
    q->word_text = word->text;
    q->visible = word->visible;
    q->hidden_person = hidden_person(work);
    q->group_chat = mail_is_group_chat(work);
    q->confidential = mail_is_confidential(work);
    if (!find_parent(work, word, &drafting->parent, err) ||
        !ask_whether_forward(work, drafting, err))
        return false;
    q->parent = drafting->parent.kind;
    return true;
}

/* ---- what was before ---- */
static bool ask_limits(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct post_question *q = &drafting->q;
    int64_t oldest = 0;

    if (!store_limited_count(work->view, work->author.account.id, LIMITED_POST,
                             work->now_ms - HOUR_MS, &q->posts_last_hour, &oldest, err))
        return false;
    q->next_post_ms = oldest + HOUR_MS - work->now_ms;
    return true;
}

static size_t named_besides(const struct mail_work *work, const struct names_in_text *names)
{
    size_t count = work_count(work, ADDRESS_PERSON);

    for (size_t i = 0; i < names->count; i++) {
        bool addressed = false;
        for (size_t j = 0; j < work->count; j++)
            addressed |= work->recipients[j].address.kind == ADDRESS_PERSON &&
                         !strcmp(work->recipients[j].address.user, names->at[i].user) &&
                         !strcmp(work->recipients[j].address.host, names->at[i].host);
        count += !addressed;
    }
    return count;
}

static void count_mentions(const struct mail_work *work, struct drafting *drafting, bool open)
{
    scoped_value(names_in_text) names = {0};

    if (open)
        names_find(&drafting->text, &names);
    drafting->q.mentions = named_besides(work, &names);
}

/* ---- who hears of it ---- */
/* An answer always tells whom it answers (facts/activitypub.md 4.4), and a quote whom it quotes. */
static bool address_author(struct mail_work *work, struct drafting *drafting,
                           const struct parent *post, bool mentioned, struct err *err)
{
    scoped_value(person) author = {0};

    if (!post->found || post->message.author_id == work->author.account.person_id)
        return true;
    enum found found = store_person(work->view, post->message.author_id, &author, err);
    if (found == FOUND && author.kind != PERSON_MAIL && !author.gone)
        note_address(drafting->note, &author, author.user, author.host, AUDIENCE_CC, mentioned);
    return found != FAILED;
}

static bool find_people(struct mail_work *work, struct drafting *drafting, bool open,
                        struct err *err)
{
    if (!drafting_address(work, drafting, AUDIENCE_CC, err))
        return false;
    if (drafting->nobody)
        return true;
    if (!drafting_name(work, drafting, open, err))
        return false;
    return !open || (address_author(work, drafting, &drafting->parent, true, err) &&
                     address_author(work, drafting, &drafting->quoted, false, err));
}

/* ---- Reply all (5.2) ---- */
static bool is_reply_to_all(const struct mail_work *work, const struct recipient *word,
                            const struct parent *parent)
{
    return word->address.word == WORD_UNLISTED && !*word->address.ref && parent->found &&
           parent->message.author_id != work->author.account.person_id &&
           work_count(work, ADDRESS_PERSON) > 0;
}

static bool ask_about(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    scoped_value(person) author = {0};

    if (store_person(work->view, drafting->parent.message.author_id, &author, err) == FAILED)
        return false;
    drafting->note->asks = true;
    return question_of_answer(work->bridge, &work->author.account, &author, drafting->note,
                              &drafting->note->copy, err);
}

/* ---- together ---- */
static bool plan_post(struct mail_work *work, const struct recipient *word,
                      struct drafting *drafting, struct err *err)
{
    struct mail_plan *plan = work_plan(work);
    struct planned_note *note = drafting->note;
    const struct account *account = &work->author.account;
    bool ask =
        is_reply_to_all(work, word, &drafting->parent) && account->reply_all == REPLY_ALL_ASK;

    drafting_write(work, drafting, visibility_of(word->address.word));
    if (!note_find_quoted(work->view, &note->message, note, err))
        return false;
    if (ask ? !ask_about(work, drafting, err)
            : !copy_of_post(work->bridge, work->view, account, note, &note->copy, err))
        return false;
    if (!visibility_is_open(note->message.visibility))
        message_wrap(work->bridge, &note->message);
    plan->parent_id = note->message.quoted_id ? note->message.quoted_id : note->message.parent_id;
    plan->parent_own_followers = drafting->q.parent == PARENT_OWN_FOLLOWERS;
    plan->note = steal(&drafting->note);
    bool ok;
    return mail_as_mail(work, &ok, err);
}

/* Forwarded without a word to anybody: then it is a boost. */
static bool is_boost(const struct mail_work *work, const struct drafting *drafting)
{
    const struct post_text *text = &drafting->text;

    return drafting->quoted.found && drafting->q.empty && !text->warning && text->alt_count == 0 &&
           work_count(work, ADDRESS_PERSON) == 0;
}

static bool decide_and_plan(struct mail_work *work, const struct recipient *word,
                            struct drafting *drafting, struct err *err)
{
    struct answer *answer = &work->arrival->answer;
    bool open = word->address.word != WORD_FOLLOWERS;

    if (!drafting_read(work, drafting, err) || !ask_limits(work, drafting, err))
        return false;
    bool boost = is_boost(work, drafting);
    drafting->q.empty &= !boost;
    count_mentions(work, drafting, open);
    if (policy_post(&drafting->q, answer) != ROW_NONE) {
        mail_plan_free(steal(&work->arrival->plan));
        return true;
    }
    if (boost)
        return react_mail(work, drafting->quoted.message.ref, &drafting->quoted.message,
                          REACTION_BOOST, err) &&
               mail_keep_own(work, err);
    if (!find_people(work, drafting, open, err))
        return false;
    if (drafting->nobody || drafting->asking)
        return true;
    return plan_post(work, word, drafting, err);
}

/* Who said no to the question gets what Reply all means to people: an answer to those it names. */
static bool go_on(struct mail_work *work, const struct recipient *word, struct drafting *drafting,
                  struct err *err)
{
    if (!is_reply_to_all(work, word, &drafting->parent) ||
        work->author.account.reply_all != REPLY_ALL_PEOPLE)
        return decide_and_plan(work, word, drafting, err);
    work->publishes = false;
    return direct_mail(work, err);
}

bool publish_mail(struct mail_work *work, struct err *err)
{
    struct recipient *word = work_first(work, ADDRESS_PUBLISH);
    scoped_value(drafting) drafting = {0};
    struct header_words words = {0};

    work->publishes = true;
    bool ok = ask_header(work, word, &drafting, &words, err);
    if (ok && policy_post(&drafting.q, &work->arrival->answer) == ROW_NONE)
        ok = ask_what_it_quotes(work, word, &drafting, err) && go_on(work, word, &drafting, err);
    free(words.mailbox);
    free(words.own_word);
    return ok;
}
