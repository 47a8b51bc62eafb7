/*
 * Feeds of hostile words, read by parsers that forgive nothing: libxml2 and jansson.
 */
#include "test.h"

#include "feed.h"

#include <jansson.h>
#include <libxml/parser.h>
#include <libxml/xpathInternals.h>

/* ---- the feed that is written ---- */

#define HOSTILE                                                                                    \
    "]]></content></entry><script>alert('1')</script> & &amp; \"q\" \f\x01\xef\xbf\xbf 🦆"
#define HOSTILE_READ                                                                               \
    "]]></content></entry><script>alert('1')</script> & &amp; \"q\" \xef\xbf\xbd\xef\xbf\xbd"      \
    "\xef\xbf\xbd 🦆"
#define HARBOUR "https://example.org/users/alice/posts/2ab"
#define SOUP "https://example.org/users/alice/posts/3cd"

static void add_picture(struct post *post, const char *type, const char *url, const char *alt,
                        int width, int height, int64_t size)
{
    post->pictures = must_grow(post->pictures, post->picture_count + 1, sizeof *post->pictures);
    post->pictures[post->picture_count++] = (struct post_picture){
        .type = must_dup(type),
        .url = must_dup(url),
        .alt = must_dup(alt),
        .width = width,
        .height = height,
        .size = size,
    };
}

static void add_pictures(struct post *post)
{
    add_picture(post, "image/jpeg", "https://example.org/media/one.jpg", "red \"boats\" <in> mist",
                640, 480, 1234);
    add_picture(post, "image/png", "https://example.org/media/two.png", NULL, 0, 0, 99);
}

static struct feed_post *add(struct feed *feed, const char *id, const char *html, const char *plain)
{
    struct feed_post *it = &feed->posts[feed->count++];

    it->page = must_print("https://example.org/@alice/%zu", feed->count);
    it->post = (struct post){.id = must_dup(id),
                             .html = must_dup(html),
                             .plain = must_dup(plain),
                             .published_ms = 1778918400 * (int64_t)SECOND_MS};
    return it;
}

static void make(struct feed *feed)
{
    *feed = (struct feed){
        .self = must_dup("https://example.org/@alice.feed"),
        .page = must_dup("https://example.org/@alice"),
        .author_id = must_dup("https://example.org/users/alice"),
        .author = must_dup(HOSTILE),
        .title = must_dup(HOSTILE),
        .about = must_dup("Boats & bread"),
        .language = must_dup("en"),
        .updated_ms = 1778922000 * (int64_t)SECOND_MS,
    };
    struct feed_post *harbour = add(feed, HARBOUR, "<p>The harbour &lt;lies&gt; quiet.</p>", "-");
    feed_post_name(harbour, must_dup(HOSTILE));
    harbour->post.updated_ms = feed->updated_ms;
    harbour->post.language = must_dup("de");
    add_pictures(&harbour->post);
    harbour->post.hashtags = must_grow(NULL, 1, sizeof(char *));
    harbour->post.hashtags[harbour->post.hashtag_count++] = must_dup("boats");
    struct feed_post *soup = add(feed, SOUP, "<p>It was good.</p>", "It was good.");
    soup->post.warning = must_dup("food & <drink>");
    soup->post.in_reply_to = must_dup("https://m.example/1?a&b");
    feed_post_name(soup, must_dup("CW: food & <drink>"));
    add(feed, "https://example.org/users/alice/posts/4ef", "<p>a &lt; b</p>", "a < b");
}

/* ---- XML ---- */

struct document {
    xmlDoc *xml;
    xmlXPathContext *paths;
};

static void read_xml(feed_writer *write, struct document *out)
{
    scoped_value(feed) feed = {0};
    scoped_value(bytes) text = {0};

    make(&feed);
    write(&feed, &text);
    out->xml = xmlReadMemory(text.at, (int)text.len, NULL, NULL, XML_PARSE_NONET);
    assert_non_null(out->xml);
    out->paths = xmlXPathNewContext(out->xml);
    static const char *const spaces[][2] = {
        {"a",       "http://www.w3.org/2005/Atom"             },
        {"thr",     "http://purl.org/syndication/thread/1.0"  },
        {"content", "http://purl.org/rss/1.0/modules/content/"},
        {"media",   "http://search.yahoo.com/mrss/"           },
    };
    for (size_t i = 0; i < COUNT_OF(spaces); i++)
        assert_int_equal(xmlXPathRegisterNs(out->paths, (const xmlChar *)spaces[i][0],
                                            (const xmlChar *)spaces[i][1]),
                         0);
}

