/*
 * words_marks — the marks that programs put around what their user did not write, in the languages they speak.
 *
 * A new language is a new word in a table.  Letters of ASCII are compared without case, others as they stand.
 */
#include "words_private.h"

#include "memory.h"
#include "mime_private.h"
#include "text.h"

enum { LONGEST_ATTRIBUTION = 400, LONGEST_MARK = 120, LONGEST_ADDRESS = 330, FRAME_SIGNS = 4 };

/* Dashes, underscores, asterisks, ">" and blanks at both ends; *out_rule: were there two dashes in front? */
static struct slice strip_rule(struct slice text, bool *out_rule)
{
    size_t dashes = 0;

    while (text.len > 0 && strchr("-_*=# >", text.at[0])) {
        dashes += text.at[0] != ' ';
        text = slice_from(text, 1);
    }
    while (text.len > 0 && strchr("-_*=# <:", text.at[text.len - 1]))
        text.len--;
    *out_rule = dashes >= 2;
    return text;
}

static const char *const forward_words[] = {
    "forwarded message",
    "forwarded by",
    "weitergeleitet von",
    "réacheminé par",
    "transféré par",
    "inoltrato da",
    "reenviado por",
    "remitido por",
    "doorgestuurd door",
    "forwarded mail",
    "forwarded email",
    "begin forwarded",
    "weitergeleitete nachricht",
    "weitergeleitete e-mail",
    "weitergeleitete mail",
    "anfang der weitergeleiteten",
    "message transféré",
    "message transmis",
    "courriel transféré",
    "début du message",
    "début du message réexpédié",
    "message réexpédié",
    "mensaje reenviado",
    "inicio del mensaje reenviado",
    "messaggio inoltrato",
    "inizio messaggio inoltrato",
    "doorgestuurd bericht",
    "begin doorgestuurd",
    "mensagem encaminhada",
    "mensagem reencaminhada",
    "início da mensagem",
    "vidarebefordrat",
    "vidarebefordrade",
    "videresendt",
    "videresendte",
    "vidaresend",
    "välitetty viesti",
    "lähetetty edelleen",
    "edelleenlähetetty",
    "przekazana wiadomość",
    "wiadomość przekazana",
    "początek przekazywanej",
    "přeposlaná zpráva",
    "začátek přeposlané",
    "preposlaná správa",
    "továbbított",
    "mesaj redirecționat",
    "mesaj redirecţionat",
    "пересылаемое сообщение",
    "пересланное сообщение",
    "Пересылаемое сообщение",
    "Пересланное сообщение",
    "Начало переадресованного",
    "Переслане повідомлення",
    "Переадресоване повідомлення",
    "Препратено съобщение",
    "προωθημένο μήνυμα",
    "Προωθημένο μήνυμα",
    "Μήνυμα που προωθήθηκε",
    "iletilmiş",
    "iletilen",
    "İletilen",
    "İletilmiş",
    "missatge reenviat",
    "birtzalitako mezua",
    "mesaxe reenviada",
    "proslijeđena poruka",
    "proslijeđeno",
    "posredovano",
    "Прослеђена порука",
    "edastatud kiri",
    "pārsūtītais",
    "persiųstas",
    "áframsent",
    "pesan terusan",
    "tin nhắn được chuyển tiếp",
    "Thư được chuyển tiếp",
    "转发的邮件",
    "转发邮件",
    "轉寄郵件",
    "轉寄的郵件",
    "已转发",
    "已轉寄",
    "転送メッセージ",
    "転送されたメッセージ",
    "転送された",
    "전달된 메일",
    "전달된 메시지",
    "הודעה שהועברה",
    "رسالة معاد توجيهها",
    "الرسالة المحولة",
    "ข้อความที่ส่งต่อ",
};

static const char *const original_words[] = {
    "original message",
    "original appointment",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "message d'origine",
    "message original",
    "mensaje original",
    "messaggio originale",
    "oorspronkelijk bericht",
    "mensagem original",
    "ursprungligt meddelande",
    "originalmeddelande",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "original besked",
    "alkuperäinen viesti",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "původní zpráva",
    "pôvodná správa",
    "eredeti üzenet",
    "mesajul original",
    "mesaj original",
    "исходное сообщение",
    "Исходное сообщение",
    "Оригинальное сообщение",
    "Вихідне повідомлення",
    "Αρχικό μήνυμα",
    "orijinal mesaj",
    "özgün ileti",
    "izvorna poruka",
    "originalna poruka",
    "originale meddelelse",
    "原始邮件",
    "原始郵件",
    "元のメッセージ",
    "원본 메시지",
    "원본 메일",
    "הודעה מקורית",
    "الرسالة الأصلية",
    "reply message",
    "urspr. nachricht",
};

