/* The steps that posts and direct messages share, from mail to a planned note. */
#include "mail_work.h"

#include "memory.h"

enum { HASHTAGS_MAX = 50 };

void drafting_clear(struct drafting *drafting)
{
    parent_clear(&drafting->parent);
    parent_clear(&drafting->quoted);
    post_text_clear(&drafting->text);
    names_in_text_clear(&drafting->names);
    planned_note_free(drafting->note);
}

void drafting_begin(struct mail_work *work, struct drafting *drafting)
{
    const char *author = work->author.address;

    drafting->q = (struct post_question){
        .proof = work->author.proof,
        .author = *author ? author : "the one it says",
        .signed_ago_ms = work->author.signed_ago_ms,
        .automatic = mail_is_automatic(work),
        .visible = true,
    };
    drafting->note = must_new(struct planned_note);
}

bool target_line_marks(struct mail_work *work, struct recipient *recipient, struct err *err)
{
    struct mail_parts parts;
    scoped_value(post_text) text = {0};

    if (work->author.evidence != EVIDENCE_S3 || recipient->visible || work->target_line)
        return true;
    mail_parts_find(said_root(work), work->chat, &parts);
    if (!post_text_read(work, &parts, NULL, &text, err))
        return false;
    scoped_text char *line = words_first_line(&text.words);
    if (!line || !slice_is_nocase(slice_of(line), recipient->text))
        return true;
    recipient->visible = true;
    work->target_line = true;
    return true;
}

/* ---- the body ---- */
/* A program that sends a direct message to each reader in turn means each of them. */
static void text_for_guard(const struct mail_work *work, const struct drafting *drafting,
                           struct bytes *out)
{
    if (work_count(work, ADDRESS_PUBLISH) == 0)
        for (size_t i = 0; i < work->count; i++)
            bytes_print(out, "to %s\n", work->recipients[i].text);
    post_text_plain(&drafting->text, out);
    for (size_t i = 0; i < drafting->note->picture_count; i++)
        bytes_print(out, "\npicture %lld %s", (long long)drafting->note->pictures[i].facts.size,
                    drafting->note->pictures[i].facts.alt ? drafting->note->pictures[i].facts.alt
                                                          : "");
}

static bool ask_guards(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct mail_plan *plan = work_plan(work);
    scoped_value(bytes) text = {0};
    bool seen;

    plan->guard_count = 0;
    text_for_guard(work, drafting, &text);
    if (mail_guard(work, "note", bytes_slice(&text), &plan->guards[0]))
        plan->guard_count = 1;
    if (work->author.evidence == EVIDENCE_S3)
        signature_guard(work, &plan->guards[plan->guard_count++]);
    for (size_t i = 0; i < plan->guard_count; i++) {
        if (!guard_seen(work, &plan->guards[i], &seen, err))
            return false;
        drafting->q.seen |= seen;
    }
    return true;
}

bool drafting_read(struct mail_work *work, struct drafting *drafting, struct err *err)
{
    struct post_question *q = &drafting->q;
    struct mail_parts parts;
    bool quotes = drafting->quoted.found;

    mail_parts_find(said_root(work), work->chat, &parts);
    if (!post_text_read(work, &parts, &drafting->parent, &drafting->text, err) ||
        !pictures_read(work, &parts, &drafting->text, q, drafting->note, err))
        return false;
    if (parts.attached_mail && !quotes &&
        q->pictures == PICTURES_FINE) { /* of a post it is P8 before */
        q->pictures = PICTURES_UNFIT_FILE;
        strcpy(q->picture_name, "the attached mail");
    }
    q->read = true;
    q->automatic |= parts.automatic;
    q->forwarded = drafting->forward || drafting->text.forwarded || parts.attached_mail ||
                   mail_is_resent(work);
    if (quotes) /* whose a picture is beside a forward nobody can tell */
        q->forwarded = q->picture_count > 0 || q->pictures != PICTURES_FINE;
    q->encrypted = parts.encrypted || drafting->text.encrypted;
    q->ambiguous = mail_is_ambiguous(work->mail) || (work->inner && mail_is_ambiguous(work->inner));
    q->empty = post_text_empty(&drafting->text) && drafting->note->picture_count == 0 &&
               !drafting->text.too_long;
    q->too_long = drafting->text.too_long;
    return ask_guards(work, drafting, err);
}

