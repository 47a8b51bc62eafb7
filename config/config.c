/*
 * The settings file: sections, one setting a line, comments behind ';' or '#'.
 */
#include "config_private.h"

#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

enum { FILE_MAX_BYTES = 1024 * 1024, QUOTED_MAX = 48 };

struct reading {
    struct config *config;
    struct slice section;
    int line;
    int *set_at; /* line of each row of the table, 0: not yet */
    struct err *err;
};

static bool mistake(struct reading *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static bool mistake(struct reading *r, const char *fmt, ...)
{
    scoped_value(bytes) what = {0};
    va_list args;

    va_start(args, fmt);
    bytes_vprint(&what, fmt, args);
    va_end(args);
    return err_set(r->err, ERR_MALFORMED, "line %d: %s", r->line, what.at);
}

/* A ';' or '#' is a comment at the start and behind a space, so that it can stand in a value too. */
static struct slice without_comment(struct slice line)
{
    for (size_t i = 0; i < line.len; i++) {
        bool apart = i == 0 || line.at[i - 1] == ' ' || line.at[i - 1] == '\t';
        if (apart && (line.at[i] == ';' || line.at[i] == '#'))
            return slice_first(line, i);
    }
    return line;
}

static bool known_section(struct slice section)
{
    for (size_t i = 0; i < config_table_count; i++)
        if (slice_is(section, config_table[i].section))
            return true;
    return false;
}

static bool read_section(struct reading *r, struct slice line)
{
    size_t close = slice_find(line, ']');

    if (close == SIZE_MAX)
        return mistake(r, "a section is written as [server]");
    struct slice name = slice_trim(slice_first(slice_from(line, 1), close - 1));
    if (!known_section(name))
        return mistake(r,
                       "there is no section [%.*s]; there are server, listen, tls, policy, relay "
                       "and network",
                       SLICE_ARGS(slice_first(name, QUOTED_MAX)));
    if (close + 1 < line.len)
        return mistake(r, "write what follows [%.*s] on lines of its own", SLICE_ARGS(name));
    r->section = name;
    return true;
}

static size_t find_row(struct slice section, struct slice key)
{
    for (size_t i = 0; i < config_table_count; i++)
        if (slice_is(section, config_table[i].section) && slice_is(key, config_table[i].key))
            return i;
    return SIZE_MAX;
}

/* Do the two differ by one letter that is wrong, missing or too much? */
static bool nearly(struct slice a, struct slice b)
{
    size_t front = 0, back = 0;
    size_t shorter = a.len < b.len ? a.len : b.len;
    size_t longer = a.len < b.len ? b.len : a.len;

    while (front < shorter && a.at[front] == b.at[front])
        front++;
    while (back < shorter - front && a.at[a.len - 1 - back] == b.at[b.len - 1 - back])
        back++;
    return longer - front - back <= 1;
}

static bool unknown_setting(struct reading *r, struct slice key)
{
    struct slice shown = slice_first(key, QUOTED_MAX);

    for (size_t i = 0; i < config_table_count; i++)
        if (slice_is(key, config_table[i].key))
            return mistake(r, "%s belongs below [%s], not below [%.*s]", config_table[i].key,
                           config_table[i].section, SLICE_ARGS(r->section));
    for (size_t i = 0; i < config_table_count; i++)
        if (slice_is(r->section, config_table[i].section) &&
            nearly(key, slice_of(config_table[i].key)))
            return mistake(r, "there is no setting \"%.*s\" in [%s]; there is \"%s\"",
                           SLICE_ARGS(shown), config_table[i].section, config_table[i].key);
    return mistake(r, "there is no setting \"%.*s\" in [%.*s]; see \"nestbox help settings\"",
                   SLICE_ARGS(shown), SLICE_ARGS(r->section));
}

static bool wrong_value(struct reading *r, const struct setting *setting, struct slice value)
{
    scoped_value(bytes) right = {0};
    bool cut = value.len > QUOTED_MAX;

    setting->kind->right(setting, &right);
    return mistake(r, "%s = %.*s%s is not right; write %s", setting->key,
                   SLICE_ARGS(slice_first(value, QUOTED_MAX)), cut ? "..." : "", right.at);
}

/* An empty value leaves the default. */
static bool read_setting(struct reading *r, struct slice line)
{
    struct slice value = line;
    struct slice key = slice_trim(slice_cut(&value, '='));

    if (!value.at)
        return mistake(r, "a setting is written as \"name = value\"");
    if (slice_empty(r->section))
        return mistake(r, "a section such as [server] must stand above the first setting");
    size_t row = find_row(r->section, key);
    if (row == SIZE_MAX)
        return unknown_setting(r, key);
    const struct setting *setting = &config_table[row];
    if (r->set_at[row])
        return mistake(r, "%s is set already on line %d; keep one of the two", setting->key,
                       r->set_at[row]);
    r->set_at[row] = r->line;
    value = slice_trim(value);
    if (!slice_empty(value) && !setting->kind->read(setting, value, r->config))
        return wrong_value(r, setting, value);
    return true;
}

static bool read_line(struct reading *r, struct slice line)
{
    r->line++;
    line = slice_trim(without_comment(line));
    if (slice_empty(line))
        return true;
    return line.at[0] == '[' ? read_section(r, line) : read_setting(r, line);
}

static bool fill_path(char *into, size_t size, const char *data_dir, const char *file)
{
    return into[0] || snprintf(into, size, "%s/%s", data_dir, file) < (int)size;
}

/* What is made of other settings, and what they ask of each other. */
static bool complete(struct config *config, struct err *err)
{
    if (config->domain_count == 0)
        return err_set(err, ERR_MALFORMED,
                       "domain is missing; write \"domain = example.org\" below [server]");
    if (!config->hostname[0])
        memcpy(config->hostname, config->domains[0], sizeof config->hostname);
    if (!fill_path(config->certificate, sizeof config->certificate, config->data_dir,
                   "tls/cert.pem") ||
        !fill_path(config->key, sizeof config->key, config->data_dir, "tls/key.pem"))
        return err_set(err, ERR_MALFORMED, "data_dir is too long; write one below 1000 bytes");
    if (!config->relay_host[0] && (config->relay_user[0] || config->relay_password_file[0]))
        return err_set(err, ERR_MALFORMED,
                       "[relay] has a login but no host; write \"host = NAME\" there");
    if (!config->relay_user[0] != !config->relay_password_file[0])
        return err_set(err, ERR_MALFORMED, "[relay] needs both user and password_file, or neither");
    if (config->registration == REGISTRATION_FEE && (!config->fee[0] || !config->fee_pay[0]))
        return err_set(
            err, ERR_MALFORMED,
            "registration = fee needs words for the price and how to pay it; write \"%s\" "
            "below [policy]",
            config->fee[0] ? "fee_pay = ..." : "fee = 12 EUR a year");
    return true;
}

static void set_defaults(struct config *out)
{
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < config_table_count; i++) {
        const struct setting *setting = &config_table[i];
        if (!setting->fallback)
            continue;
        bool right = setting->kind->read(setting, slice_of(setting->fallback), out);
        assert(right);
        (void)right;
    }
}