static void forget(struct document *it)
{
    xmlXPathFreeContext(it->paths);
    xmlFreeDoc(it->xml);
}

struct row {
    const char *path, *text;
};

static void check_rows(feed_writer *write, const struct row *rows, size_t count)
{
    struct document document;

    read_xml(write, &document);
    for (size_t i = 0; i < count; i++) {
        scoped_text char *path = must_print("string(%s)", rows[i].path);
        xmlXPathObject *found = xmlXPathEvalExpression((const xmlChar *)path, document.paths);
        assert_non_null(found);
        if (strcmp((const char *)found->stringval, rows[i].text) != 0)
            fail_msg("%s is %s", rows[i].path, (const char *)found->stringval);
        xmlXPathFreeObject(found);
    }
    forget(&document);
}

#define CONTENT                                                                                    \
    "<div class=\"e-content\"><p>The harbour &lt;lies&gt; quiet.</p></div>\n"                      \
    "<figure><img src=\"https://example.org/media/one.jpg\" alt=\"red &quot;boats&quot; "          \
    "&lt;in&gt; mist\" width=\"640\" height=\"480\" loading=\"lazy\"></figure>\n"                  \
    "<figure><img src=\"https://example.org/media/two.png\" alt=\"\" loading=\"lazy\"></figure>\n"
#define FOLDED                                                                                     \
    "<details><summary><span lang=\"en\">Content warning:</span> food &amp; "                      \
    "&lt;drink&gt;</summary>\n<div class=\"e-content\"><p>It was good.</p></div>\n</details>\n"

static void atom(void **state)
{
    static const struct row rows[] = {
        {"count(//*[local-name() = 'script'])",                          "0"                                },
        {"count(/a:feed/a:entry)",                                       "3"                                },
        {"/a:feed/@xml:lang",                                            "en"                               },
        {"/a:feed/a:id",                                                 "https://example.org/users/alice"  },
        {"/a:feed/a:title",                                              HOSTILE_READ                       },
        {"/a:feed/a:subtitle",                                           "Boats & bread"                    },
        {"/a:feed/a:updated",                                            "2026-05-16T09:00:00Z"             },
        {"/a:feed/a:link[@rel='self']/@href",                            "https://example.org/@alice.feed"  },
        {"/a:feed/a:link[@rel='alternate']/@href",                       "https://example.org/@alice"       },
        {"/a:feed/a:author/a:name",                                      HOSTILE_READ                       },
        {"//a:entry[1]/a:id",                                            HARBOUR                            },
        {"//a:entry[1]/a:title",                                         HOSTILE_READ                       },
        {"//a:entry[1]/a:published",                                     "2026-05-16T08:00:00Z"             },
        {"//a:entry[1]/a:updated",                                       "2026-05-16T09:00:00Z"             },
        {"//a:entry[1]/a:link[@type='text/html']/@href",                 "https://example.org/@alice/1"     },
        {"//a:entry[1]/a:link[@type='application/activity+json']/@href", HARBOUR                            },
        {"count(//a:link[@rel='enclosure'])",                            "2"                                },
        {"//a:entry[1]/a:link[@type='image/jpeg']/@href",                "https://example.org/media/one.jpg"},
        {"//a:entry[1]/a:link[@type='image/jpeg']/@title",               "red \"boats\" <in> mist"          },
        {"//a:entry[1]/a:link[@type='image/jpeg']/@length",              "1234"                             },
        {"count(//a:link[@type='image/png']/@title)",                    "0"                                },
        {"//a:entry[1]/a:category/@term",                                "boats"                            },
        {"//a:entry[1]/a:content[@type='html']",                         CONTENT                            },
        {"//a:entry[1]/a:content/@xml:lang",                             "de"                               },
        {"count(//a:entry[1]/a:summary)",                                "0"                                },
        {"//a:entry[2]/a:title",                                         "CW: food & <drink>"               },
        {"//a:entry[2]/a:updated",                                       "2026-05-16T08:00:00Z"             },
        {"//a:entry[2]/a:summary",                                       "food & <drink>"                   },
        {"//a:entry[2]/a:content",                                       FOLDED                             },
        {"//a:entry[2]/thr:in-reply-to/@ref",                            "https://m.example/1?a&b"          },
        {"//a:entry[3]/a:title",                                         "a < b"                            },
    };

    (void)state;
    check_rows(feed_atom, rows, COUNT_OF(rows));
}

