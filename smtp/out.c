#include "out.h"

#include "memory.h"

#include <stdio.h>

void out_mail_free(struct out_mail *mail)
{
    if (!mail)
        return;
    for (size_t i = 0; i < mail->count; i++)
        free(mail->recipients[i].address);
    free(mail->recipients);
    free(mail->mail_from);
    source_free(mail->body);
    free(mail->login);
    if (mail->password)
        explicit_bzero(mail->password, strlen(mail->password));
    free(mail->password);
    free(mail);
}

void out_decide(struct out_mail *mail, enum out_fate fate, const char *reply)
{
    for (size_t i = 0; i < mail->count; i++) {
        struct out_recipient *recipient = &mail->recipients[i];
        if (recipient->fate != OUT_OPEN)
            continue;
        recipient->fate = fate;
        snprintf(recipient->reply, sizeof recipient->reply, "%s", reply);
    }
}

bool out_is_open(const struct out_mail *mail)
{
    for (size_t i = 0; i < mail->count; i++)
        if (mail->recipients[i].fate == OUT_OPEN)
            return true;
    return false;
}

bool out_is_unrecorded(const struct out_mail *mail)
{
    for (size_t i = 0; i < mail->count; i++)
        if (mail->recipients[i].fate != OUT_OPEN && !mail->recipients[i].recorded)
            return true;
    return false;
}
