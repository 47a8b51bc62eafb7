/* What of a mail is somebody's own: the shapes real programs make, plain and HTML. */
#include "test.h"

#include "mail.h"
#include "memory.h"
#include "words.h"

enum { FORWARDED = 1, CUT_QUOTE = 2, BEGINS = 4 };

struct row {
    const char *name;
    struct words_orders orders;
    const char *text;
    const char *expected; /* words_plain() */
    int facts;
};

#define REPLY .is_reply = true
#define PARENT(text) .parent_plain = SLICE(text)

/* Rows in rows: more than the tool that lays out code can align. */
/* clang-format off */
static const struct row plain_rows[] = {
    {"two paragraphs stay two", {0}, "One.\r\n\r\nTwo.\r\n", "One.\n\nTwo.", 0},
    {"short lines stay lines", {0}, "Roses are red\nViolets are blue\n", "Roses are red\nViolets are blue", 0},
    {"lines of 60 to 78 columns are joined to a paragraph",
     {0},
     "The quick brown fox jumps over the lazy dog and runs away from it\n"
     "through the forest until it is too tired to run any further. Then\nit sleeps.\n",
     "The quick brown fox jumps over the lazy dog and runs away from it through the forest until it is too "
     "tired to run any further. Then it sleeps.", 0},
    {"format=flowed joins at trailing blanks and undoes stuffing",
     {.flowed = true}, "This is \nflowed \ntext.\n\n >not a quote\n", "This is flowed text.\n\n>not a quote", 0},
    {"DelSp takes the blank away", {.flowed = true, .del_sp = true}, "Donau \ndampf\n", "Donaudampf", 0},
    {"chat text is kept line by line",
     {.chat = true},
     "The quick brown fox jumps over the lazy dog and runs away from it\nand so on\n",
     "The quick brown fox jumps over the lazy dog and runs away from it\nand so on", 0},
    {"Delta Chat's quote is cut and noticed, its footer goes",
     {.chat = true}, "> Coffee?\n\nAt nine\n\n-- \nSent with my Delta Chat Messenger: https://delta.chat\n",
     "At nine", CUT_QUOTE | BEGINS},
    {"Delta Chat's escaped dashes are dashes again",
     {.chat = true}, "a\n-\xE2\x80\x8B-\nb\n", "a\n--\nb", 0},
    {"Delta Chat's forward is one",
     {.chat = true}, "---------- Forwarded message ----------\nFrom: Delta Chat\n\nsecret\n", "", FORWARDED},
    {"a signature and what follows goes", {0}, "Hello\n\n-- \nAlice\nTel 123\n", "Hello", 0},
    {"so it does without the blank", {0}, "Hello\n--\nAlice\n", "Hello", 0},
    {"two dashes in a sentence are no signature", {0}, "Hello -- you\n--help is an option\n",
     "Hello -- you\n--help is an option", 0},
    {"mutt: attribution and quote above", {REPLY},
     "On Sun, Nov 22, 2026 at 08:30:00AM +0000, Bob wrote:\n> Good morning\n> to all\n\nGood morning, Bob\n",
     "Good morning, Bob", CUT_QUOTE | BEGINS},
    {"Thunderbird: answer above the quote", {REPLY},
     "Thanks!\n\nAm 22.11.26 um 08:30 schrieb Bob Example:\n> Hello\n> you\n", "Thanks!", CUT_QUOTE},
    {"Gmail: the attribution is broken in two lines", {REPLY},
     "Thanks!\n\nOn Sun, 22 Nov 2026 at 08:30, Bob Example With A Long Name\n<bob@social.example> wrote:\n\n"
     "> Hello\n", "Thanks!", CUT_QUOTE},
    {"French attribution", {REPLY}, "Merci\n\nLe dim. 22 nov. 2026 à 08:30, Bob a écrit :\n> Bonjour\n", "Merci", CUT_QUOTE},
    {"Spanish attribution", {REPLY}, "Gracias\n\nEl dom, 22 nov 2026 a las 8:30, Bob (<b@c.example>) escribió:\n> Hola\n",
     "Gracias", CUT_QUOTE},
    {"Italian attribution", {REPLY}, "Grazie\n\nIl giorno dom 22 nov 2026 alle ore 08:30 Bob ha scritto:\n> Ciao\n",
     "Grazie", CUT_QUOTE},
    {"Dutch attribution", {REPLY}, "Dank\n\nOp 22-11-2026 om 08:30 schreef Bob:\n> Hoi\n", "Dank", CUT_QUOTE},
    {"Swedish attribution", {REPLY}, "Tack\n\nDen 2026-11-22 kl. 08:30, skrev Bob:\n> Hej\n", "Tack", CUT_QUOTE},
    {"Polish attribution", {REPLY}, "Hej\n\nW dniu 22.11.2026 o 08:30, Bob pisze:\n> x\n", "Hej", CUT_QUOTE},
    {"Russian attribution", {REPLY}, "Да\n\n22.11.2026 08:30, Боб пишет:\n> Привет\n", "Да", CUT_QUOTE},
    {"Japanese attribution", {REPLY}, "はい\n\n2026年11月22日(日) 8:30 Bob <b@c.example>:\n> x\n", "はい", CUT_QUOTE},
    {"a sentence with a colon before a quote stays", {0}, "Listen to this:\n\n> x\n", "Listen to this:", CUT_QUOTE},
    {"the appointment above an attribution stays", {REPLY},
     "See you at 10:30 tomorrow.\n\nOn 22.11.2026, Bob wrote:\n> When?\n", "See you at 10:30 tomorrow.", CUT_QUOTE},
    {"an attribution whose quote is not marked ends the text", {REPLY},
     "Thanks\n\nOn 22/11/2026 08:30, Bob wrote:\nprivate words\n", "Thanks", CUT_QUOTE},
    {"in a mail that answers nothing that is as doubtful as a forward", {0},
     "Look\n\nOn 22/11/2026 08:30, Bob wrote:\nprivate words\n", "Look", FORWARDED},
    {"an attribution in an unknown language is known by its address", {REPLY},
     "Yes\n\nBob <b@c.example> sanoo:\n> x\n", "Yes", CUT_QUOTE},
    {"Zoho's attribution ends in dashes", {REPLY},
     "Yes\n\n---- On Sun, 22 Nov 2026 08:30:00 +0100 Bob <b@c.example> wrote ---\n\n> x\n", "Yes", CUT_QUOTE},
    {"Horde's has no date", {REPLY}, "Ja\n\nZitat von Bob <b@c.example>:\n\n> x\n", "Ja", CUT_QUOTE},
    {"a header block in an unknown language is one", {0},
     "Look\n\nMittens: Bob <b@c.example>\nWensday: 22.11.2026 08:30\nTopik: x\n\nsecret\n", "Look", FORWARDED},
    {"so it is with the digits of its language", {0},
     "Look\n\nاز: Bob <b@c.example>\nفرستاده شده: ۱ مارس ۲۰۲۶ ۱۰:۰۰\nموضوع: x\n\nsecret\n", "Look", FORWARDED},
    {"of Arabic", {0}, "مكان: Bob <b@c.example>\nزمان: ٢٢/١١/٢٠٢٦ ٠٨:٣٠\nعنوان: x\n\nsecret\n", "", FORWARDED},
    {"of Hindi", {0}, "क: Bob <b@c.example>\nख: २२/११/२०२६ ०८:३०\nग: x\n\nsecret\n", "", FORWARDED},
    {"an announcement is none", {0}, "Where: Town hall\nWhen: 22.11.2026 20:00\nQuestions: info@c.example\n",
     "Where: Town hall\nWhen: 22.11.2026 20:00\nQuestions: info@c.example", 0},
    {"Samsung's answer", {REPLY}, "Yes\n\n\n-------- Original message --------\nFrom: Bob <b@c.example>\nDate: 22/11/2026 08:30 (GMT+00:00)\nTo: A\nSubject: x\n\nsecret\n", "Yes", CUT_QUOTE},
    {"Notes' forward", {0}, "Look\n\n----- Forwarded by Bob/Corp on 22/11/2026 08:30 -----\n\nsecret\n", "Look", FORWARDED},
    {"NetEase's attribution", {REPLY}, "好\n\n在 2026-11-22 08:30:00，\"Bob\" <b@c.example> 写道：\n\n>x\n", "好", CUT_QUOTE},
    {"QQ's mark", {REPLY}, "好\n\n------------------ 原始邮件 ------------------\n发件人: \"Bob\" <b@c.example>;\n\nsecret\n", "好", CUT_QUOTE},
    {"a quoted line between own passages stays if it is public", {REPLY, PARENT("Is it far? Is it cold?")},
     "On 22.11.2026, Bob wrote:\n> Is it far?\n\nNo.\n\n> Is it cold?\n\nYes.\n\n> Bye\n",
     "No.\n\n> Is it cold?\n\nYes.", CUT_QUOTE | BEGINS},
    {"a quoted line between own passages goes if it is not", {REPLY, PARENT("something else")},
     "No.\n\n> My password is x\n\nYes.\n", "No.\n\nYes.", CUT_QUOTE},
    {"without a parent no quoted line stays", {0}, "No.\n\n> x\n\nYes.\n", "No.\n\nYes.", CUT_QUOTE},
    {"Sent from my iPhone goes", {0}, "Hello\n\nSent from my iPhone\n", "Hello", 0},
    {"so it does in German", {0}, "Hallo\n\nVon meinem iPhone gesendet\n", "Hallo", 0},
    {"and French", {0}, "Salut\n\nEnvoyé de mon iPhone\n", "Salut", 0},
    {"and Spanish", {0}, "Hola\n\nEnviado desde mi iPad\n", "Hola", 0},
    {"and Outlook's", {0}, "Hallo\n\nGesendet von Outlook für Android\n", "Hallo", 0},
    {"and Japanese", {0}, "やあ\n\niPhoneから送信\n", "やあ", 0},
    {"and above a quote", {REPLY}, "Yes\n\nSent from my iPhone\n\n> On 22 Nov 2026, Bob wrote:\n> x\n", "Yes", CUT_QUOTE},
    {"and K-9's longer one", {0},
     "Yes\n-- \nSent from my Android device with K-9 Mail. Please excuse my brevity.\n", "Yes", 0},
    {"a sentence that begins alike stays", {0}, "Von meinem Balkon aus sehe ich das Meer", 
     "Von meinem Balkon aus sehe ich das Meer", 0},
    {"so does one sent from heaven", {0}, "Sent from heaven", "Sent from heaven", 0},
    {"Gmail's forward is one, own words above are kept", {0},
     "Look\n\n---------- Forwarded message ---------\nFrom: Doctor <d@e.example>\nDate: Sun, 22 Nov\nSubject: Letter\n\nsecret\n",
     "Look", FORWARDED},
    {"Thunderbird's forward in German", {0},
     "Hallo Peter\n\n-------- Weitergeleitete Nachricht --------\nBetreff: Brief\nDatum: So\nVon: Arzt\nAn: Alice\n\ngeheim\n",
     "Hallo Peter", FORWARDED},
    {"Apple's forward", {0}, "Begin forwarded message:\n\nFrom: Doctor\nSubject: Letter\nDate: x\n\nsecret\n", "", FORWARDED},
    {"Apple's forward, quoted", {0}, "Begin forwarded message:\n\n> From: Doctor\n> Subject: Letter\n> Date: x\n> \n> secret\n", "", FORWARDED},
    {"French forward", {0}, "-------- Message transféré --------\nSujet : x\nsecret\n", "", FORWARDED},
    {"Spanish forward", {0}, "---------- Mensaje reenviado ----------\nDe: x\nsecret\n", "", FORWARDED},
    {"Italian forward", {0}, "---------- Messaggio inoltrato ----------\nDa: x\nsecret\n", "", FORWARDED},
    {"Dutch forward", {0}, "-------- Doorgestuurd bericht --------\nOnderwerp: x\nsecret\n", "", FORWARDED},
    {"Norwegian forward", {0}, "-------- Videresendt melding --------\nEmne: x\nsecret\n", "", FORWARDED},
    {"mutt's forward", {0}, "----- Forwarded message from Doctor <d@e.example> -----\n\nsecret\n\n----- End forwarded message -----\n", "", FORWARDED},
    {"a forward mark is believed in an answer as well", {REPLY}, "Hi\n-------- Forwarded Message --------\nsecret\n", "Hi", FORWARDED},
    {"Outlook's header block is a quotation in an answer", {REPLY},
     "Thanks\n\n________________________________\nFrom: Bob <b@c.example>\nSent: Sunday, 22 November 2026 08:30\nTo: Alice\nSubject: Hello\n\nHello you\n",
     "Thanks", CUT_QUOTE},
    {"and a forward in any other mail", {0},
     "FYI\n\n________________________________\nFrom: Bob <b@c.example>\nSent: Sunday, 22 November 2026 08:30\nTo: Alice\nSubject: Hello\n\nHello you\n",
     "FYI", FORWARDED},
    {"so it is in German", {0}, "Von: Bob\nGesendet: Sonntag\nAn: Alice\nBetreff: Hallo\n\ngeheim\n", "", FORWARDED},
    {"and French", {0}, "De : Bob\nEnvoyé : dimanche\nÀ : Alice\nObjet : Bonjour\n\nsecret\n", "", FORWARDED},
    {"and Spanish", {0}, "De: Bob\nEnviado: domingo\nPara: Alice\nAsunto: Hola\n\nsecreto\n", "", FORWARDED},
    {"and Italian", {0}, "Da: Bob\nInviato: domenica\nA: Alice\nOggetto: Ciao\n\nsegreto\n", "", FORWARDED},
    {"and bold", {0}, "*From:* Bob\n*Sent:* Sunday\n*To:* Alice\n*Subject:* Hello\n\nsecret\n", "", FORWARDED},
    {"Original Message is a quotation in an answer", {REPLY}, "Yes\n\n-----Original Message-----\nFrom: Bob\nsecret\n", "Yes", CUT_QUOTE},
    {"and a forward elsewhere", {0}, "Yes\n\n-----Ursprüngliche Nachricht-----\nVon: Bob\ngeheim\n", "Yes", FORWARDED},
    {"two fields are no header block", {0}, "From: Paris\nTo: Rome\nI walked.\n", "From: Paris\nTo: Rome\nI walked.", 0},
    {"blanks at the ends of lines go", {0}, "  a  \n\tb\t\n", "a\nb", 0},
    {"format=flowed of chat keeps its signature mark", {.flowed = true}, "a \n-- \nb\n", "a", 0},
    {"nothing is nothing", {0}, "", "", 0},
    {"blank is nothing", {0}, " \n\t\n\xC2\xA0\n", "", 0},
    {"broken UTF-8 and controls are mended", {0}, "a\x01\xFF" "b\x1b[0m\n", "a\xEF\xBF\xBD" "b[0m", 0},
};