/* ---- people ---- */
static bool addressed_already(const struct planned_note *note, const struct person *person,
                              const char *user, const char *host)
{
    for (size_t i = 0; i < note->addressee_count; i++) {
        const struct addressee *one = &note->addressees[i];
        if (person->id && one->person_id == person->id)
            return true;
        if (!person->id && one->user && slice_is_nocase(slice_of(user), one->user) &&
            slice_is_nocase(slice_of(host), one->host))
            return true;
    }
    return false;
}

void note_address(struct planned_note *note, const struct person *person, const char *user,
                  const char *host, enum audience_field field, bool mentioned)
{
    if (addressed_already(note, person, user, host))
        return;
    must_make_room(note->addressees, note->addressee_count, note->addressee_capacity);
    note->addressees[note->addressee_count++] = (struct addressee){
        .person_id = person->id,
        .user = must_dup(user),
        .host = must_dup(host),
        .field = field,
        .mentioned = mentioned,
    };
}

static bool address_one(struct mail_work *work, struct drafting *drafting,
                        const struct address *address, enum audience_field field, struct err *err)
{
    scoped_value(person) person = {0};
    enum person_state state;

    if (!work_recipient_person(work, address, &person, &state, err))
        return false;
    const char *user = person.user ? person.user : address->user;
    const char *host = person.host ? person.host : address->host;
    switch (state) {
    case PERSON_ASKED_FOR: drafting->asking = true; return true;
    case PERSON_NOBODY:
        drafting->nobody = true;
        return work_answer(work, VERDICT_NOBODY,
                           "Nothing was sent: @%s@%s was not found. Is it spelt right?", user,
                           host);
    case PERSON_FOUND:
    case PERSON_SILENT: note_address(drafting->note, &person, user, host, field, true); return true;
    }
    __builtin_unreachable();
}

bool drafting_address(struct mail_work *work, struct drafting *drafting, enum audience_field field,
                      struct err *err)
{
    for (size_t i = 0; !drafting->nobody && i < work->count; i++) {
        const struct address *address = &work->recipients[i].address;
        if (address->kind != ADDRESS_PERSON || work_is_local_mailbox(work, address))
            continue;
        if (!address_one(work, drafting, address, field, err))
            return false;
    }
    return true;
}

static bool name_one(struct mail_work *work, struct drafting *drafting, struct named *named,
                     struct err *err)
{
    scoped_value(person) person = {0};
    enum person_state state;

    if (!work_person(work, slice_of(named->user), slice_of(named->host), &person, &state, err))
        return false;
    if (state == PERSON_ASKED_FOR)
        drafting->asking = true;
    if (state != PERSON_FOUND)
        return true;
    named->known = true;
    named->person_id = person.id;
    if (person.kind == PERSON_LOCAL)
        named->page = name_profile_page(person.host, person.user);
    else
        named->page = must_dup(person.url ? person.url : person.actor_id);
    if (person.id != work->author.account.person_id)
        note_address(drafting->note, &person, person.user, person.host, AUDIENCE_CC, true);
    return true;
}

/* Naming somebody here must not tell them: no search, only a link to where they are known to be. */
static bool link_one(struct mail_work *work, struct named *named, struct err *err)
{
    scoped_value(person) person = {0};
    enum found found = store_person_by_handle(work->view, slice_of(named->user),
                                              slice_of(named->host), &person, err);

    if (found == FOUND && person.url)
        named->page = must_dup(person.url);
    return found != FAILED;
}

