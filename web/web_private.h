/* What the files of web/ share: a page is an errand that looks, and writes HTML. */
#ifndef NESTBOX_WEB_PRIVATE_H
#define NESTBOX_WEB_PRIVATE_H

#include "bridge_activity.h"
#include "bridge_contact.h"
#include "config.h"
#include "id.h"
#include "memory.h"
#include "names.h"
#include "store.h"
#include "store_push.h"
#include "web.h"

struct stream;
struct web {
    struct web_parts parts;
    struct stream *streams; /* under way; the loop's own */
    char *quiet_policy;     /* of pages that load nothing */
    struct pushes pushes;   /* on their way; the outward loop's own */
};

struct page;
typedef bool page_writer(struct page *, struct store_view *, struct err *);

struct page { /* one page on its way; owns everything */
    struct errand errand;
    const struct web *web;
    page_writer *write;
    char *domain;   /* the host asked for, one of ours */
    char *parts[2]; /* of the path, decoded */
    int64_t before; /* ?before=ID, 0: from the newest */
    int status;
    struct bytes html;
    char *activity_id;             /* for <link rel=alternate> and Link:, or NULL */
    char *feeds_of;                /* whose feeds <link rel=alternate> names, or NULL */
    char *location;                /* a redirect instead of HTML, or NULL */
    char *cookie;                  /* for Set-Cookie, or NULL */
    char form_word[TOKEN_LEN + 1]; /* stands in every form of an owner's page; else "" */
    bool faces; /* a quiet page that shows who asks: the one thing it loads, from here */
    bool
        quiet; /* loads nothing, not even a style sheet, and is kept by nobody: there is a word in its URL */
};

/* web.c: what every page needs. */
void page_init(struct page *page, void *face, const struct http_turn *turn, page_writer *write);
void page_clear(struct page *page);
enum next page_end_turn(void *face, struct http_turn *turn,
                        struct errand *back); /* answers; takes `back` */

/* A number of the query; 0: none of that name. */
int64_t page_number_asked(const struct http_request *request, const char *name);
/* The hosted domain that was asked for, or else the main one; heap. */
char *page_domain(const struct web *web, struct slice host);

/* page_new.c: accounts that people make themselves, and what their programs need to know. */
enum next on_new(void *face, struct http_turn *turn);
enum next on_new_account(void *face, struct http_turn *turn);
enum next new_account_made(void *face, struct http_turn *turn, struct errand *back);
enum next on_new_svg(void *face, struct http_turn *turn);
enum next on_new_png(void *face, struct http_turn *turn);
/* page_cards.c: the server's own contacts. */
enum next on_cards(void *face, struct http_turn *turn);
enum next cards_written(void *face, struct http_turn *turn, struct errand *back);
enum next on_autoconfig(void *face, struct http_turn *turn);
enum next on_apple(void *face, struct http_turn *turn);

/* page.c: the frame of every page. */
void page_begin(struct page *page, const char *title, const char *language);
void page_end(struct page *page);
void page_text(struct page *page, const char *text); /* escaped */
/* 404 and 410 in words; also what a page becomes when its subject is not public. */
bool page_absent(struct page *page);
bool page_gone(struct page *page);
extern const char page_style[]; /* the one style sheet */
/* A time as <time datetime="…">22 Nov 2026, 08:30 UTC</time>. */
void page_time(struct page *page, int64_t ms);

/* page_words.c: pages of a few words and buttons, in English. */
void words_begin(struct page *page, const char *title); /* 200, up to <main> */
void words_end(struct page *page);
void words_say(struct page *page, const char *words); /* a paragraph, escaped */
/* Opens a form that posts to `action`, NULL: to this page; the caller closes it. */
void words_form(struct page *page, const char *action);
void words_file_form(struct page *page, const char *action); /* one that takes files */
/* A form that posts `answer`; `kind` is "main" or "plain". */
void words_button(struct page *page, const char *answer, const char *words, const char *kind);
bool words_alone(struct page *page, int status, const char *title, const char *words);

/*
 * signed_in.c: pages of an owner, who is signed in (docs/signed-in.md).  Such a page's turn begins with an owner_turn;
 * its writer runs only for somebody who is signed in, all others are sent to /sign-in.  Every form is opened by
 * words_form(); a POST without the word that it writes is answered 403, and neither function runs.  An ERR_MALFORMED,
 * ERR_ABSENT or ERR_REFUSED of the errand is said to the owner in its words.
 */
struct owner_turn;
typedef bool owner_deed(struct owner_turn *, struct store_tx *, struct err *); /* in apply() */
struct owner_turn {
    struct page page;
    bool post;            /* a button of our own was pressed */
    struct account owner; /* who is signed in */
    /* signed_in.c's own: */
    page_writer *write;
    owner_deed *deed;
    char *session, *said;
};
/* `deed` or NULL: what a POST does, after `write`. */
void owner_turn_init(struct owner_turn *it, void *face, const struct http_turn *turn,
                     page_writer *write, owner_deed *deed);
