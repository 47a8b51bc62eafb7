/*
 * A mail is parted into its two faces: outside no subject but "[...]" stands, inside everything, marked; and what is inside
 * is read as the mail it was.
 */
#include "faces.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_outside(struct slice outer)
{
    scoped_value(bytes) text = {0};
    scoped(mail) mail = NULL;
    struct err err;

    bytes_add(&text, outer);
    bytes_add_text(&text, "\r\n");
    scoped(source) source = source_of_slice(bytes_slice(&text));
    if (!mail_parse(source, &mail, &err))
        return;
    const char *subject = mail_field(mail, "Subject", 0);
    assert(!subject || strcmp(subject, "[...]") == 0);
    assert(mail_field_count(mail, "Subject") <= 1 && !mail_field(mail, "Content-Type", 0));
}

static void check_inside(struct mail *before, struct mail *inside)
{
    const char *mark = mail_part_parameter(mail_root(inside), "hp");
    const char *was = mail_field(before, "Subject", 0), *is = mail_field(inside, "Subject", 0);

    assert(!mark || strcmp(mark, "cipher") == 0);
    assert(!was == !is && (!was || strcmp(was, is) == 0));
}

static void check_mail(struct source *source, const struct mail_faces *faces)
{
    scoped(mail) before = NULL;
    scoped(mail) inside = NULL;
    scoped(source) part = NULL;
    enum mail_claims claims;
    struct err err;

    if (!mail_parse(source, &before, &err))
        return;
    assert(mail_claims_encryption(before, &claims, &part, &err));
    assert((claims == MAIL_CLAIMS_NOTHING) == !part);
    scoped(source) rest = source_from(source, faces->body);
    scoped(source) whole = source_behind(bytes_slice(&faces->inner), steal(&rest));
    if (faces->body > 0 && mail_parse(whole, &inside, &err))
        check_inside(before, inside);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool set_up;
    scoped_value(mail_faces) faces = {0};
    scoped(source) source = source_of_slice((struct slice){(const char *)data, size});
    struct err err;

    if (!set_up)
        mime_set_up();
    set_up = true;
    assert(mail_faces_of(source, &faces, &err));
    assert(faces.body >= 0 && faces.body <= (int64_t)size);
    assert(slice_ends(bytes_slice(&faces.inner), SLICE("\r\n\r\n")));
    check_outside(bytes_slice(&faces.outer));
    check_mail(source, &faces);
    return 0;
}