bool drafting_name(struct mail_work *work, struct drafting *drafting, bool notify, struct err *err)
{
    names_find(&drafting->text, &drafting->names);
    for (size_t i = 0; i < drafting->names.count; i++) {
        struct named *named = &drafting->names.at[i];
        bool ok = notify ? name_one(work, drafting, named, err) : link_one(work, named, err);
        if (!ok)
            return false;
    }
    return true;
}

/* ---- the message ---- */
/* Each stands in the document that goes to everybody, which has a limit. */
static void add_hashtag(void *ctx, struct slice tag)
{
    struct planned_note *note = ctx;

    if (note->hashtag_count == HASHTAGS_MAX)
        return;
    for (size_t i = 0; i < note->hashtag_count; i++)
        if (slice_is_nocase(tag, note->hashtags[i]))
            return;
    must_make_room(note->hashtags, note->hashtag_count, note->hashtag_capacity);
    note->hashtags[note->hashtag_count++] = must_copy(tag);
}

static char *language_of(struct mail_work *work)
{
    struct mail *header = said_header(work);
    struct slice list = slice_of(header ? mail_field(header, "Content-Language", 0) : NULL);
    struct slice first = slice_trim(slice_cut(&list, ','));

    for (size_t i = 0; i < first.len; i++) {
        char c = first.at[i];
        bool fits =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || (c >= '0' && c <= '9');
        if (!fits || first.len > 35)
            return must_dup(work->author.account.language);
    }
    return slice_empty(first) ? must_dup(work->author.account.language) : must_copy(first);
}

static void write_texts(struct mail_work *work, struct drafting *drafting, struct message *message)
{
    struct planned_note *note = drafting->note;
    const struct html_orders orders = {
        .domain = work->author.account.domain,
        .mentions = visibility_is_open(message->visibility),
        .hashtags = message->visibility != VISIBILITY_DIRECT,
        .names = &drafting->names,
    };

    post_html(&drafting->text, &orders, &message->html);
    post_text_plain(&drafting->text, &message->plain);
    if (drafting->text.warning)
        bytes_add_text(&message->warning, drafting->text.warning);
    if (drafting->text.subject)
        bytes_add_text(&message->subject, drafting->text.subject);
    if (orders.hashtags)
        hashtags_find(&drafting->text, add_hashtag, note);
}

static void write_thread(const struct parent *parent, struct message *message)
{
    if (!parent->found)
        return;
    message->parent_id = parent->message.id;
    message->parent_uri = must_dup(parent->message.activity_id);
    message->conversation = must_dup(parent->message.conversation);
    message->references = references_below(&parent->message);
    if (parent->message.wrapped || parent->message.subject.len == 0)
        return;
    bytes_reset(&message->subject); /* the thread keeps its name, whatever programs put around it */
    bytes_add(&message->subject, bytes_slice(&parent->message.subject));
}

void drafting_write(struct mail_work *work, struct drafting *drafting, enum visibility visibility)
{
    struct message *message = &drafting->note->message;
    const struct account *account = &work->author.account;
    char ref[REF_LEN + 1];

    ref_new(ref);
    message->ref = must_dup(ref);
    message->author_id = account->person_id;
    message->account_id = account->id;
    message->visibility = visibility;
    message->state = MESSAGE_HELD;
    message->version = 1;
    message->activity_id = name_post(account->domain, account->name, ref);
    if (visibility_is_open(visibility))
        message->url = name_post_page(account->domain, account->name, ref);
    message->message_id = message_id_new(account->domain);
    message->published_ms = work->arrival->received_ms;
    message->language = language_of(work);
    message->evidence = (int)work->author.evidence;
    write_texts(work, drafting, message);
    message->sensitive = message->warning.len > 0;
    write_thread(&drafting->parent, message);
    message->quoted_id = drafting->quoted.message.id;
}
