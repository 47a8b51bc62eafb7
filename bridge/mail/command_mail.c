/*
 * A mail to a command (behaviour.md 6): it stands alone, comes from the account concerned, and is read from the
 * address; words only from the first own line.
 */
#include "mail_work.h"

#include "command_mail.h"
#include "config.h"
#include "memory.h"

static const char *const yes_words[] = {
    "yes", "ja",   "oui", "sí", "si",   "sì",    "sim",  "tak",
    "ano", "igen", "da",  "да", "evet", "kyllä", "はい", "是",
};
static const char *const no_words[] = {
    "no",  "nein", "non", "não", "nie", "ne",    "nem",    "nej",
    "nei", "nee",  "нет", "nu",  "ei",  "hayır", "いいえ", "否",
};

static const struct recipient *the_command(struct mail_work *work)
{
    const struct recipient *command = NULL;

    for (size_t i = 0; i < work->count; i++) {
        if (work_is_self(work, &work->recipients[i].address))
            continue; /* programs that always send themselves a copy */
        if (command)
            return NULL;
        command = &work->recipients[i];
    }
    return command;
}

/* ---- a post of one's own ---- */
static bool not_yours(struct mail_work *work, const char *ref)
{
    return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s is not a post of yours.", ref);
}

static bool is_own(const struct mail_work *work, const struct message *message)
{
    return message->account_id == work->author.account.id && message->visibility != VISIBILITY_MAIL;
}

static void plan_deed(struct mail_work *work, enum deed deed, const struct message *target)
{
    struct mail_plan *plan = work_plan(work);

    plan->deed = deed;
    plan->target_id = target->id;
    plan->target_state = target->state;
    plan->target_version = target->version;
}

static bool take_back(struct mail_work *work, const struct address *address,
                      const struct message *target)
{
    if (message_is_gone(target))
        return true;
    if (address->word == WORD_UNDO && target->state == MESSAGE_SENT)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: %s has left already. Delete it with %s+delete@%s.",
                           address->ref, address->ref, address->domain);
    plan_deed(work, DEED_TAKE_BACK, target);
    return true;
}

bool delete_post(struct mail_work *work, const struct message *target)
{
    if (!message_is_gone(target))
        plan_deed(work, DEED_TAKE_BACK, target);
    return true;
}

/* ---- yes or no (5.2) ---- */
static bool is_word_end(char c)
{
    return c == ' ' || c == '\t' || c == '.' || c == ',' || c == '!' || c == ';' || c == ':';
}

bool mail_first_line(struct mail_work *work, char **out, struct err *err)
{
    struct mail_parts parts;
    scoped_value(post_text) text = {0};

    mail_parts_find(said_root(work), work->chat, &parts);
    if (!post_text_read(work, &parts, NULL, &text, err))
        return false;
    *out = words_first_line(&text.words);
    return true;
}

static bool first_word(struct mail_work *work, char **out, struct err *err)
{
    scoped_text char *line = NULL;

    if (!mail_first_line(work, &line, err))
        return false;
    struct slice word = slice_of(line);
    size_t len = 0;
    while (len < word.len && !is_word_end(word.at[len]))
        len++;
    *out = must_copy(slice_first(word, len));
    return true;
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_is_nocase(slice_of(word), words[i]))
            return true;
    return false;
}

bool mail_says_yes(struct mail_work *work, bool *out, struct err *err)
{
    scoped_text char *word = NULL;

    *out = false;
    if (!first_word(work, &word, err))
        return err->kind != ERR_TEMPORARY && err->kind != ERR_FULL;
    *out = is_one_of(word, yes_words, COUNT_OF(yes_words));
    return true;
}

static bool keep(struct mail_work *work, struct message *target, struct err *err)
{
    struct mail_plan *plan = work_plan(work);

    plan_deed(work, DEED_KEEP, target);
    must_make_room(plan->copies, plan->copy_count, plan->copy_capacity);
    struct planned_copy *copy = &plan->copies[plan->copy_count++];
    *copy = (struct planned_copy){0};
    return message_unwrap(work->bridge, target, err) &&
           draft_of_answer(work->bridge, &work->author.account, target, &copy->letter, err);
}

static bool answer_question(struct mail_work *work, const char *ref, struct message *target,
                            struct err *err)
{
    scoped_text char *word = NULL;

    if (target->state != MESSAGE_HELD || target->release_ms != 0)
        return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s is not a question to you.",
                           ref);
    if (!first_word(work, &word, err))
        return false;
    if (is_one_of(word, yes_words, COUNT_OF(yes_words))) {
        plan_deed(work, DEED_PUBLISH, target);
        return true;
    }
    if (is_one_of(word, no_words, COUNT_OF(no_words)))
        return keep(work, target, err);
    return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: the first word must be yes or no.");
}

static bool answer_request(struct mail_work *work, const struct address *address, const char *what,
                           struct err *err)
{
    int64_t notice_id;

    if (!contact_request_find(work, address->ref, &notice_id, err))
        return false;
    if (notice_id)
        return contact_answer_mail(work, address, notice_id, err);
    if (address->word == WORD_REFUSE) {
        int64_t key_id;
        if (!key_question_find(work, address->ref, &key_id, err))
            return false;
        if (key_id)
            return key_refuse_mail(work, address->ref);
    }
    return work_answer(work, VERDICT_NOT_ALLOWED, "Not done: %s is not a %s to you.", address->ref,
                       what);
}

