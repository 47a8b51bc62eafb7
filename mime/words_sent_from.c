/* words_sent_from — the last line that a telephone writes under every mail, in the languages it speaks. */
#include "words_private.h"

#include "scope.h"

enum { LONGEST_SENT_FROM = 160 };

bool mark_starts_with_any(struct slice text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_starts_nocase(text, words[i]))
            return true;
    return false;
}

bool mark_has_any(struct slice text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slice_find_text_nocase(text, words[i]) != SIZE_MAX)
            return true;
    return false;
}

static const char *const sent_from_starts[] = {
    "sent from ",
    "sent via ",
    "sent with ",
    "sent using ",
    "get outlook for",
    "get bluemail",
    "gesendet von ",
    "gesendet mit ",
    "gesendet aus ",
    "gesendet über ",
    "diese nachricht wurde von mein",
    "holen sie sich outlook",
    "outlook für ",
    "laden sie outlook",
    "envoyé de ",
    "envoyé depuis ",
    "envoyé à partir de ",
    "envoyé par ",
    "envoyé avec ",
    "obtenez outlook",
    "télécharger outlook",
    "enviado desde ",
    "enviado de ",
    "enviado do ",
    "enviado a partir do ",
    "enviado con ",
    "enviado pelo ",
    "enviado por ",
    "obtener outlook",
    "obter o outlook",
    "obtenha o outlook",
    "inviato da ",
    "inviato dal ",
    "inviato con ",
    "ottieni outlook",
    "scarica outlook",
    "verstuurd vanaf ",
    "verzonden vanaf ",
    "verzonden met ",
    "verstuurd met ",
    "outlook voor ",
    "download outlook",
    "skickat från ",
    "skickat via ",
    "hämta outlook",
    "sendt fra ",
    "sendt via ",
    "hent outlook",
    "få outlook",
    "lähetetty ",
    "hanki outlook",
    "wysłane z ",
    "wysłano z ",
    "pobierz outlook",
    "odesláno z ",
    "odoslané z ",
    "odesláno přes ",
    "získat outlook",
    "küldve ",
    "elküldve ",
    "trimis de pe ",
    "trimis din ",
    "отправлено с ",
    "Отправлено с ",
    "отправлено из ",
    "Отправлено из ",
    "Отправлено через ",
    "Надіслано з ",
    "Изпратено от ",
    "Στάλθηκε από ",
    "poslano s ",
    "poslano z ",
    "poslano iz ",
    "Послато са ",
    "saadetud minu",
    "išsiųsta iš",
    "nosūtīts no",
    "sent frá ",
    "enviat des de",
    "enviado dende",
    "dikirim dari",
    "được gửi từ",
    "Được gửi từ",
    "发自我的",
    "发送自",
    "来自我的",
    "从我的",
    "寄自我的",
    "從我的",
    "傳送自我的",
    "נשלח מ",
    "أُرسلت من",
    "أرسلت من",
    "مرسل من",
    "ส่งจาก",
};

/* Languages that put the verb last. */
static const char *const sent_from_ends[] = {
    " gesendet",  " gesendet.", " versandt",   " versendet",       " verschickt",
    " geschickt", " beziehen",  "から送信",    "から送信しました", "에서 보냄",
    "에서 보냄.", "gönderildi", "gönderildi.", " küldve",
};

/* Without one of these it is a sentence of one's own: "Sent from heaven". */
static const char *const devices[] = {
    "phone",    "ipad",       "ipod",        "android", "mobil",   "handy",   "tablet",
    "outlook",  "blackberry", "galaxy",      "samsung", "huawei",  "xiaomi",  "pixel",
    "mail",     "watch",      "apple",       "móvil",   "telefon", "celular", "cellulare",
    "puhelim",  "телефон",    "手机",        "手機",    "windows", "spark",   "superhuman",
    "proton",   "tuta",       "thunderbird", " ios",    " app ",   "boxer",   "delta chat",
    "bluemail", "nokia",      "sony",        "lg ",     "oppo",    "oneplus", "windows",
};

bool mark_is_sent_from(struct slice text)
{
    if (text.len > LONGEST_SENT_FROM)
        return false;
    if (slice_starts_nocase(text, "sent from my "))
        return true;
    if (!mark_has_any(text, devices, COUNT_OF(devices)))
        return false;
    if (mark_starts_with_any(text, sent_from_starts, COUNT_OF(sent_from_starts)))
        return true;
    for (size_t i = 0; i < COUNT_OF(sent_from_ends); i++)
        if (slice_ends_nocase(text, sent_from_ends[i]))
            return true;
    return false;
}