static const struct row html_rows[] = {
    {"paragraphs and lines", {0}, "<p>One</p><p>Two<br>lines</p>", "One\n\nTwo\nlines", 0},
    {"Gmail writes a div a line", {0}, "<div dir=\"ltr\"><div>One</div><div>Two</div><div><br></div><div>Three</div></div>",
     "One\nTwo\n\nThree", 0},
    {"Outlook's paragraphs are lines", {0},
     "<div class=WordSection1><p class=MsoNormal>One<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p>"
     "<p class=MsoNormal>Two<o:p></o:p></p></div>", "One\n\nTwo", 0},
    {"white space is squeezed", {0}, "<p>\n  a   b\n c&nbsp; d </p>", "a b c d", 0},
    {"preformatted lines stay", {0}, "<pre>a\nb</pre>", "a\nb", 0},
    {"lists get dashes", {0}, "<ul><li>a</li><li><p>b</p></li></ul>", "- a\n\n- b", 0},
    {"scripts, styles and hidden text go", {0},
     "<head><title>t</title><style>p{}</style></head><script>x</script><div style=\"display:none\">h</div><p>a<!-- c --></p>", "a", 0},
    {"Gmail's answer", {REPLY},
     "<div dir=\"ltr\">Thanks!</div><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">On Sun, 22 Nov 2026 at "
     "08:30, Bob &lt;<a href=\"mailto:b@c.example\">b@c.example</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\" "
     "style=\"margin:0 0 0 0.8ex\">secret</blockquote></div>", "Thanks!", CUT_QUOTE},
    {"Gmail's answer between the quotes", {REPLY, PARENT("Is it far? Is it cold?")},
     "<div class=\"gmail_quote\"><div class=\"gmail_attr\">X:</div><blockquote class=\"gmail_quote\">Is it far?</blockquote>"
     "<div>No.</div><blockquote class=\"gmail_quote\">Is it cold?</blockquote><div>Yes.</div></div>",
     "No.\n\n> Is it cold?\n\nYes.", CUT_QUOTE | BEGINS},
    {"Gmail's forward", {0},
     "<div dir=\"ltr\">Look<br><br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">---------- Forwarded message "
     "---------<br>From: Doctor<br>Date: x<br>Subject: y<br></div><br>secret</div></div>", "Look", FORWARDED},
    {"Gmail's signature", {0},
     "<div dir=\"ltr\">Hello<br clear=\"all\"><div><br></div>-- <br><div dir=\"ltr\" class=\"gmail_signature\">Alice<br>Tel</div></div>",
     "Hello", 0},
    {"Thunderbird's answer", {REPLY},
     "<html><head><meta charset=\"UTF-8\"></head><body><div class=\"moz-cite-prefix\">Kirjutas 22.11 Bob<br></div>"
     "<blockquote type=\"cite\" cite=\"mid:x\"><p>secret</p></blockquote><p>Hello Bob</p>"
     "<div class=\"moz-signature\">-- <br>Alice</div></body></html>", "Hello Bob", CUT_QUOTE | BEGINS},
    {"Thunderbird's forward", {0},
     "<p>See</p><div class=\"moz-forward-container\"><br><br>-------- Xyz --------<table class=\"moz-email-headers-table\">"
     "<tr><th>Foo: </th><td>bar</td></tr></table>secret</div>", "See", FORWARDED},
    {"Apple Mail's answer", {REPLY},
     "<body>Yes<br id=\"lineBreakAtBeginningOfSignature\"><div dir=\"ltr\">Sent from my iPhone</div><div dir=\"ltr\"><br>"
     "<blockquote type=\"cite\">On 22 Nov 2026, at 08:30, Bob wrote:<br><br></blockquote></div>"
     "<blockquote type=\"cite\"><div>secret</div></blockquote></body>", "Yes", CUT_QUOTE},
    {"Apple Mail's forward", {0},
     "<div>Look</div><div><br><blockquote type=\"cite\"><div>Begin forwarded message:</div><br><div><b>From: </b>Doctor</div>"
     "<div>secret</div></blockquote></div>", "Look", FORWARDED},
    {"Outlook's answer", {REPLY},
     "<div class=\"elementToProof\">Thanks</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\" dir=\"ltr\"><font>"
     "<b>From:</b> Bob<br><b>Sent:</b> Sunday<br><b>To:</b> Alice<br><b>Subject:</b> Hello</font></div><div>secret</div>",
     "Thanks", CUT_QUOTE},
    {"Outlook's forward has the same shape", {0},
     "<div>Thanks</div><hr><div id=\"divRplyFwdMsg\" dir=\"ltr\"><b>From:</b> Bob<br><b>Sent:</b> Sunday<br></div><div>secret</div>",
     "Thanks", FORWARDED},
    {"Outlook desktop says it with a border alone", {REPLY},
     "<p class=MsoNormal>Thanks</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal><b>Von:</b> Bob<br>"
     "<b>Gesendet:</b> So<br><b>An:</b> Alice<br><b>Betreff:</b> Hallo</p></div></div><p class=MsoNormal>geheim</p>", "Thanks", CUT_QUOTE},
    {"Outlook's phone signature", {0},
     "<div>Hi</div><div id=\"ms-outlook-mobile-signature\">Get <a href=\"https://aka.ms/o0ukef\">Outlook for iOS</a></div>", "Hi", 0},
    {"K-9's answer", {REPLY},
     "<!DOCTYPE html><html><body>Yes<br><br><div class='k9mail-signature'>-- <br>K-9</div><br><br><div class=\"gmail_quote\">"
     "Am 22. November 2026 08:30:00 schrieb Bob:<blockquote class=\"gmail_quote\"><pre>secret</pre></blockquote></div></body></html>",
     "Yes", CUT_QUOTE},
    {"an empty place for a signature is none", {0}, "<div id=\"Signature\"><br></div><div>Hello</div>", "Hello", 0},
    {"Yahoo's answer", {REPLY}, "<div>Yes</div><div class=\"yahoo_quoted\"><div>On Sunday, Bob wrote:</div><div>secret</div></div>", "Yes", CUT_QUOTE},
    {"Proton's answer", {REPLY}, "<div>Yes</div><div class=\"protonmail_quote\">On Sunday, Bob wrote:<br><blockquote class=\"protonmail_quote\" type=\"cite\">secret</blockquote></div>", "Yes", CUT_QUOTE},
    {"Spark's answer", {REPLY}, "<div name=\"messageBodySection\">Yes</div><div name=\"messageSignatureSection\"><br>-x<br></div><div name=\"messageReplySection\">On 22 Nov 2026 at 08:30, Bob wrote:<br><blockquote type=\"cite\">secret</blockquote></div>", "Yes", CUT_QUOTE},
    {"GMX's answer", {REPLY}, "<div>Ja</div><div name=\"quote\" style=\"border-left:2px solid #C3D9E5;\"><div><b>Gesendet:</b> So<br><b>Von:</b> Bob</div>geheim</div>", "Ja", CUT_QUOTE},
    {"Yandex's answer has a blockquote without a mark", {REPLY}, "<div>Да</div><div>22.11.2026, 08:30, \"Bob\" &lt;b@c.example&gt;:</div><blockquote><p>secret</p></blockquote>", "Да", CUT_QUOTE},
    {"Roundcube's answer", {REPLY}, "<p>Yes</p><p id=\"reply-intro\">Xyz Bob</p><blockquote type=\"cite\" style=\"padding: 0 0.4em\"><div>secret</div></blockquote>", "Yes", CUT_QUOTE},
    {"Zimbra's answer", {REPLY}, "<div>Yes</div><hr id=\"zwchr\" data-marker=\"__DIVIDER__\"><div data-marker=\"__HEADERS__\"><b>Foo: </b>Bob</div><div>secret</div>", "Yes", CUT_QUOTE},
    {"a blockquote of one's own in a new mail is kept", {0}, "<p>He says</p><blockquote>To be</blockquote><p>Indeed</p>", "He says\n\n> To be\n\nIndeed", 0},
    {"a blockquote in an answer is a quotation", {REPLY}, "<p>He says</p><blockquote>secret</blockquote>", "He says", CUT_QUOTE},
    {"a blockquote somebody is said to have written as well", {0}, "<p>Yes</p><div>On 22.11.2026 08:30, Bob wrote:</div><blockquote>secret</blockquote>", "Yes", CUT_QUOTE},
    {"> in the text of HTML is text", {0}, "<p>a &gt; b</p>", "a > b", 0},
    {"unclosed and misnested tags are read", {0}, "<b><p>a<i>b</b>c</i><div>d", "abc\n\nd", 0},
};

