/* mail — the questions one may ask of a mail that was taken apart. */
#include "mime_private.h"

#include "memory.h"
#include "text.h"

#include <libxml/parser.h>

enum { MAX_COLONS = 100 };

void mime_set_up(void)
{
    g_mime_init();
    xmlInitParser();
}

static GMimeParserOptions *new_options(void)
{
    static const char *const fallback[] = {"utf-8", "windows-1252", NULL};
    GMimeParserOptions *options = g_mime_parser_options_new();
    const char *charsets[COUNT_OF(fallback)];

    memcpy(charsets, fallback, sizeof fallback);
    g_mime_parser_options_set_fallback_charsets(options, charsets);
    return options;
}

bool mail_parse(struct source *source, struct mail **out, struct err *err)
{
    scoped(mail) mail = must_new(struct mail);

    mail->source = source;
    mail->options = new_options();
    if (!mail_tree_read(mail, err))
        return false;
    *out = steal(&mail);
    return true;
}

void mail_free(struct mail *mail)
{
    if (!mail)
        return;
    mail_part_free(mail->root);
    source_free(mail->owned);
    g_mime_parser_options_free(mail->options);
    free(mail);
}

const char *mail_field(struct mail *mail, const char *name, size_t index)
{
    struct header_field *field = header_find(&mail->root->header, name, index);
    return field ? field_decoded(field) : NULL;
}

size_t mail_field_count(struct mail *mail, const char *name)
{
    size_t count = 0;

    while (header_find(&mail->root->header, name, count))
        count++;
    return count;
}

/* A, not necessarily the only, `@`, no blank and no bracket: what cannot be an addr-spec is left out. */
/* Marks that nobody sees: the address would look like another one. */
static bool turns_line(struct slice address)
{
    uint32_t code = 0;

    for (size_t len; address.len > 0; address = slice_from(address, len ? len : 1)) {
        len = utf8_read(address, &code);
        if (len > 0 && utf8_turns_line(code))
            return true;
    }
    return false;
}

static bool is_address(struct slice address)
{
    size_t at = slice_find_last(address, '@');

    if (at == SIZE_MAX || at == 0 || at + 1 == address.len)
        return false;
    for (size_t i = 0; i < address.len; i++)
        if ((unsigned char)address.at[i] <= ' ' || strchr("<>,;\x7f", address.at[i]))
            return false;
    return utf8_valid(address) && !turns_line(address);
}

static bool is_plain_label(struct slice label)
{
    if (label.len == 0 || label.len > 63 || label.at[0] == '-' || label.at[label.len - 1] == '-' ||
        (label.len > 3 && label.at[2] == '-' && label.at[3] == '-'))
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!g_ascii_isalnum(label.at[i]) && label.at[i] != '-')
            return false;
    return true;
}

/* Behind the last `@` stands a name that IDNA leaves as it is (RFC 5890 2.3.1), as nearly always; looking for what it would
 * be costs more than all else that is done to an address. */
static bool has_plain_domain(struct slice address)
{
    size_t at = slice_find_last(address, '@');
    struct slice rest = at == SIZE_MAX ? SLICE("") : slice_from(address, at + 1);

    if (rest.len == 0 || rest.len > 253 || slice_ends_nocase(rest, "."))
        return false;
    while (rest.len > 0)
        if (!is_plain_label(slice_cut(&rest, '.')))
            return false;
    return true;
}

static const char *spec_of(InternetAddressMailbox *mailbox)
{
    const char *spec = internet_address_mailbox_get_addr(mailbox);

    return spec && has_plain_domain(slice_of(spec))
               ? spec
               : internet_address_mailbox_get_idn_addr(mailbox);
}

static void add_address(struct mail_addresses *out, InternetAddress *entry)
{
    const char *spec = spec_of((InternetAddressMailbox *)(void *)entry);
    const char *name = internet_address_get_name(entry);

    if (!spec || !is_address(slice_of(spec))) {
        out->unread += !spec || !slice_empty(slice_trim(slice_of(spec))) || (name && *name);
        return;
    }
    char *address = must_dup(spec);
    for (char *c = strrchr(address, '@'); *c; c++)
        *c = g_ascii_tolower(*c);
    char *clean = name ? clean_line(slice_of(name)) : NULL;
    if (clean && !*clean) {
        free(clean);
        clean = NULL;
    }
    must_make_room(out->at, out->count, out->capacity);
    out->at[out->count++] = (struct mail_address){.name = clean, .address = address};
}