/* 303, as after a deed: the page is then shown by a GET. */
bool owner_go(struct page *page, const char *path);
void owner_turn_clear(struct owner_turn *it);       /* the page too */
char *owner_address(const struct account *account); /* heap */
struct owner_turn *owner_turn_of(struct page *page);
/* words_begin(), and the links between an owner's pages; `here` is the path of this one. */
void owner_begin(struct page *page, const char *title, const char *here);
void owner_end(struct page *page);
/* A few words, and the way back. */
bool owner_says(struct page *page, int status, const char *title, const char *words);
/* Who asks: by the cookie, or as a device by `Authorization: Bearer`. */
struct caller { /* owns what it holds */
    char *session, *device;
};
void caller_read(const struct http_request *request, struct caller *out);
void caller_clear(struct caller *caller);
enum found caller_account(const struct web *web, struct store_view *view,
                          const struct caller *caller, int64_t *out_account_id, struct err *err);
void caller_answer_401(struct http_response *response);
/* A page of another site asks, and a browser says so (Sec-Fetch-Site, Fetch Metadata); what says nothing is no
 * browser, or an old one. */
bool caller_is_elsewhere(const struct http_request *request);
enum next on_sign_in(void *face, struct http_turn *turn);      /* GET and POST */
enum next on_sign_in_link(void *face, struct http_turn *turn); /* GET and POST */
enum next on_sign_out(void *face, struct http_turn *turn);
enum next on_contacts(void *face, struct http_turn *turn); /* page_contacts.c: GET and POST */
enum next on_contacts_person(void *face, struct http_turn *turn); /* GET and POST */

/* page_contact.c: what the pages about contacts share. */
struct contact_page;
const char *contact_state_said(enum contact_state state, bool arrived);
void contact_picture(struct page *page, const char *path); /* <img>, of the path's picture */
void contact_facts(struct page *page, const struct contact_page *contact);
void contact_buttons(struct page *page, enum contact_state state);
enum contact_state contact_state_after(enum contact_choice choice);
bool contact_choice_read(const char *text, enum contact_choice *out);

/* post_html.c: one post as <article>, in lists and alone. */
bool post_article(struct page *page, struct store_view *view, const struct message *message,
                  bool alone, struct err *err);
bool post_replies(struct page *page, struct store_view *view, int64_t message_id, struct err *err);
/* Its words and pictures as HTML that holds wherever it stands; below its content warning, if it has one. */
void post_content(struct bytes *out, const struct post *post);

page_writer write_front, write_first_mail, write_hashtag; /* page_about.c */
page_writer write_profile;                                /* page_profile.c */
/* What a profile and its feeds show alike: who is here, what they are called, their open posts, newest first. */
enum { POSTS_ON_A_PAGE = 20 };
enum found profile_account(struct page *page, struct store_view *view, struct account *out,
                           struct err *err);
const char *profile_name(const struct account *account);
bool profile_posts(struct store_view *view, int64_t account_id, int64_t before,
                   bool (*each)(void *ctx, const struct message *), void *ctx, struct err *err);
/* feed.c */
enum next on_feed_atom(void *face, struct http_turn *turn);
enum next on_feed_rss(void *face, struct http_turn *turn);
enum next on_feed_json(void *face, struct http_turn *turn);
enum next feed_written(void *face, struct http_turn *turn, struct errand *back);
/* page_list.c: subscribing by mail; the form stands on the profile. */
void list_form(struct page *page, const struct account *account);
enum next on_list_ask(void *face, struct http_turn *turn);
enum next on_contact(void *face, struct http_turn *turn); /* page_contact.c: GET and POST */
/* openpgpkey.c */
enum next on_key_direct(void *face, struct http_turn *turn);
enum next on_key_advanced(void *face, struct http_turn *turn);
enum next on_key_policy(void *face, struct http_turn *turn);
enum next key_file_end(void *face, struct http_turn *turn, struct errand *back);
enum next on_keys(void *face, struct http_turn *turn);          /* page_keys.c: GET and POST */
enum next on_claim(void *face, struct http_turn *turn);         /* page_claim.c: GET and POST */
enum next on_key(void *face, struct http_turn *turn);           /* page_key.c: GET and POST */
enum next on_list_question(void *face, struct http_turn *turn); /* GET and POST */
enum next on_list_stop(void *face, struct http_turn *turn);
page_writer write_post, redirect_actor, redirect_post; /* page_post.c */

/* stream.c: what happens to an owner's contact requests, as server-sent events. */
enum next stream_begin(void *face, struct http_turn *turn);
enum next stream_resume(void *face, struct http_turn *turn, struct errand *back);
enum next stream_more(void *face, struct http_turn *turn);

/* push.c: devices that want to be told by Web Push. */
enum next push_begin(void *face, struct http_turn *turn); /* GET and POST */
enum next push_resume(void *face, struct http_turn *turn, struct errand *back);

/* portrait.c: the picture of somebody who asks. */
enum next on_portrait(void *face, struct http_turn *turn);
enum next on_portrait_of_person(void *face, struct http_turn *turn);
enum next portrait_found(void *face, struct http_turn *turn, struct errand *back);

/* media.c: the route of pictures. */
enum next media_begin(void *face, struct http_turn *turn);
enum next media_resume(void *face, struct http_turn *turn, struct errand *back);
enum next media_more(void *face, struct http_turn *turn);

#endif
