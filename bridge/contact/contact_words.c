/* An answer as people write it, in eight languages, and the words a refusal sends back. */
#include "contact.h"

#include "bytes.h"
#include "memory.h"
#include "text.h"

/* English, German, French, Spanish, Italian, Portuguese, Dutch, Polish; the ready links say the English ones. */
static const struct answer_word {
    const char *word;
    enum contact_event event;
} answer_words[] = {
    {"welcome",    CONTACT_INVITE},
    {"yes",        CONTACT_INVITE},
    {"willkommen", CONTACT_INVITE},
    {"ja",         CONTACT_INVITE},
    {"bienvenue",  CONTACT_INVITE},
    {"oui",        CONTACT_INVITE},
    {"bienvenido", CONTACT_INVITE},
    {"bienvenida", CONTACT_INVITE},
    {"sí",        CONTACT_INVITE},
    {"si",         CONTACT_INVITE},
    {"benvenuto",  CONTACT_INVITE},
    {"benvenuta",  CONTACT_INVITE},
    {"sì",        CONTACT_INVITE},
    {"bem-vindo",  CONTACT_INVITE},
    {"bem-vinda",  CONTACT_INVITE},
    {"sim",        CONTACT_INVITE},
    {"welkom",     CONTACT_INVITE},
    {"witaj",      CONTACT_INVITE},
    {"tak",        CONTACT_INVITE},
    {"refuse",     CONTACT_REFUSE},
    {"no",         CONTACT_REFUSE},
    {"ablehnen",   CONTACT_REFUSE},
    {"nein",       CONTACT_REFUSE},
    {"refuser",    CONTACT_REFUSE},
    {"non",        CONTACT_REFUSE},
    {"rechazar",   CONTACT_REFUSE},
    {"rifiuta",    CONTACT_REFUSE},
    {"rifiutare",  CONTACT_REFUSE},
    {"recusar",    CONTACT_REFUSE},
    {"não",       CONTACT_REFUSE},
    {"weigeren",   CONTACT_REFUSE},
    {"nee",        CONTACT_REFUSE},
    {"odrzuć",    CONTACT_REFUSE},
    {"nie",        CONTACT_REFUSE},
    {"ignore",     CONTACT_IGNORE},
    {"ignorieren", CONTACT_IGNORE},
    {"ignorer",    CONTACT_IGNORE},
    {"ignorar",    CONTACT_IGNORE},
    {"ignora",     CONTACT_IGNORE},
    {"ignorare",   CONTACT_IGNORE},
    {"negeren",    CONTACT_IGNORE},
    {"ignoruj",    CONTACT_IGNORE},
    {"later",      CONTACT_REOPEN},
    {"undo",       CONTACT_REOPEN},
};

static bool ends_word(char c)
{
    return c == ' ' || c == '\t' || c == '.' || c == ',' || c == '!' || c == ';' || c == ':';
}

bool contact_answer_read(struct slice line, enum contact_event *out, char **out_words)
{
    struct slice text = slice_trim(line);
    size_t len = 0;

    while (len < text.len && !ends_word(text.at[len]))
        len++;
    for (size_t i = 0; i < COUNT_OF(answer_words); i++) {
        if (!slice_is_nocase(slice_first(text, len), answer_words[i].word))
            continue;
        while (len < text.len && ends_word(text.at[len]))
            len++;
        *out = answer_words[i].event;
        *out_words = contact_refusal_words(slice_from(text, len));
        return true;
    }
    return false;
}

/* ---- the words of a refusal ---- */
/* Letters that Latin languages add, as one spells them without. */
static const char *spelt(uint32_t code)
{
    static const struct {
        uint32_t from, to;
        const char *as;
    } table[] = {
        {0xc4,   0xc4,   "Ae" },
        {0xd6,   0xd6,   "Oe" },
        {0xdc,   0xdc,   "Ue" },
        {0xe4,   0xe4,   "ae" },
        {0xf6,   0xf6,   "oe" },
        {0xfc,   0xfc,   "ue" },
        {0xdf,   0xdf,   "ss" },
        {0xc0,   0xc5,   "A"  },
        {0xc7,   0xc7,   "C"  },
        {0xc8,   0xcb,   "E"  },
        {0xcc,   0xcf,   "I"  },
        {0xd1,   0xd1,   "N"  },
        {0xd2,   0xd8,   "O"  },
        {0xd9,   0xdb,   "U"  },
        {0xe0,   0xe5,   "a"  },
        {0xe7,   0xe7,   "c"  },
        {0xe8,   0xeb,   "e"  },
        {0xec,   0xef,   "i"  },
        {0xf1,   0xf1,   "n"  },
        {0xf2,   0xf8,   "o"  },
        {0xf9,   0xfb,   "u"  },
        {0x105,  0x105,  "a"  },
        {0x107,  0x107,  "c"  },
        {0x119,  0x119,  "e"  },
        {0x142,  0x142,  "l"  },
        {0x144,  0x144,  "n"  },
        {0x15b,  0x15b,  "s"  },
        {0x17a,  0x17c,  "z"  },
        {0x2013, 0x2014, "-"  },
        {0x2018, 0x2019, "'"  },
        {0x201c, 0x201d, "\"" },
        {0x2026, 0x2026, "..."},
        {0xa0,   0xa0,   " "  },
    };

    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (code >= table[i].from && code <= table[i].to)
            return table[i].as;
    return "";
}

static void add_plain(struct bytes *out, struct slice said)
{
    while (said.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(said, &code);
        if (len == 1 && code >= ' ' && code < 0x7f)
            bytes_add_char(out, (char)code);
        else if (len == 1 && (code == '\n' || code == '\r' || code == '\t'))
            bytes_add_char(out, ' ');
        else if (len > 1)
            bytes_add_text(out, spelt(code));
        said = slice_from(said, len > 0 ? len : 1);
    }
}

static bool is_link(struct slice word)
{
    return slice_find_text(word, SLICE("://")) != SIZE_MAX || slice_starts_nocase(word, "www.") ||
           slice_starts_nocase(word, "mailto:");
}

char *contact_refusal_words(struct slice said)
{
    scoped_value(bytes) plain = {0};
    struct bytes out = {0};

    add_plain(&plain, said);
    struct slice rest = bytes_slice(&plain);
    while (rest.at && rest.len > 0) {
        struct slice word = slice_cut(&rest, ' ');
        if (slice_empty(word) || is_link(word))
            continue;
        if (out.len + word.len + 1 > CONTACT_WORDS_MAX)
            break;
        if (out.len > 0)
            bytes_add_char(&out, ' ');
        bytes_add(&out, word);
    }
    return bytes_take(&out);
}