void config_defaults(struct config *out)
{
    set_defaults(out);
    fill_path(out->certificate, sizeof out->certificate, out->data_dir, "tls/cert.pem");
    fill_path(out->key, sizeof out->key, out->data_dir, "tls/key.pem");
}

bool config_parse(struct slice text, struct config *out, struct err *err)
{
    struct config *config = must_new(struct config);
    int *set_at = must_alloc_array(config_table_count, sizeof *set_at);
    struct reading reading = {.config = config, .set_at = set_at, .err = err};
    struct slice rest = slice_starts(text, SLICE("\xef\xbb\xbf")) ? slice_from(text, 3) : text;
    bool right = true;

    set_defaults(config);
    while (right && rest.at)
        right = read_line(&reading, slice_line(&rest));
    right = right && complete(config, err);
    if (right)
        *out = *config;
    free(set_at);
    free(config);
    return right;
}

static bool read_whole(FILE *file, struct bytes *out, struct err *err)
{
    while (!feof(file)) {
        char *into = bytes_reserve(out, 8192);
        out->len += fread(into, 1, 8192, file);
        if (ferror(file))
            return err_system(err, "The settings file cannot be read", "read");
        if (out->len > FILE_MAX_BYTES)
            return err_set(err, ERR_TOO_LARGE, "The settings file is larger than 1 MiB");
    }
    return true;
}

