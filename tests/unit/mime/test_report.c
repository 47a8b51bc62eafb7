/* What other servers' reports say: the fields of RFC 3464, and what stands there instead. */
#include "test.h"

#include "memory.h"
#include "report.h"

#define HEAD "Reporting-MTA: dns; mx.example\n\n"

static void what_a_report_says(void **state)
{
    static const struct {
        const char *name, *text;
        enum report_action action;
        const char *code, *status, *words;
    } rows[] = {
        {"nothing",                       "",                                                                           REPORT_NOTHING, "",    "",       ""                        },
        {"no recipient",                  HEAD,                                                                         REPORT_NOTHING, "",    "",       ""                        },
        {"failed",
         HEAD "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
              "Diagnostic-Code: smtp; 550 5.1.1 Nobody\n",                                                              REPORT_FAILED,  "550", "5.1.1",  "550 5.1.1 Nobody"        },
        {"with CRLF",                     "Reporting-MTA: dns; x\r\n\r\nAction: failed\r\nStatus: 5.2.1\r\n\r\n",
         REPORT_FAILED,                                                                                                                 "",    "5.2.1",  ""                        },
        {"case and comments",             HEAD "ACTION: Failed (permanently)\nSTATUS: 5.4.4 (no host)\n",
         REPORT_FAILED,                                                                                                                 "",    "5.4.4",  ""                        },
        {"folded",                        HEAD "Action: failed\nDiagnostic-Code: smtp;\n 550-5.7.26 first\n\tsecond\n",
         REPORT_FAILED,                                                                                                                 "550", "5.7.26", "550-5.7.26 first  second"},
        {"delayed",                       HEAD "Action: delayed\nStatus: 4.4.1\n",                                      REPORT_OTHER,   "",    "4.4.1",  ""                        },
        {"who failed counts",
         HEAD "Action: delivered\nStatus: 2.0.0\n\nAction: failed\n"
              "Status: 5.1.2\n",                                                                                        REPORT_FAILED,  "",    "5.1.2",  ""                        },
        {"the first of those who failed",
         HEAD "Action: failed\nStatus: 5.1.2\n\nAction: failed\n"
              "Status: 5.1.1\n",                                                                                        REPORT_FAILED,  "",    "5.1.2",  ""                        },
        {"no blank line behind the head", "Reporting-MTA: dns; x\nAction: failed\nStatus: 5.1.1\n",
         REPORT_FAILED,                                                                                                                 "",    "5.1.1",  ""                        },
        {"two blank lines",               "Reporting-MTA: dns; x\n\n\nAction: failed\n",                                REPORT_FAILED,  "",    "",
         ""                                                                                                                                                                        },
        {"what is no status",             HEAD "Action: failed\nStatus: 5.1\n",                                         REPORT_FAILED,  "",    "",       ""                        },
        {"nor this",                      HEAD "Action: failed\nStatus: 5.1.1234\n",                                    REPORT_FAILED,  "",    "",       ""                        },
        {"nor this one",                  HEAD "Action: failed\nStatus: 7.1.1\n",                                       REPORT_FAILED,  "",    "",       ""                        },
        {"or that",                       HEAD "Action: failed\nStatus: 5.1.1.1\n",                                     REPORT_FAILED,  "",    "",       ""                        },
        {"words without a code",          HEAD "Action: failed\nDiagnostic-Code: x-unix; no \x01 mailbox\n",
         REPORT_FAILED,                                                                                                                 "",    "",       "no ? mailbox"            },
        {"a field without a name",        HEAD "Action: failed\nhello\n: x\n",                                          REPORT_FAILED,  "",    "",       ""                        },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct report report;
        report_read(slice_of(rows[i].text), &report);
        if (report.action != rows[i].action || strcmp(report.code, rows[i].code) != 0 ||
            strcmp(report.status, rows[i].status) != 0 || strcmp(report.words, rows[i].words) != 0)
            fail_msg("%s: %d \"%s\" \"%s\" \"%s\"", rows[i].name, (int)report.action, report.code,
                     report.status, report.words);
    }
}

static void which_mail_is_a_report(void **state)
{
#define STATUS "\n\n--b\nContent-Type: message/delivery-status\n\n" HEAD "Action: failed\n--b--\n"
    static const struct {
        const char *name, *text;
        enum report_action action;
    } rows[] = {
        {"a report",                     "Content-Type: multipart/report; boundary=b" STATUS, REPORT_FAILED },
        {"the same in another wrapping", "Content-Type: multipart/mixed; boundary=b" STATUS,
         REPORT_NOTHING                                                                                     },
        {"of addresses in all letters",
         "Content-Type: multipart/report; boundary=b\n\n--b\n"
         "Content-Type: message/global-delivery-status\n\n" HEAD "Action: failed\n--b--\n",
         REPORT_FAILED                                                                                      },
        {"of a mail that was read",
         "Content-Type: multipart/report; boundary=b\n\n--b\n"
         "Content-Type: message/disposition-notification\n\n" HEAD "Action: failed\n--b--\n",
         REPORT_NOTHING                                                                                     },
        {"a mail",                       "Subject: x\n\nAction: failed\n",                    REPORT_NOTHING},
    };

    (void)state;
    mime_set_up();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err;
        struct report report;
        scoped(source) source = source_of_slice(slice_of(rows[i].text));
        scoped(mail) mail = NULL;
        assert_true(mail_parse(source, &mail, &err));
        assert_true(mail_report(mail, &report, &err));
        if (report.action != rows[i].action)
            fail_msg("%s: %d", rows[i].name, (int)report.action);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_report_says),
        cmocka_unit_test(which_mail_is_a_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