/* Of a post by somebody else, or of one's own that left: the like or the boost of it. */
static bool undo(struct mail_work *work, const struct address *address,
                 const struct message *target, bool own, struct err *err)
{
    bool reacted = false;

    if (own && target->state == MESSAGE_SENT && !has_reacted(work, target, &reacted, err))
        return false;
    if (own && !reacted)
        return take_back(work, address, target);
    return unreact_mail(work, address->ref, target, ~0U, err);
}

static bool message_command(struct mail_work *work, const struct address *address, struct err *err)
{
    scoped_value(message) target = {0};
    enum found there = store_message_by_ref(work->view, slice_of(address->ref), &target, err);
    const struct message *any = there == FOUND ? &target : NULL;
    bool found = any && is_own(work, any);

    if (there == FAILED)
        return false;
    switch (address->word) {
    case WORD_LIKE:
        return react_mail(work, address->ref, any, REACTION_LIKE, err) && mail_keep_own(work, err);
    case WORD_BOOST:
        return react_mail(work, address->ref, any, REACTION_BOOST, err) && mail_keep_own(work, err);
    case WORD_UNDO: return undo(work, address, any, found, err);
    case WORD_DELETE:
        return found ? take_back(work, address, &target) : not_yours(work, address->ref);
    case WORD_EDIT: return found ? edit_post(work, &target, err) : not_yours(work, address->ref);
    case WORD_CONTACT:
        if (found)
            return answer_question(work, address->ref, &target, err);
        return answer_request(work, address, "question", err);
    case WORD_WELCOME:
    case WORD_REFUSE:
    case WORD_IGNORE: return answer_request(work, address, "contact request", err);
    case WORD_VOTE: return vote_mail(work, address, any, err);
    default: return not_yours(work, address->ref);
    }
}

/* ---- following ---- */
static bool follow_person(struct mail_work *work, const struct address *address, bool follow,
                          struct err *err)
{
    scoped_value(person) person = {0};
    enum person_state state;
    struct mail_plan *plan;

    if (config_hosts(work->bridge->config, slice_of(address->host)))
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Not done: people of one server cannot follow one another yet.");
    if (!work_recipient_person(work, address, &person, &state, err))
        return false;
    const char *user = person.user ? person.user : address->user;
    const char *host = person.host ? person.host : address->host;
    if (state == PERSON_ASKED_FOR && follow)
        return true;
    if (state == PERSON_NOBODY && follow)
        return work_answer(work, VERDICT_NOBODY,
                           "Nothing was sent: @%s@%s was not found. Is it spelt right?", user,
                           host);
    plan = work_plan(work);
    plan->deed = follow ? DEED_FOLLOW : DEED_UNFOLLOW;
    plan->user = must_dup(user);
    plan->host = must_dup(host);
    return true;
}

static bool names_person(const struct address *address)
{
    return *address->host || strchr(address->user, '=');
}

/* ---- proof ---- */
static bool refuse_unproven(struct mail_work *work, struct recipient *command, bool *out_refused,
                            struct err *err)
{
    scoped_value(drafting) drafting = {0};

    drafting_begin(work, &drafting);
    *out_refused = policy_command(&drafting.q, &work->arrival->answer) != ROW_NONE;
    if (*out_refused || work->author.evidence != EVIDENCE_S3)
        return true;
    if (!target_line_marks(work, command, err))
        return false;
    if (!command->visible)
        *out_refused = work_answer(work, VERDICT_NOT_ALLOWED,
                                   "Nothing was done: %s does not stand in the signed part. Put it "
                                   "into the first line of the text and sign again.",
                                   command->text);
    return true;
}

/* A signed command counts once. */
static bool guard_signature(struct mail_work *work, bool *out_seen, struct err *err)
{
    *out_seen = false;
    if (work->author.evidence != EVIDENCE_S3)
        return true;
    struct mail_plan *plan = work_plan(work);
    signature_guard(work, &plan->guards[0]);
    plan->guard_count = 1;
    return guard_seen(work, &plan->guards[0], out_seen, err);
}

static bool obey(struct mail_work *work, const struct recipient *command, struct err *err)
{
    const struct address *address = &command->address;

    if (address->kind == ADDRESS_SUBSCRIBE || address->kind == ADDRESS_UNSUBSCRIBE)
        return follow_person(work, address, address->kind == ADDRESS_SUBSCRIBE, err);
    return message_command(work, address, err);
}

bool command_mail(struct mail_work *work, struct err *err)
{
    const struct recipient *alone = the_command(work);
    bool refused, seen;

    if (!alone)
        return work_answer(work, VERDICT_NOT_ALLOWED,
                           "Nothing was done: send a command alone, to one address.");
    struct recipient *command = &work->recipients[alone - work->recipients];
    if (command->address.kind == ADDRESS_CLAIM)
        return claim_mail(work, command, err);
    if (command->address.kind != ADDRESS_COMMAND && !names_person(&command->address))
        return list_command(work, command, err);
    if (!refuse_unproven(work, command, &refused, err))
        return false;
    if (refused)
        return true;
    if (!guard_signature(work, &seen, err))
        return false;
    if (seen)
        return work_answer(work, VERDICT_TAKEN, "Taken already");
    return obey(work, command, err);
}