/* clang-format on */

static void check_row(const struct row *row, bool html)
{
    scoped_value(words) words = {0};
    scoped_value(bytes) plain = {0};
    struct err err;
    bool ok = html ? words_from_html(slice_of(row->text), &row->orders, &words, &err)
                   : words_from_plain(slice_of(row->text), &row->orders, &words, &err);
    int facts = (words.forwarded ? FORWARDED : 0) | (words.cut_quote ? CUT_QUOTE : 0) |
                (words.begins_with_quote ? BEGINS : 0);

    words_plain(&words, &plain);
    bool same = ok && slice_is(bytes_slice(&plain), row->expected);
    int wanted = row->facts & FORWARDED ? row->facts | (facts & (CUT_QUOTE | BEGINS)) : row->facts;
    if (!same || facts != wanted)
        fail_msg("%s: got \"%.*s\", facts %d, not \"%s\", %d", row->name,
                 SLICE_ARGS(bytes_slice(&plain)), facts, row->expected, row->facts);
}

static void plain_text_becomes_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plain_rows); i++)
        check_row(&plain_rows[i], false);
}

static void html_becomes_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(html_rows); i++)
        check_row(&html_rows[i], true);
}

/* "text<href>|…" of the first passage. */
static char *runs_of(const struct words *words)
{
    struct bytes out = {0};

    for (size_t i = 0; words->count > 0 && i < words->passages[0].count; i++) {
        const struct run *run = &words->passages[0].runs[i];
        bytes_print(&out, i ? "|%s" : "%s", run->text);
        if (run->href)
            bytes_print(&out, "<%s>", run->href);
    }
    return bytes_take(&out);
}

