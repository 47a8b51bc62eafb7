#include "made.h"

static char *essay(size_t paragraphs)
{
    struct bytes text = {0};

    bytes_add_text(&text, "From: Alice <alice@example.org>\nTo: public@example.org\n"
                          "Subject: \nMIME-Version: 1.0\n"
                          "Content-Type: text/plain; charset=utf-8\n");
    bytes_print(&text, "Message-ID: <essay-%zu@example.org>\n\n", paragraphs);
    for (size_t i = 0; i < paragraphs; i++)
        bytes_print(&text,
                    "%03zu A hundred letters make a line that tells little and goes on "
                    "until it has come to its end, here.\n\n",
                    i);
    return bytes_take(&text);
}

char *essay_of_40000(struct town *town)
{
    (void)town;
    return essay(400);
}

char *essay_of_300000(struct town *town)
{
    (void)town;
    return essay(3000);
}

#define OUTSIDE(id, to)                                                                            \
    "Date: Sun, 1 Mar 2026 12:00:00 +0000\nFrom: Alice <alice@example.org>\nTo: " to "\n"          \
    "Message-ID: <" id "@example.org>\nSubject: Signed outside\n"
#define INSIDE(to)                                                                                 \
    "Content-Type: text/plain; charset=utf-8; protected-headers=\"v1\"\n"                          \
    "From: Alice <alice@example.org>\nTo: " to "\nSubject: From afar\n\nThe train has wifi.\n"

static char *kept; /* the same bytes again */

char *signed_post(struct town *town)
{
    free(kept);
    kept = town_signed(town, "alice", 60 * 1000, OUTSIDE("18", "public@example.org"),
                       INSIDE("public@example.org"));
    return must_dup(kept);
}

char *same_bytes(struct town *town)
{
    (void)town;
    return must_dup(kept);
}

/* The same signature under a new Message-ID. */
char *same_signature(struct town *town)
{
    (void)town;
    char *copy = must_dup(kept);

    memcpy(strstr(copy, "<18@"), "<81@", 4);
    return copy;
}

char *signed_to_carol(struct town *town)
{
    return town_signed(town, "alice", 60 * 1000, OUTSIDE("19", "carol@mail.example"),
                       INSIDE("carol@mail.example"));
}

char *signed_to_two_words(struct town *town)
{
    return town_signed(town, "alice", 60 * 1000, OUTSIDE("19-two", "public@example.org"),
                       INSIDE("public@example.org, followers@example.org"));
}

char *signed_first_line(struct town *town)
{
    return town_signed(town, "alice", 0, OUTSIDE("18-first-line", "public@example.org"),
                       "Content-Type: text/plain; charset=utf-8\n\nPublic@example.org\n\nThe "
                       "target is signed, the header is not.\n");
}

char *signed_without_target(struct town *town)
{
    return town_signed(town, "alice", 0, OUTSIDE("18-no-target", "public@example.org"),
                       "Content-Type: text/plain; charset=utf-8\n\nNo target is signed.\n");
}

char *signed_three_days_ago(struct town *town)
{
    return town_signed(town, "alice", 72 * 3600 * 1000, OUTSIDE("18-stale", "public@example.org"),
                       INSIDE("public@example.org"));
}

char *signed_by_eve(struct town *town)
{
    return town_signed(town, "eve", 0, OUTSIDE("18-eve", "public@example.org"),
                       INSIDE("public@example.org"));
}

char *signed_and_changed(struct town *town)
{
    char *text = signed_first_line(town);

    *strstr(text, "The target") = 't';
    return text;
}

char *signed_with_footer(struct town *town)
{
    scoped_text char *mail = signed_first_line(town);
    const char *body = strstr(mail, "MIME-Version");

    return must_print("%.*sMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=foot\n\n"
                      "--foot\n%s\n--foot\nContent-Type: text/plain\n\nBuy coins.\n--foot--\n",
                      (int)(body - mail), mail, body + strlen("MIME-Version: 1.0\n"));
}

/* What is signed is a mail of somebody else. */
char *signed_forward(struct town *town)
{
    return town_signed(town, "alice", 0, OUTSIDE("18-forward", "public@example.org"),
                       "Content-Type: message/rfc822; protected-headers=\"v1\"\n\n"
                       "From: Carol <carol@mail.example>\nTo: public@example.org\nSubject: Mine\n"
                       "Content-Type: text/plain\n\nPublic@example.org\n\nNot yours.\n");
}

char *signed_to_bob(struct town *town)
{
    return town_signed(town, "alice", 0, OUTSIDE("18-bob", "bob=social.example@example.org"),
                       INSIDE("bob=social.example@example.org"));
}

void made_forget(void)
{
    free(kept);
    kept = NULL;
}