bool config_read(const char *path, struct config *out, struct err *err)
{
    scoped_value(bytes) text = {0};
    FILE *file = fopen(path, "re");

    if (!file && errno == ENOENT)
        return err_because(err, ERR_ABSENT,
                           "There is no settings file; \"nestbox init --domain D\" writes one",
                           "open %s", path);
    if (!file)
        return err_system(err, "The settings file cannot be opened", "open %s", path);
    bool whole = read_whole(file, &text, err);
    fclose(file);
    if (!whole || config_parse(bytes_slice(&text), out, err))
        return whole;
    snprintf(err->cause, sizeof err->cause, "in %s", path);
    return false;
}

bool config_hosts(const struct config *config, struct slice domain)
{
    for (size_t i = 0; i < config->domain_count; i++)
        if (slice_is_nocase(domain, config->domains[i]))
            return true;
    return false;
}

bool config_trusts_sealer(const struct config *config, struct slice domain)
{
    for (size_t i = 0; i < CONFIG_DOMAINS_MAX && config->trust_arc[i][0]; i++)
        if (slice_is_nocase(domain, config->trust_arc[i]))
            return true;
    return false;
}

bool config_is_monitor(const struct config *config, const char *address)
{
    for (size_t i = 0; i < CONFIG_MONITORS_MAX && config->monitors[i][0]; i++)
        if (strcmp(config->monitors[i], address) == 0)
            return true;
    return false;
}

bool config_mx_wants_tls(const struct config *config)
{
    if (config->smtp.tls == ENDPOINT_TLS_AS_POLICY)
        return config->require_tls;
    return config->smtp.tls == ENDPOINT_TLS_REQUIRED;
}

static bool lies_in(const char *path, const char *folder, const char *file)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && strcmp(path + len, file) == 0;
}

bool config_owns_certificate(const struct config *config)
{
    return lies_in(config->certificate, config->data_dir, "/tls/cert.pem") &&
           lies_in(config->key, config->data_dir, "/tls/key.pem");
}

bool config_fetches_certificate(const struct config *config)
{
    return config->acme[0] && config_owns_certificate(config) && !config->http.off;
}

size_t config_warnings(const struct config *config, const char *out[], size_t max)
{
    const struct {
        bool holds;
        const char *text;
    } all[] = {
        {config->allow_private,
         "allow_private = yes: strangers can make this server connect to private addresses"},
        {config->connect_to_count > 0,
         "connect_to is set: some names are reached without asking DNS"                    },
        {strcmp(config->trust_anchor,  "none") == 0,
         "trust_anchor = none: no DNS answer counts as secure"},
        {config->acme[0] && !config_owns_certificate(config),
         "acme and a certificate of your own are both set: yours is used and none is fetched; "
         "leave certificate and key "
         "out of [tls] to change that"                             },
        {config->acme[0] && config_owns_certificate(config) && config->http.off,
         "acme is set and http is off in [listen]: no certificate is fetched, for authorities come "
         "to port 80"},
    };
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (all[i].holds && count < max)
            out[count++] = all[i].text;
    return count;
}