static void links_are_found(void **state)
{
    static const struct {
        const char *name;
        bool html;
        const char *text, *expected;
    } rows[] = {
        {"a bare address becomes a link without the full stop",    false,
         "See https://a.example/x(1).",                                                                                            "See |https://a.example/x(1)<https://a.example/x(1)>|."},
        {"brackets around stay outside",                           false, "(https://a.example/)",
         "(|https://a.example/<https://a.example/>|)"                                                                                                                                     },
        {"so do angle brackets",                                   false, "<http://a.example>",
         "<|http://a.example<http://a.example>|>"                                                                                                                                         },
        {"a word before makes it none",                            false, "xhttps://a.example",                                    "xhttps://a.example"                                   },
        {"two in a line",                                          false, "http://a.example http://b.example/?q=1#f",
         "http://a.example<http://a.example>| |http://b.example/?q=1#f<http://b.example/?q=1#f>"                                                                                          },
        {"links of HTML keep their address",                       true,
         "<p>a <a href=\"https://a.example/?x=1&amp;y=2\">link</a>!</p>",                                                          "a |link<https://a.example/?x=1&y=2>|!"                },
        {"other schemes are text",                                 true,  "<a href=\"javascript:x\">a</a> <a href='data:x'>b</a>",
         "a b"                                                                                                                                                                            },
        {"a mail link is kept",                                    true,  "<a href=\"mailto:a@b.example\">write</a>",
         "write<mailto:a@b.example>"                                                                                                                                                      },
        {"a name that a program made a mail link is a name again", true,
         "<p>Hi @<a href=\"mailto:bob@social.example\">bob@social.example</a>!</p>",                                               "Hi @bob@social.example!"                              },
        {"so it is with the sign inside",                          true,
         "<a href=\"mailto:@bob@social.example\">@bob@social.example</a>",                                                         "@bob@social.example"                                  },
        {"bare addresses in HTML as well",                         true,  "<p>https://a.example</p>",
         "https://a.example<https://a.example>"                                                                                                                                           },
    };
    const struct words_orders orders = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(words) words = {0};
        struct err err;
        bool ok = rows[i].html ? words_from_html(slice_of(rows[i].text), &orders, &words, &err)
                               : words_from_plain(slice_of(rows[i].text), &orders, &words, &err);
        scoped_text char *runs = runs_of(&words);
        if (!ok || strcmp(runs, rows[i].expected) != 0)
            fail_msg("%s: %s, not %s", rows[i].name, runs, rows[i].expected);
    }
}

