#include "out.h"

#include "memory.h"

#include <stdio.h>

static void recipient_clear(struct out_recipient *recipient)
{
    free(recipient->address);
    recipient_terms_clear(&recipient->wish);
}

void out_mail_free(struct out_mail *mail)
{
    if (!mail)
        return;
    for (size_t i = 0; i < mail->count; i++)
        recipient_clear(&mail->recipients[i]);
    free(mail->recipients);
    free(mail->mail_from);
    mail_terms_clear(&mail->terms);
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
