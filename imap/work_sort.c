/* What SORT and THREAD need of each mail: read from its header, in clear as it stands. */
#include "imap_work.h"
#include "mail.h"

enum {
    HEADER_MOST = 32 * 1024,
    WEIGHT_EACH = 80, /* of what is kept of a mail, beside its text */
    WEIGHT_MOST = 64 * 1024 * 1024,
};

/* The header alone, as a mail. */
static bool read_header(struct source *body, struct bytes *out, struct err *err)
{
    size_t got = 0;

    if (!source_read(body, 0, bytes_reserve(out, HEADER_MOST), HEADER_MOST, &got, err))
        return false;
    out->len = got;
    size_t end = slice_find_text(bytes_slice(out), SLICE("\r\n\r\n"));
    if (end != SIZE_MAX)
        bytes_cut(out, end + strlen("\r\n\r\n"));
    return true;
}

/* "Carol" of "Carol <Carol.M@mail.example>" would be a name; this is "carol.m". */
static char *first_person(struct mail *mail, const char *field)
{
    scoped_value(mail_addresses) all = {0};

    mail_addresses(mail, field, &all);
    if (all.count == 0 || !all.at[0].address)
        return NULL;
    struct slice address = slice_of(all.at[0].address);
    size_t at = slice_find_last(address, '@');
    char *person = must_copy(slice_first(address, at == SIZE_MAX ? address.len : at));
    for (char *c = person; *c; c++)
        *c = ascii_lower(*c);
    return person;
}

static void take_last_ids(struct mail_ids *ids, size_t most, struct sorted_mail *out)
{
    size_t first = ids->count > most ? ids->count - most : 0;

    out->references = must_alloc_array(most, sizeof out->references[0]);
    for (size_t i = first; i < ids->count; i++)
        out->references[out->reference_count++] = steal(&ids->at[i]);
}

/* References, or the first of In-Reply-To where there are none. */
static void take_references(struct mail *mail, struct sorted_mail *out)
{
    scoped_value(mail_ids) references = {0};
    scoped_value(mail_ids) answered = {0};
    scoped_value(mail_ids) own = {0};

    mail_ids(mail, "Message-ID", &own);
    if (own.count > 0)
        out->id = steal(&own.at[0]);
    mail_ids(mail, "References", &references);
    mail_ids(mail, "In-Reply-To", &answered);
    if (references.count > 0) {
        take_last_ids(&references, SORT_IDS_MAX, out);
    } else if (answered.count > 0) {
        out->references = must_alloc_array(1, sizeof out->references[0]);
        out->references[out->reference_count++] = steal(&answered.at[0]);
    }
}

static size_t weight_of(const struct sorted_mail *mail)
{
    size_t weight = WEIGHT_EACH + strlen(mail->subject);

    for (size_t i = 0; i < mail->reference_count; i++)
        weight += WEIGHT_EACH + strlen(mail->references[i]);
    return weight;
}

static void read_fields(struct mail *mail, const struct entry_row *row, enum search_shape shape,
                        struct sorted_mail *out)
{
    int64_t date_ms = mail ? mail_date_ms(mail) : 0;
    const char *subject = mail ? mail_field(mail, "Subject", 0) : NULL;

    *out = (struct sorted_mail){
        .uid = row->mark.uid,
        .arrival_ms = row->received_ms,
        .date_ms = date_ms ? date_ms : row->received_ms,
        .octets = row->octets,
        .modseq = row->mark.modseq,
    };
    out->subject = subject_base(slice_of(subject), &out->answer);
    if (!mail)
        return;
    if (shape == SHAPE_SORTED) {
        out->from = first_person(mail, "From");
        out->to = first_person(mail, "To");
        out->cc = first_person(mail, "Cc");
    } else if (shape == SHAPE_REFERENCES) {
        take_references(mail, out);
    }
}

bool sorting_add(struct sorting *it, struct store_view *view, const struct entry_row *row,
                 struct err *err)
{
    scoped(source) body = store_body_source(view, row->body_id, err);
    scoped_value(bytes) text = {0};
    struct mail *mail = NULL;
    struct err broken;

    if (!body || !read_header(body, &text, err))
        return false;
    scoped(source) header = source_of_bytes(&text);
    if (!mail_parse(header, &mail, &broken))
        mail = NULL; /* no mail: it has no date, no subject and no sender */
    must_make_room(it->mails, it->count, it->capacity);
    struct sorted_mail *sorted = &it->mails[it->count++];
    read_fields(mail, row, it->order.shape, sorted);
    mail_free(mail);
    it->weight += weight_of(sorted);
    return (it->count < SORT_MAILS_MAX && it->weight < WEIGHT_MOST) ||
           err_set(err, ERR_TOO_LARGE, "These are too many to sort; search for fewer");
}

void sorting_clear(struct sorting *it)
{
    for (size_t i = 0; i < it->count; i++)
        sorted_mail_clear(&it->mails[i]);
    free(it->mails);
    *it = (struct sorting){.order = it->order};
}

void sorting_end(struct sorting *it, struct imap_found *found)
{
    if (it->order.shape == SHAPE_SORTED) {
        for (size_t i = 0; i < it->count; i++)
            number_set_add(&found->set, it->mails[i].uid, it->mails[i].uid);
        sort_mails(it->mails, it->count, &it->order);
        for (size_t i = 0; i < it->count; i++)
            found->uids[i] = it->mails[i].uid;
        found->modseq_first = it->count ? it->mails[0].modseq : 0;
        found->modseq_last = it->count ? it->mails[it->count - 1].modseq : 0;
    } else if (it->order.shape != SHAPE_SET) {
        thread_mails(it->mails, it->count, it->order.shape, &found->threads);
    }
    sorting_clear(it);
}