static void what_was_forwarded_is_told_apart(void **state)
{
    static const struct {
        const char *name;
        bool html, reply;
        const char *text, *from, *other;
    } rows[] = {
        {"no forward",                  false, false, "Hello <a@b.example>",                 NULL,            ""},
        {"an answer",                   false, true,
         "Yes\n\nFrom: A <a@b.example>\nTo: c\nSubject: d\nDate: 1 May\n\ne",                NULL,            ""},
        {"an inline forward",           false, false,
         "Look <x@y.example>\n\n-------- Forwarded Message --------\nFrom: A <a@b.example>\n"
         "To: <c@d.example>\n\nwords",                                                       "a@b.example",
         "-------- Forwarded Message --------\nFrom: A <a@b.example>\nTo: <c@d.example>\nwords\n"               },
        {"a link in brackets",          false, false,
         "-------- Forwarded Message --------\nFrom: A [mailto:a@b.example]",                "a@b.example",
         "-------- Forwarded Message --------\nFrom: A [mailto:a@b.example]\n"                                  },
        {"no address",                  false, false,
         "-------- Forwarded Message --------\nFrom: A <a b@c> <d> [e@f]",                   NULL,
         "-------- Forwarded Message --------\nFrom: A <a b@c> <d> [e@f]\n"                                     },
        {"an address without brackets", false, false,
         "-------- Forwarded Message --------\nFrom: a@b.example\n<c@d.example>",            "a@b.example",
         "-------- Forwarded Message --------\nFrom: a@b.example\n<c@d.example>\n"                              },
        {"whose row is broken",         false, false,
         "-------- Forwarded Message --------\nTo: <c@d.example>\nFrom: A\n<a@b.example>",   "a@b.example",
         "-------- Forwarded Message --------\nTo: <c@d.example>\nFrom: A\n<a@b.example>\n"                     },
        {"a name like an address",      false, false,
         "-------- Forwarded Message --------\nFrom: \"<c@d.example>\" <a@b.example>",       NULL,
         "-------- Forwarded Message --------\nFrom: \"<c@d.example>\" <a@b.example>\n"                         },
        {"a From further down",         false, false,
         "-------- Forwarded Message --------\nWho: C <c@d.example>\nFrom: A <a@b.example>", NULL,
         "-------- Forwarded Message --------\nWho: C <c@d.example>\nFrom: A <a@b.example>\n"                   },
        {"HTML tells its links too",    true,  false,
         "<p>Begin forwarded message:</p><p>From: &lt;<a "
         "href='mailto:a%3Db@c.example'>a=b@c.example</a>&gt;</p>",                          "a=b@c.example",
         "Begin forwarded message:\nFrom: <a=b@c.example>\nmailto:a%3Db@c.example\n"                            },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct words_orders orders = {.is_reply = rows[i].reply};
        scoped_value(words) words = {0};
        struct err err;
        bool ok = rows[i].html ? words_from_html(slice_of(rows[i].text), &orders, &words, &err)
                               : words_from_plain(slice_of(rows[i].text), &orders, &words, &err);
        const char *from = words.other_from ? words.other_from : "(none)";
        if (!ok || strcmp(from, rows[i].from ? rows[i].from : "(none)") != 0 ||
            !slice_is(bytes_slice(&words.other), rows[i].other))
            fail_msg("%s: %s, %.*s", rows[i].name, from, SLICE_ARGS(bytes_slice(&words.other)));
    }
}

