/*
 * charset — other character sets to UTF-8.
 *
 * What labels itself ASCII or Latin-1 is read as UTF-8 if it is valid UTF-8, else as windows-1252, as every
 * mail program does; an unknown name is treated the same.  What cannot be converted becomes U+FFFD.
 */
#include "mime_private.h"

#include "text.h"

#include <errno.h>

/* Its own name: the system's reader knows none of the letters that Windows added, and forgets behind one in which set
 * it was. */
#define JIS "EUC-JP-MS"

struct charset {
    const char *name, *iconv;
};

static const struct charset charsets[] = {
    {"utf-8",          "UTF-8"      },
    {"utf8",           "UTF-8"      },
    {"us-ascii",       "CP1252"     },
    {"ascii",          "CP1252"     },
    {"iso-8859-1",     "CP1252"     },
    {"iso8859-1",      "CP1252"     },
    {"latin1",         "CP1252"     },
    {"windows-1252",   "CP1252"     },
    {"cp1252",         "CP1252"     },
    {"iso-8859-2",     "ISO-8859-2" },
    {"iso-8859-3",     "ISO-8859-3" },
    {"iso-8859-4",     "ISO-8859-4" },
    {"iso-8859-5",     "ISO-8859-5" },
    {"iso-8859-6",     "ISO-8859-6" },
    {"iso-8859-7",     "ISO-8859-7" },
    {"iso-8859-8",     "ISO-8859-8" },
    {"iso-8859-8-i",   "ISO-8859-8" },
    {"iso-8859-9",     "ISO-8859-9" },
    {"iso-8859-10",    "ISO-8859-10"},
    {"iso-8859-13",    "ISO-8859-13"},
    {"iso-8859-14",    "ISO-8859-14"},
    {"iso-8859-15",    "ISO-8859-15"},
    {"iso-8859-16",    "ISO-8859-16"},
    {"windows-1250",   "CP1250"     },
    {"windows-1251",   "CP1251"     },
    {"windows-1253",   "CP1253"     },
    {"windows-1254",   "CP1254"     },
    {"windows-1255",   "CP1255"     },
    {"windows-1256",   "CP1256"     },
    {"windows-1257",   "CP1257"     },
    {"windows-1258",   "CP1258"     },
    {"windows-874",    "CP874"      },
    {"tis-620",        "TIS-620"    },
    {"koi8-r",         "KOI8-R"     },
    {"koi8-u",         "KOI8-U"     },
    {"macintosh",      "MACINTOSH"  },
    {"gb2312",         "GB18030"    },
    {"gbk",            "GB18030"    },
    {"gb18030",        "GB18030"    },
    {"big5",           "BIG5-HKSCS" },
    {"big5-hkscs",     "BIG5-HKSCS" },
    {"euc-jp",         "EUC-JP"     },
    {"shift_jis",      "CP932"      },
    {"shift-jis",      "CP932"      },
    {"windows-31j",    "CP932"      },
    {"cp932",          "CP932"      },
    {"iso-2022-jp",    JIS          },
    {"iso-2022-jp-ms", JIS          },
    {"csiso2022jp",    JIS          },
    {"cp50221",        JIS          },
    {"euc-kr",         "UHC"        },
    {"ks_c_5601-1987", "UHC"        },
    {"windows-949",    "UHC"        },
    {"utf-16",         "UTF-16"     },
    {"utf-16le",       "UTF-16LE"   },
    {"utf-16be",       "UTF-16BE"   },
};

const char *charset_known(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(charsets); i++)
        if (slice_is_nocase(name, charsets[i].name))
            return charsets[i].iconv;
    return NULL;
}

/* One call of iconv() with a fresh piece of output; a byte that fits nowhere is stepped over. */
static void convert(GIConv turn, struct slice raw, struct bytes *out)
{
    size_t left = raw.len;
    char *in;

    memcpy(&in, &raw.at, sizeof in); /* iconv() reads only, but does not say so */
    while (left > 0) {
        char piece[4096];
        char *into = piece;
        size_t room = sizeof piece;
        size_t made = g_iconv(turn, &in, &left, &into, &room);

        bytes_add(out, (struct slice){piece, sizeof piece - room});
        if (made != (size_t)-1 || errno == E2BIG)
            continue;
        utf8_add(out, 0xFFFD);
        in++;
        left--;
        (void)g_iconv(turn, NULL, NULL, NULL, NULL);
    }
}

/* ---- ISO-2022-JP (RFC 1468), with half-width Katakana and the letters of Windows, as EUC ---- */
enum jis_set { JIS_ASCII, JIS_KATAKANA, JIS_KANJI, JIS_KANJI_MORE };

static const struct {
    const char *escape;
    enum jis_set set;
} jis_sets[] = {
    {"\x1b(B",  JIS_ASCII     },
    {"\x1b(J",  JIS_ASCII     },
    {"\x1b(I",  JIS_KATAKANA  },
    {"\x1b$@",  JIS_KANJI     },
    {"\x1b$B",  JIS_KANJI     },
    {"\x1b$(D", JIS_KANJI_MORE},
};

static bool take_escape(struct slice *raw, enum jis_set *set)
{
    for (size_t i = 0; i < COUNT_OF(jis_sets); i++) {
        if (!slice_starts(*raw, slice_of(jis_sets[i].escape)))
            continue;
        *raw = slice_from(*raw, strlen(jis_sets[i].escape));
        *set = jis_sets[i].set;
        return true;
    }
    return false;
}

static void add_high(struct bytes *out, char c)
{
    bytes_add_char(out, (char)((unsigned char)c | 0x80));
}

/* One letter of the set; a pair that is broken leaves half a one, which becomes U+FFFD. */
static struct slice add_letter(struct slice raw, enum jis_set set, struct bytes *out)
{
    bool paired = set >= JIS_KANJI && raw.len > 1 && raw.at[1] > ' ';

    if (set == JIS_KATAKANA)
        bytes_add_char(out, '\x8e');
    if (set == JIS_KANJI_MORE)
        bytes_add_char(out, '\x8f');
    add_high(out, raw.at[0]);
    if (paired)
        add_high(out, raw.at[1]);
    return slice_from(raw, paired ? 2 : 1);
}

static void jis_to_euc(struct slice raw, struct bytes *out)
{
    enum jis_set set = JIS_ASCII;

    while (raw.len > 0) {
        if (take_escape(&raw, &set))
            continue;
        unsigned char c = (unsigned char)raw.at[0];
        if (c == '\n') /* every line begins in ASCII */
            set = JIS_ASCII;
        if (set != JIS_ASCII && c > ' ' && c < 0x7F) {
            raw = add_letter(raw, set, out);
            continue;
        }
        bytes_add_char(out, raw.at[0]);
        raw = slice_from(raw, 1);
    }
}

void charset_to_utf8(struct slice raw, struct slice charset, struct bytes *out)
{
    const char *name = charset_known(charset);

    if (!name || strcmp(name, "CP1252") == 0) /* mislabelled more often than not */
        name = utf8_valid(raw) ? "UTF-8" : "CP1252";
    if (strcmp(name, "UTF-8") == 0) {
        bytes_add(out, raw); /* clean_add() mends what is broken */
        return;
    }
    GIConv turn = g_iconv_open("UTF-8", name);
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): its way to say that the system has no such table */
    if (turn == (GIConv)-1) {
        bytes_add(out, raw);
        return;
    }
    scoped_value(bytes) euc = {0};
    if (strcmp(name, JIS) == 0) {
        jis_to_euc(raw, &euc);
        raw = bytes_slice(&euc);
    }
    convert(turn, raw, out);
    (void)g_iconv_close(turn);
}