static void rss(void **state)
{
    static const struct row rows[] = {
        {"count(//*[local-name() = 'script'])",          "0"                                        },
        {"/rss/@version",                                "2.0"                                      },
        {"count(/rss/channel/item)",                     "3"                                        },
        {"/rss/channel/title",                           HOSTILE_READ                               },
        {"/rss/channel/link",                            "https://example.org/@alice"               },
        {"/rss/channel/description",                     "Boats & bread"                            },
        {"/rss/channel/language",                        "en"                                       },
        {"/rss/channel/lastBuildDate",                   "Sat, 16 May 2026 09:00:00 +0000"          },
        {"/rss/channel/a:link[@rel='self']/@href",       "https://example.org/@alice.feed"          },
        {"//item[1]/title",                              HOSTILE_READ                               },
        {"//item[1]/link",                               "https://example.org/@alice/1"             },
        {"//item[1]/guid[@isPermaLink='false']",         HARBOUR                                    },
        {"//item[1]/pubDate",                            "Sat, 16 May 2026 08:00:00 +0000"          },
        {"//item[1]/content:encoded",                    CONTENT                                    },
        {"count(//item[1]/enclosure)",                   "1"                                        },
        {"//item[1]/enclosure/@url",                     "https://example.org/media/one.jpg"        },
        {"//item[1]/enclosure/@length",                  "1234"                                     },
        {"//item[1]/enclosure/@type",                    "image/jpeg"                               },
        {"count(//item[1]/media:content)",               "2"                                        },
        {"//item[1]/media:content[1]/media:description", "red \"boats\" <in> mist"                  },
        {"//item[1]/media:content[1]/@width",            "640"                                      },
        {"count(//item[1]/media:content[2]/@width)",     "0"                                        },
        {"//item[1]/category",                           "boats"                                    },
        {"//item[2]/title",                              "CW: food & <drink>"                       },
        {"//item[2]/description",                        "Content warning: food &amp; &lt;drink&gt;"},
        {"//item[2]/content:encoded",                    FOLDED                                     },
        {"count(//item[3]/title)",                       "0"                                        },
        {"//item[3]/description",                        "a &lt; b"                                 },
    };

    (void)state;
    check_rows(feed_rss, rows, COUNT_OF(rows));
}

/* ---- JSON ---- */

static void check_json(const json_t *object, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_text(json_string_value(json_object_get(object, rows[i].path)), rows[i].text);
}

static void json(void **state)
{
    static const struct row top[] = {
        {"version",       "https://jsonfeed.org/version/1.1"},
        {"home_page_url", "https://example.org/@alice"      },
        {"feed_url",      "https://example.org/@alice.feed" },
        {"description",   "Boats & bread"                   },
        {"language",      "en"                              },
    };
    static const struct row harbour[] = {
        {"id",             HARBOUR                       },
        {"url",            "https://example.org/@alice/1"},
        {"title",          HOSTILE                       },
        {"content_html",   CONTENT                       },
        {"date_published", "2026-05-16T08:00:00Z"        },
        {"date_modified",  "2026-05-16T09:00:00Z"        },
        {"language",       "de"                          },
        {"summary",        "(null)"                      },
    };
    static const struct row soup[] = {
        {"title",         "CW: food & <drink>"},
        {"summary",       "food & <drink>"    },
        {"content_html",  FOLDED              },
        {"date_modified", "(null)"            },
    };
    static const struct row picture[] = {
        {"url",       "https://example.org/media/one.jpg"},
        {"mime_type", "image/jpeg"                       },
        {"title",     "red \"boats\" <in> mist"          },
    };
    scoped_value(feed) feed = {0};
    scoped_value(bytes) text = {0};

    (void)state;
    make(&feed);
    feed_json(&feed, &text);
    json_t *document = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(document);
    check_json(document, top, COUNT_OF(top));
    const json_t *author = json_array_get(json_object_get(document, "authors"), 0);
    assert_text(json_string_value(json_object_get(author, "name")), HOSTILE);
    const json_t *items = json_object_get(document, "items");
    assert_int_equal(json_array_size(items), 3);
    const json_t *first = json_array_get(items, 0);
    check_json(first, harbour, COUNT_OF(harbour));
    const json_t *attached = json_object_get(first, "attachments");
    assert_int_equal(json_array_size(attached), 2);
    check_json(json_array_get(attached, 0), picture, COUNT_OF(picture));
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(attached, 0), "size_in_bytes")), 1234);
    assert_text(json_string_value(json_array_get(json_object_get(first, "tags"), 0)), "boats");
    check_json(json_array_get(items, 1), soup, COUNT_OF(soup));
    assert_null(json_object_get(json_array_get(items, 2), "title"));
    json_decref(document);
}