static void what_may_be_somebody_elses_is_doubtful(void **state)
{
    static const struct {
        const char *name, *text;
        bool doubtful;
    } rows[] = {
        {"own words",              "Look: here\nand: there\n",                                      false},
        {"a quotation",            "Look\n\n> secret\n",                                            true },
        {"who wrote it",           "Bob wrote:\nsecret\n",                                          true },
        {"three labels",           "a: b\nc: d\ne: f\n",                                            true },
        {"a frame",                "---- x ----\nsecret\n",                                         true },
        {"a rule",                 "Look\n----------\nhere\n",                                      false},
        {"the parent's words",     "Is it far today?\n",                                            true },
        {"few of them",            "Is it\n",                                                       false},
        {"all that behind a mark", "Look\n-- Forwarded message --\n> a\na: b\nc: d\ne: f\n",        false},
        {"and behind a signature", "Look\n-- \na: b\nc: d\ne: f\n",                                 false},
        {"words behind its end",   "-- Forwarded message --\na\n----- End -----\n\nsecret\n",       true },
        {"a signature there",      "-- Forwarded message --\na\n----- End -----\n\n-- \nA\n",       false},
        {"another in it",          "-- Forwarded message --\na\n----- Original message -----\nb\n", false},
    };
    const struct words_orders orders = {.parent_plain = SLICE("Is it far\ntoday? Yes.")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(words) words = {0};
        struct err err;
        if (!words_from_plain(slice_of(rows[i].text), &orders, &words, &err) ||
            words.doubtful != rows[i].doubtful)
            fail_msg("%s", rows[i].name);
    }
}

