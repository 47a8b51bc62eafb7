/*
 * The table, printed: for `nestbox help settings`, for man(1), and as a file to begin with.
 */
#include "config_private.h"

#include "text.h"

void setting_form(const struct setting *setting, struct bytes *out)
{
    if (setting->kind->form) {
        bytes_add_text(out, setting->kind->form);
        return;
    }
    for (size_t i = 0; setting->choices[i]; i++)
        bytes_print(out, "%s%s", i ? "|" : "", setting->choices[i]);
}

static bool new_section(size_t row)
{
    return row == 0 || strcmp(config_table[row].section, config_table[row - 1].section) != 0;
}

static void add_standard(const struct setting *setting, struct bytes *out)
{
    if (setting->max > 0) {
        bytes_add_text(out, "Write ");
        setting->kind->right(setting, out);
        bytes_add_text(out, ". ");
    }
    if (setting->fallback)
        bytes_print(out, "Default: %s", setting->fallback);
    else
        bytes_print(out, "Unless set: %s", setting->unset);
}

void config_manual(struct bytes *out)
{
    for (size_t i = 0; i < config_table_count; i++) {
        const struct setting *setting = &config_table[i];
        if (new_section(i))
            bytes_print(out, "%s[%s]\n", i ? "\n" : "", setting->section);
        scoped_value(bytes) standard = {0};
        bytes_print(out, "  %s = ", setting->key);
        setting_form(setting, out);
        bytes_add_char(out, '\n');
        text_wrap(out, "      ", setting->help);
        add_standard(setting, &standard);
        text_wrap(out, "      ", bytes_slice(&standard).at);
    }
}

/* man(7): a line may not begin with '.' or '\'', and '\' and '-' have meanings of their own. */
static void add_roff(struct bytes *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '\\')
            bytes_add_text(out, "\\e");
        else if (text.at[i] == '-')
            bytes_add_text(out, "\\-");
        else
            bytes_add_char(out, text.at[i]);
    }
}

static void add_page_row(const struct setting *setting, struct bytes *out)
{
    scoped_value(bytes) form = {0};
    scoped_value(bytes) standard = {0};

    setting_form(setting, &form);
    add_standard(setting, &standard);
    bytes_print(out, ".TP\n\\fB%s\\fR = \\fI", setting->key);
    add_roff(out, bytes_slice(&form));
    bytes_add_text(out, "\\fR\n");
    add_roff(out, slice_of(setting->help));
    bytes_add_text(out, "\n.br\n");
    add_roff(out, bytes_slice(&standard));
    bytes_add_char(out, '\n');
}

void config_manual_page(struct bytes *out)
{
    bytes_add_text(
        out,
        ".TH NESTBOX.CONF 5 \"\" Nestbox\n"
        ".SH NAME\nnestbox.conf \\- settings of the mail and Fediverse server nestbox\n"
        ".SH DESCRIPTION\n"
        "Sections in brackets, below each its settings, one a line, as\n.IR name\\~=\\~value .\n"
        "What stands behind a ; or # at the start of a line or after a space is a comment.\n"
        "An empty value is the default. Durations take ms, s, min, h or d; sizes KiB, MiB, GiB\n"
        "or TiB. A mistake is told with its line, and the server does not start.\n");
    for (size_t i = 0; i < config_table_count; i++) {
        if (new_section(i))
            bytes_print(out, ".SH [%s]\n", config_table[i].section);
        add_page_row(&config_table[i], out);
    }
    bytes_add_text(out, ".SH FILES\n.TP\n/etc/nestbox/nestbox.conf\nread unless\n.B \\-\\-config\n"
                        "names another.\n.SH SEE ALSO\n.BR nestbox (8)\n");
}

/* The value `init` was told, or NULL. */
static const char *given(const struct setting *setting, const char *domain, const char *dir)
{
    if (strcmp(setting->key, "domain") == 0)
        return domain;
    return strcmp(setting->key, "data_dir") == 0 ? dir : NULL;
}

static void add_sample_row(const struct setting *setting, const char *value, struct bytes *out)
{
    text_wrap(out, "# ", setting->help);
    bytes_print(out, "%s%s = ", value ? "" : ";", setting->key);
    if (value || setting->fallback)
        bytes_add_text(out, value ? value : setting->fallback);
    else
        setting_form(setting, out);
    bytes_add_text(out, "\n\n");
}

void config_sample(const char *domain, const char *dir, struct bytes *out)
{
    bytes_add_text(out,
                   "# Settings of Nestbox. What is commented out has the value shown, or none.\n"
                   "# \"nestbox help settings\" tells everything about them.\n\n");
    for (size_t i = 0; i < config_table_count; i++) {
        const struct setting *setting = &config_table[i];
        if (new_section(i))
            bytes_print(out, "[%s]\n", setting->section);
        add_sample_row(setting, given(setting, domain, dir), out);
    }
    bytes_cut(out, out->len - 1);
}