static void add_list(struct mail_addresses *out, InternetAddressList *list, int depth)
{
    int count = internet_address_list_length(list);

    for (int i = 0; i < count; i++) {
        InternetAddress *entry = internet_address_list_get_address(list, i);
        bool room = out->count < MAIL_MAX_LIST;

        if (room && INTERNET_ADDRESS_IS_MAILBOX(entry))
            add_address(out, entry);
        else if (room && depth < 2 && INTERNET_ADDRESS_IS_GROUP(entry))
            add_list(out, internet_address_group_get_members((InternetAddressGroup *)(void *)entry),
                     depth + 1);
        else
            out->unread++;
    }
}

/* GMime opens a group within a group at each colon, by recursion: "a:a:a:…" would end the stack. */
static void bound_groups(char *text)
{
    int colons = 0;

    for (char *at = strchr(text, ':'); at; at = strchr(at + 1, ':'))
        if (++colons > MAX_COLONS)
            *at = ' ';
}

void mail_addresses(struct mail *mail, const char *name, struct mail_addresses *out)
{
    struct header_field *field;

    *out = (struct mail_addresses){0};
    for (size_t i = 0; (field = header_find(&mail->root->header, name, i)) != NULL; i++) {
        scoped_text char *text = field_for_gmime(field);
        bound_groups(text);
        InternetAddressList *list = internet_address_list_parse(mail->options, text);
        if (!list) {
            out->unread += !slice_empty(slice_trim(slice_of(text)));
            continue;
        }
        add_list(out, list, 0);
        g_object_unref(list);
    }
}

void mail_addresses_clear(struct mail_addresses *addresses)
{
    for (size_t i = 0; i < addresses->count; i++) {
        free(addresses->at[i].name);
        free(addresses->at[i].address);
    }
    free(addresses->at);
    *addresses = (struct mail_addresses){0};
}

/* What stands between < and >, without the blanks that folding leaves. */
static void add_id(struct mail_ids *out, struct slice between)
{
    char *id = must_copy(between);
    char *into = id;

    for (const char *from = id; *from; from++)
        if (*from != ' ')
            *into++ = *from;
    *into = '\0';
    if (!*id) {
        free(id);
        return;
    }
    must_make_room(out->at, out->count, out->capacity);
    out->at[out->count++] = id;
}

static void add_ids(struct mail_ids *out, struct slice text)
{
    while (out->count < MAIL_MAX_LIST) {
        size_t open = slice_find(text, '<');
        if (open == SIZE_MAX)
            return;
        text = slice_from(text, open + 1);
        size_t close = slice_find(text, '>');
        if (close == SIZE_MAX)
            return;
        add_id(out, slice_first(text, close));
        text = slice_from(text, close + 1);
    }
}

void mail_ids(struct mail *mail, const char *name, struct mail_ids *out)
{
    struct header_field *field;

    *out = (struct mail_ids){0};
    for (size_t i = 0; (field = header_find(&mail->root->header, name, i)) != NULL; i++)
        add_ids(out, slice_of(field_plain(field)));
}

void mail_ids_clear(struct mail_ids *ids)
{
    for (size_t i = 0; i < ids->count; i++)
        free(ids->at[i]);
    free(ids->at);
    *ids = (struct mail_ids){0};
}

int64_t mail_date_ms(struct mail *mail)
{
    struct header_field *field = header_find(&mail->root->header, "Date", 0);
    if (!field)
        return 0;
    GDateTime *date = g_mime_utils_header_decode_date(field_plain(field));
    if (!date)
        return 0;
    int64_t ms = g_date_time_to_unix(date) * 1000;
    g_date_time_unref(date);
    return ms;
}

bool mail_is_ambiguous(const struct mail *mail)
{
    return mail->ambiguous;
}

struct mail_part *mail_root(struct mail *mail)
{
    return mail->root;
}

size_t mail_part_count(const struct mail_part *part)
{
    return part->count;
}

struct mail_part *mail_part_child(struct mail_part *part, size_t index)
{
    return index < part->count ? part->children[index].part : NULL;
}

bool mail_part_is(const struct mail_part *part, const char *type, const char *subtype)
{
    struct slice rest = slice_of(part->type);
    struct slice major = slice_cut(&rest, '/');

    return (strcmp(type, "*") == 0 || slice_is_nocase(major, type)) &&
           (strcmp(subtype, "*") == 0 || slice_is_nocase(rest, subtype));
}

const char *mail_part_type(const struct mail_part *part)
{
    return part->type;
}

const char *mail_part_parameter(const struct mail_part *part, const char *name)
{
    return mail_parameter_find(&part->parameters, name);
}

const char *mail_part_field(const struct mail_part *part, const char *name)
{
    struct header_field *field = header_find(&part->header, name, 0);
    return field ? field_decoded(field) : NULL;
}

const char *mail_part_file_name(const struct mail_part *part)
{
    return part->file_name;
}

bool mail_part_is_attachment(const struct mail_part *part)
{
    return part->attachment;
}

const char *mail_part_content_id(const struct mail_part *part)
{
    return part->content_id;
}