static void pictures_follow_their_words(void **state)
{
    static const char html[] =
        "<p>Look<img src=\"cid:photo@x\" alt=\"red boats\"></p><img "
        "src='https://tracker.example/x'>"
        "<div class=\"moz-signature\">A<img src=\"cid:logo@x\"><img src=\"cid:photo@x\"></div>";
    const struct words_orders orders = {0};
    scoped_value(words) words = {0};
    struct err err;

    (void)state;
    assert_true(words_from_html(slice_of(html), &orders, &words, &err));
    assert_int_equal(words.kept_content_id_count, 1);
    assert_text(words.kept_content_ids[0], "photo@x");
    assert_text(words.image_alts[0], "red boats");
    assert_int_equal(words.cut_content_id_count, 1);
    assert_text(words.cut_content_ids[0], "logo@x");
}

static void note_line(void *ctx, struct slice rest)
{
    bytes_add(ctx, rest);
    bytes_add_char(ctx, '|');
}

static void lines_can_be_taken(void **state)
{
    const struct words_orders orders = {0};
    scoped_value(words) words = {0};
    scoped_value(bytes) taken = {0}, left = {0};
    struct err err;

    (void)state;
    assert_true(words_from_plain(SLICE("CW: food\nSoup\nalt: a\nBread\n\nAlt:b\n\nALT: c\nd\n"),
                                 &orders, &words, &err));
    scoped_text char *first = words_first_line(&words);
    assert_text(first, "CW: food");
    assert_false(words_empty(&words));
    words_drop_first_line(&words);
    words_take_lines(&words, "Alt:", note_line, &taken);
    assert_text(taken.at, "a|b|c|");
    words_plain(&words, &left);
    assert_text(left.at, "Soup\nBread\n\nd");
    words_drop_first_line(&words);
    words_drop_first_line(&words);
    words_drop_first_line(&words);
    assert_true(words_empty(&words));
    assert_null(words_first_line(&words));
    words_drop_first_line(&words);
}

static void size_is_bounded(void **state)
{
    const struct words_orders orders = {0};
    scoped_value(words) words = {0};
    scoped_value(bytes) text = {0};
    struct err err = {0};

    (void)state;
    for (int i = 0; i < 60000; i++)
        bytes_add_text(&text, "a<br>\n");
    assert_false(words_from_plain(bytes_slice(&text), &orders, &words, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    assert_false(words_from_html(bytes_slice(&text), &orders, &words, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    bytes_reserve(&text, (size_t)1024 * 1024);
    memset(text.at, 'x', text.len = (size_t)1024 * 1024 + 1);
    assert_false(words_from_plain(bytes_slice(&text), &orders, &words, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_becomes_own_words),
        cmocka_unit_test(html_becomes_own_words),
        cmocka_unit_test(links_are_found),
        cmocka_unit_test(what_was_forwarded_is_told_apart),
        cmocka_unit_test(what_may_be_somebody_elses_is_doubtful),
        cmocka_unit_test(pictures_follow_their_words),
        cmocka_unit_test(lines_can_be_taken),
        cmocka_unit_test(size_is_bounded),
    };

    mime_set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
