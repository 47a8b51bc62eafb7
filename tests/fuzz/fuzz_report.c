/* A report of delivery from anywhere: as a mail, and as the body of its status part. */
#include "report.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct report *report)
{
    size_t code = strlen(report->code), status = strlen(report->status);

    assert(code == 0 || code == REPORT_CODE_LEN);
    assert(status < REPORT_STATUS_SIZE && strspn(report->status, "0123456789.") == status);
    for (const char *c = report->words; *c; c++)
        assert(*c >= ' ' && *c < 0x7f);
    assert(report->action != REPORT_NOTHING || (!code && !status && !report->words[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct report report;
    struct err err;
    static bool set_up;

    if (!set_up)
        mime_set_up();
    set_up = true;
    report_read(text, &report);
    check(&report);
    scoped(source) source = source_of_slice(text);
    scoped(mail) mail = NULL;
    if (!mail_parse(source, &mail, &err))
        return 0;
    assert(mail_report(mail, &report, &err));
    check(&report);
    return 0;
}