enum mark mark_of(struct slice text)
{
    bool rule = false;
    struct slice words = strip_rule(text, &rule);

    if (text.len > LONGEST_MARK || words.len == 0)
        return MARK_NONE;
    bool alone = slice_ends(text, SLICE(":")) || slice_ends(text, SLICE("："));
    if ((rule || alone) && mark_starts_with_any(words, forward_words, COUNT_OF(forward_words)))
        return MARK_FORWARD;
    if (rule && mark_starts_with_any(words, original_words, COUNT_OF(original_words)))
        return MARK_ORIGINAL;
    return MARK_NONE;
}

bool mark_is_rule(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("-_=", text.at[i]))
            return false;
    return text.len >= 5;
}

static size_t signs_in_front(struct slice text)
{
    size_t count = 0;

    while (count < text.len && strchr("-_=", text.at[count]))
        count++;
    return count;
}

bool mark_is_framed(struct slice text)
{
    size_t behind = 0;

    while (behind < text.len && strchr("-_=", text.at[text.len - 1 - behind]))
        behind++;
    return text.len <= LONGEST_MARK && behind >= FRAME_SIGNS && behind < text.len &&
           signs_in_front(text) >= FRAME_SIGNS;
}

bool mark_is_signature(struct slice text)
{
    return slice_is(text, "--");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool has_time(struct slice text)
{
    for (size_t i = 0; i + 4 < text.len + 1; i++)
        if (is_digit(text.at[i]) && strchr(":.hH", text.at[i + 1]) && is_digit(text.at[i + 2]) &&
            i + 3 < text.len && is_digit(text.at[i + 3]))
            return true;
    return false;
}

static bool has_year(struct slice text)
{
    for (size_t i = 0; i + 3 < text.len; i++) {
        bool century = (text.at[i] == '1' && text.at[i + 1] == '9') ||
                       (text.at[i] == '2' && text.at[i + 1] == '0');
        if (century && is_digit(text.at[i + 2]) && is_digit(text.at[i + 3]) &&
            (i == 0 || !is_digit(text.at[i - 1])) &&
            (i + 4 == text.len || !is_digit(text.at[i + 4])))
            return true;
    }
    return false;
}

/* 22.11.26, 22/11/26, 22-11-26 */
static bool has_day(struct slice text)
{
    for (size_t i = 0; i + 4 < text.len; i++)
        if (is_digit(text.at[i]) && strchr("./-", text.at[i + 1]) && is_digit(text.at[i + 2]))
            return true;
    return false;
}

bool mark_has_date(struct slice text)
{
    return has_year(text) || has_day(text) || has_time(text);
}

static const char *const wrote[] = {
    "wrote",        "writes",
    "zitat von",    "quoting",
    "citando",      "schrieb",
    "schreibt",     "geschrieben",
    "a écrit",      "écrit",
    "écrivait",     "escribió",
    "escribio",     "escribe",
    "ha scritto",   "scrisse",
    "scrive",       "schreef",
    "geschreven",   "escreveu",
    "escreve",      "skrev",
    "skriver",      "skrifaði",
    "kirjoitti",    "kirjutas",
    "napisał",      "pisze",
    "napsal",       "napísal",
    "píše",         "írta",
    "ezt írta",     "a scris",
    "написал",      "пишет",
    "писал",        "пише",
    "написав",      "написа",
    "έγραψε",       "yazdı",
    "yazmış",       "va escriure",
    "ha escrit",    "idatzi",
    "napisao",      "napisala",
    "je napisal",   "писао",
    "rašė",         "rakstīja",
    "menulis",      "đã viết",
    "写道",         "寫道",
    "写到",         "さんは書きました",
    "が書きました", "のメール",
    "wrote",        "님이 작성",
    "작성",         "כתב",
    "كتب",          "เขียนว่า",
};

/* "wrote:", or as Zoho ends it: "wrote ---". */
static bool ends_as_introduction(struct slice text)
{
    while (text.len > 0 && strchr("* \"_", text.at[text.len - 1]))
        text.len--;
    return slice_ends(text, SLICE(":")) || slice_ends(text, SLICE("：")) ||
           (slice_ends(text, SLICE("---")) && slice_starts(text, SLICE("---")));
}

bool mark_has_bracket_address(struct slice text)
{
    size_t open = slice_find(text, '<');

    if (open == SIZE_MAX)
        return false;
    struct slice inside = slice_from(text, open + 1);
    size_t close = slice_find(inside, '>');
    return close != SIZE_MAX && slice_find(slice_first(inside, close), '@') != SIZE_MAX;
}

bool mark_is_attribution(struct slice text)
{
    return text.len <= LONGEST_ATTRIBUTION && ends_as_introduction(text) &&
           (mark_has_any(text, wrote, COUNT_OF(wrote)) || mark_has_date(text) ||
            mark_has_bracket_address(text));
}

bool mark_is_full_attribution(struct slice text)
{
    return text.len <= LONGEST_ATTRIBUTION && ends_as_introduction(text) &&
           mark_has_any(text, wrote, COUNT_OF(wrote)) && mark_has_moment(text);
}

static const char *const openers[] = {
    "on ",   "at ",  "am ",     "le ",      "el ",   "il ",   "op ",      "den ",      "em ",
    "dnia ", "dne ", "w dniu ", "in data ", "Στις ", "pada ", "vào ",     "Vào ",      "在",
    "于",    "於",   "0",       "1",        "2",     "3",     "quoting ", "zitat von",
};

/* Digits of Arabic, Persian and Devanagari, as ASCII. */
static void add_plain_digits(struct bytes *out, struct slice text)
{
    enum { ARABIC = 0x660, PERSIAN = 0x6F0, DEVANAGARI = 0x966 };

    while (text.len > 0) {
        uint32_t code = 0;
        size_t len = utf8_read(text, &code);
        const uint32_t zeros[] = {ARABIC, PERSIAN, DEVANAGARI};
        struct slice sign = slice_first(text, len ? len : 1);
        char digit = 0;

        for (size_t i = 0; len > 1 && i < COUNT_OF(zeros); i++)
            if (code >= zeros[i] && code <= zeros[i] + 9)
                digit = (char)('0' + (code - zeros[i]));
        if (digit)
            bytes_add_char(out, digit);
        else
            bytes_add(out, sign);
        text = slice_from(text, sign.len);
    }
}

bool mark_has_moment(struct slice text)
{
    scoped_value(bytes) plain = {0};

    add_plain_digits(&plain, text);
    text = bytes_slice(&plain);
    return has_time(text) && (has_year(text) || has_day(text));
}

bool mark_opens_attribution(struct slice text)
{
    return text.len <= LONGEST_ATTRIBUTION && mark_has_date(text) &&
           mark_starts_with_any(text, openers, COUNT_OF(openers));
}

struct field_words {
    unsigned shows;
    const char *words; /* parted by | */
};

static const struct field_words field_words[] = {
    {SHOWS_FROM,
     "From|Von|De|Da|Van|Från|Fra|Lähettäjä|Keneltä|Od|Feladó|De la|От|От кого|Від|Από|Kimden|"
     "Gönderen|Remitente|Expéditeur|Mittente|Afzender|Afsender|Absender|Nadawca|Odesílatel|"
     "发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람|מאת|من|Šalje|Nuo|No|Saatja|Frá|Dari|Từ|จาก"},
    {SHOWS_DATE,
     "Date|Sent|Datum|Gesendet|Gesendet am|Envoyé|Envoyé le|Fecha|Enviado|Enviado el|Enviada em|"
     "Data|Inviato|Verzonden|Skickat|Sendt|Dato|Päivämäärä|Päiväys|Lähetetty|Wysłano|Wysłane|"
     "Odesláno|Odoslané|Dátum|Elküldve|Küldve|Trimis|Dată|Дата|Отправлено|Надіслано|"
     "Ημερομηνία|Στάλθηκε|Tarih|Gönderilme|Gönderildi|日期|发送时间|发送日期|寄件日期|送信日時|"
     "日付|날짜|보낸 날짜|보낸날짜|תאריך|נשלח|التاريخ|تاريخ|Poslano|Išsiųsta|Data i hora|"
     "Kuupäev|Tanggal|Ngày|วันที่"                                                                                   },
    {SHOWS_TO,
     "To|An|À|A|Para|Aan|Till|Til|Vastaanottaja|Kenelle|Do|Komu|Pro|Címzett|Către|Catre|Кому|До|"
     "Προς|Kime|Alıcı|Destinataire|Destinatario|Destinatário|Empfänger|Ontvanger|Modtager|"
     "收件人|收件者|宛先|받는 사람|받는사람|אל|إلى|Prima|Za|Kam|Saaja|Kepada|Đến|ถึง|Per a"          },
    {SHOWS_SUBJECT,
     "Subject|Betreff|Objet|Asunto|Assunto|Oggetto|Onderwerp|Ämne|Emne|Aihe|Temat|Předmět|"
     "Predmet|Tárgy|Subiect|Тема|Θέμα|Konu|主题|主旨|件名|제목|נושא|الموضوع|Naslov|Tema|Teema|"
     "Assumpte|Efni|Perihal|Subjek|Chủ đề|เรื่อง"                                                                 },
    {SHOWS_OTHER,
     "Cc|Kopie|Kopie (CC)|Copie à|Kopia|Kopi|Kopio|Reply-To|Antwort an|Antwort|Répondre à|"
     "Message-ID|Organization|Importance|Priority|Bcc|抄送|副本|참조|Копия|Копія|Newsgroups"                       },
};

/* The word in front of the colon is one of those. */
static bool lists(const char *words, struct slice name)
{
    struct slice rest = slice_of(words);

    while (rest.at)
        if (slice_eq_nocase(slice_cut(&rest, '|'), name))
            return true;
    return false;
}

static size_t colon_of(struct slice text, size_t *out_len)
{
    size_t narrow = slice_find(text, ':');
    size_t wide = slice_find_text(text, SLICE("："));

    *out_len = wide < narrow ? 3 : 1;
    return wide < narrow ? wide : narrow;
}

unsigned mark_header_field(struct slice text)
{
    size_t colon_len = 1;

    while (text.len > 0 &&
           strchr("*_> ", text.at[0])) /* "*From:*" is bold in text made from HTML */
        text = slice_from(text, 1);
    size_t colon = colon_of(text, &colon_len);
    if (colon == SIZE_MAX || colon > 40)
        return 0;
    struct slice name = slice_trim(slice_first(text, colon));
    while (name.len > 0 && strchr("*_ ", name.at[name.len - 1]))
        name.len--;
    for (size_t i = 0; i < COUNT_OF(field_words); i++)
        if (lists(field_words[i].words, name))
            return field_words[i].shows;
    return 0;
}

bool mark_is_label(struct slice text)
{
    size_t colon_len = 1;
    size_t colon = colon_of(text, &colon_len);

    return colon != SIZE_MAX && colon > 0 && colon <= 40 && text.len > colon + colon_len &&
           !strchr("/0123456789", text.at[colon + colon_len]);
}

/* Behind the '<' or '[' at i: "<…>", or "[mailto:…]" as some programs write it. */
static struct slice bracket_address(struct slice text, size_t i)
{
    bool round = text.at[i] == '<';

    if (!round && text.at[i] != '[')
        return (struct slice){0};
    struct slice rest = slice_first(slice_from(text, i + 1), LONGEST_ADDRESS);
    size_t end = slice_find(rest, round ? '>' : ']');
    struct slice address = slice_first(rest, end == SIZE_MAX ? 0 : end);
    bool link = slice_starts_nocase(address, "mailto:");
    if (link)
        address = slice_from(address, strlen("mailto:"));
    bool one = slice_find(address, ' ') == SIZE_MAX && slice_find(address, '<') == SIZE_MAX;
    bool is = (round || link) && one && slice_find(address, '@') != SIZE_MAX;
    return is ? address : (struct slice){0};
}

static char *bare_address(struct slice text)
{
    size_t colon_len = 1;
    size_t colon = colon_of(text, &colon_len);
    struct slice rest = slice_trim(colon == SIZE_MAX ? text : slice_from(text, colon + colon_len));
    bool one = rest.len <= LONGEST_ADDRESS && slice_find(rest, ' ') == SIZE_MAX &&
               slice_find(rest, '@') != SIZE_MAX;

    return one ? must_copy(rest) : NULL;
}

char *mark_address(struct slice text)
{
    struct slice found = {0};

    for (size_t i = 0; i < text.len; i++) {
        struct slice address = bracket_address(text, i);
        if (slice_empty(address))
            continue;
        if (!slice_empty(found) && !slice_eq_nocase(found, address))
            return NULL; /* a name may look like somebody's address */
        found = address;
    }
    return slice_empty(found) ? bare_address(text) : must_copy(found);
}