/* ---- pieces ---- */

static void xml_holds_no_other_characters(void **state)
{
    static const struct row rows[] = {
        {"a<b>&\"'",         "a&lt;b&gt;&amp;&quot;&#39;"          },
        {"\t\r\n",           "\t\r\n"                              },
        {"a\vb\x1f",         "a\xef\xbf\xbd"
                     "b\xef\xbf\xbd"           },
        {"\xef\xbf\xbe.",    "\xef\xbf\xbd."                       },
        {"\xed\xa0\x80",     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"half \xf0\x9f",    "half \xef\xbf\xbd\xef\xbf\xbd"       },
        {"\xf0\x9f\xa6\x86", "\xf0\x9f\xa6\x86"                    },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) out = {0};
        xml_text_add(&out, slice_of(rows[i].path));
        assert_text(out.at, rows[i].text);
    }
}

static void a_title_stands_once(void **state)
{
    static const struct {
        const char *title, *html, *plain, *html_left, *plain_left;
    } rows[] = {
        {"Hi & lo", "<p><strong>Hi &amp; lo</strong></p><p>x</p>",  "Hi & lo\n\nx", "<p>x</p>",        "x"       },
        {"Hi",      "<p><strong>Hi</strong></p>",                   "Hi\n\n",       "",                ""        },
        {"Hi",      "<p>Hi there</p>",                              "Hi there",     "<p>Hi there</p>", "Hi there"},
        {"Hi",      "<p><strong><a href=\"x\">Hi</a></strong></p>", "Hi\n\nx",
         "<p><strong><a href=\"x\">Hi</a></strong></p>",                                               "x"       },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(feed) feed = {0};
        struct feed_post *it = add(&feed, "id", rows[i].html, rows[i].plain);
        feed_post_name(it, must_dup(rows[i].title));
        assert_text(it->title, rows[i].title);
        assert_text(it->post.html, rows[i].html_left);
        assert_text(it->post.plain, rows[i].plain_left);
    }
}

static void a_summary_is_the_first_words(void **state)
{
    static const struct {
        const char *plain, *warning, *summary;
        bool pictures;
    } rows[] = {
        {"Coffee  at\n\nnine",           NULL,   "Coffee at nine",                                  false},
        {"Coffee at nine, at the bend",  NULL,   "Coffee at nine, at…",                           false},
        {"Donaudampfschifffahrtsverein", NULL,   "Donaudampfschifffahrt…",                        false},
        {"🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆"
         "🦆",                NULL,
         "🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆…", false},
        {"I made soup",                  "food", "Content warning: food",                           false},
        {" \n",                          NULL,   "red \"boats\" <in> mist",                         true },
        {"",                             NULL,   "",                                                false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(feed) feed = {0};
        struct feed_post *it = add(&feed, "id", "", rows[i].plain);
        it->post.warning = must_dup(rows[i].warning);
        if (rows[i].pictures)
            add_pictures(&it->post);
        scoped_text char *summary = feed_post_summary(it, 22);
        assert_text(summary, rows[i].summary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(atom),
        cmocka_unit_test(rss),
        cmocka_unit_test(json),
        cmocka_unit_test(xml_holds_no_other_characters),
        cmocka_unit_test(a_title_stands_once),
        cmocka_unit_test(a_summary_is_the_first_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
