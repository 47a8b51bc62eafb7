#include "claim_text.h"

#include "memory.h"

#define BEGIN "-----BEGIN PGP SIGNED MESSAGE-----"
#define SIGNATURE "-----BEGIN PGP SIGNATURE-----"
#define END "-----END PGP SIGNATURE-----"

enum { WORDS_MAX = 5, FINGERPRINT_LEN = 40 };

/* ---- lines ---- */
struct words {
    struct slice at[WORDS_MAX];
    size_t count; /* WORDS_MAX: so many, or more */
};

static struct words words_of(struct slice line)
{
    struct words words = {.count = 0};

    while (words.count < WORDS_MAX) {
        line = slice_trim(line);
        if (slice_empty(line))
            break;
        size_t len = 0;
        while (len < line.len && line.at[len] != ' ' && line.at[len] != '\t')
            len++;
        words.at[words.count++] = slice_first(line, len);
        line = slice_from(line, len);
    }
    return words;
}

static char small(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Printable ASCII in lower case; false: it is something else, or does not fit. */
static bool take(struct slice word, size_t most, char *out)
{
    if (slice_empty(word) || word.len > most)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.at[i] <= ' ' || word.at[i] >= 0x7f)
            return false;
        out[i] = small(word.at[i]);
    }
    out[word.len] = '\0';
    return true;
}

static bool take_fingerprint(struct slice word, char out[FINGERPRINT_LEN + 1])
{
    if (word.len != FINGERPRINT_LEN || !take(word, FINGERPRINT_LEN, out))
        return false;
    for (char *c = out; *c; c++) {
        if (!(*c >= '0' && *c <= '9') && !(*c >= 'a' && *c <= 'f'))
            return false;
        if (*c >= 'a')
            *c = (char)(*c - 'a' + 'A');
    }
    return true;
}

static bool read_claim(const struct words *words, struct claim_text *out)
{
    struct slice address = words->at[1];
    size_t at = slice_find_last(address, '@');

    if (words->count != 2 && words->count != 4)
        return false;
    if (at == SIZE_MAX || !take(slice_first(address, at), CLAIM_NAME_MAX, out->user) ||
        !take(slice_from(address, at + 1), CLAIM_DOMAIN_MAX, out->domain))
        return false;
    return words->count == 2 || (slice_is_nocase(words->at[2], "key") &&
                                 take_fingerprint(words->at[3], out->fingerprint));
}

static bool read_confirm(const struct words *words, struct claim_text *out)
{
    return words->count == 3 && words->at[1].len == TOKEN_LEN &&
           take(words->at[1], TOKEN_LEN, out->word) &&
           take(words->at[2], CLAIM_DOMAIN_MAX, out->domain);
}

static bool is_ascii(struct slice word)
{
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.at[i] >= 0x80)
            return false;
    return true;
}

static void read_line(struct slice line, struct claim_text *out)
{
    const struct words words = words_of(line);

    if (words.count < 2)
        return;
    bool claims = slice_is_nocase(words.at[0], "claim") && slice_has(words.at[1], "@");
    bool confirms = slice_is_nocase(words.at[0], "confirm") && words.at[1].len == TOKEN_LEN;
    if (slice_is_nocase(words.at[0], "invite") && words.count == 2 &&
        words.at[1].len == CLAIM_INVITATION_LEN &&
        (out->invitation[0] || !take(words.at[1], CLAIM_INVITATION_LEN, out->invitation)))
        out->says = CLAIM_SAYS_BADLY;
    if ((!claims && !confirms) || out->says == CLAIM_SAYS_BADLY)
        return;
    bool good = out->says == CLAIM_SAYS_NOTHING &&
                (claims ? read_claim(&words, out) : read_confirm(&words, out));
    if (!good && claims && out->says == CLAIM_SAYS_NOTHING && !is_ascii(words.at[1]))
        out->says = CLAIM_SAYS_ABROAD;
    else
        out->says = !good ? CLAIM_SAYS_BADLY : claims ? CLAIM_SAYS_CLAIM : CLAIM_SAYS_CONFIRM;
}

void claim_text_read(struct slice text, struct claim_text *out)
{
    struct slice rest = slice_first(text, CLAIM_TEXT_MAX);

    *out = (struct claim_text){.says = CLAIM_SAYS_NOTHING};
    while (rest.at)
        read_line(slice_line(&rest), out);
}

/* ---- clear-signed ---- */
void clear_signed_clear(struct clear_signed *it)
{
    bytes_clear(&it->text);
    *it = (struct clear_signed){.armor = SLICE("")};
}

static struct slice trim_end(struct slice line)
{
    while (line.len > 0 && strchr(" \t\r", line.at[line.len - 1]) && line.at[line.len - 1])
        line.len--;
    return line;
}

static bool line_is(struct slice line, const char *text)
{
    return slice_is(trim_end(line), text);
}

/* Behind the line BEGIN: only fields Hash stand there, and an empty line. */
static bool skip_fields(struct slice *rest)
{
    while (rest->at) {
        struct slice line = trim_end(slice_line(rest));
        if (slice_empty(line))
            return true;
        if (!slice_starts(line, SLICE("Hash: ")))
            return false; /* other fields are not signed, and may be taken for what is */
    }
    return false;
}

/* Up to the line SIGNATURE; *out_armor begins there. */
static bool read_lines(struct slice *rest, struct clear_signed *out, const char **out_armor)
{
    bool first = true;

    while (rest->at) {
        const char *begin = rest->at;
        struct slice line = trim_end(slice_line(rest));
        if (slice_is(line, SIGNATURE)) {
            *out_armor = begin;
            return true;
        }
        if (slice_starts(line, SLICE("- ")))
            line = slice_from(line, strlen("- "));
        else if (slice_starts(line, SLICE("-")))
            return false;
        if (!first)
            bytes_add_text(&out->text, "\r\n"); /* the last line end is none of what is signed */
        bytes_add(&out->text, line);
        first = false;
    }
    return false;
}

bool clear_signed_read(struct slice mail, struct clear_signed *out)
{
    struct slice rest = mail;
    const char *armor = NULL;

    clear_signed_clear(out);
    while (rest.at && !line_is(slice_line(&rest), BEGIN))
        ;
    if (!rest.at || !skip_fields(&rest) || !read_lines(&rest, out, &armor))
        return false;
    while (rest.at && !line_is(slice_line(&rest), END))
        ;
    const char *end = rest.at ? rest.at : mail.at + mail.len;
    out->armor = (struct slice){armor, (size_t)(end - armor)};
    while (rest.at)
        if (line_is(slice_line(&rest), BEGIN))
            return false;
    return true;
}
