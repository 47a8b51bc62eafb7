/* HTML of the Fediverse: made clean, and made text. */
#include "test.h"

#include "html.h"
#include "mail.h"

#define REL " rel=\"nofollow noopener noreferrer\""

static const struct {
    const char *name, *html, *clean, *text;
} rows[] = {
    {"a paragraph is one",                                "<p>Hello</p>",                                                       "<p>Hello</p>",                                                                          "Hello"                     },
    {"two are two",                                       "<p>a</p><p>b<br>c</p>",                                              "<p>a</p><p>b<br>c</p>",                                                                 "a\n\nb\nc"                 },
    {"entities are read and written",                     "<p>a &amp; b &lt;c&gt; &eacute;</p>",
     "<p>a &amp; b &lt;c&gt; é</p>",                                                                                                                                                                                    "a & b <c> é"              },
    {"emphasis stays",                                    "<p><b>b</b> <em>e</em> <del>d</del> <u>u</u></p>",
     "<p><b>b</b> <em>e</em> <del>d</del> <u>u</u></p>",                                                                                                                                                                 "b e d u"                   },
    {"lists stay",                                        "<ul><li>a</li><li>b</li></ul>",                                      "<ul><li>a</li><li>b</li></ul>",                                                         "- a\n- b"                  },
    {"quotes stay",                                       "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>",
     "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>",                                                                                                                                                                "> a\n>\n> b\n\nc"          },
    {"code stays",                                        "<pre><code>a\n  b</code></pre>",                                     "<pre><code>a\n  b</code></pre>",                                                        "a\n  b"                    },
    {"headings become bold paragraphs",                   "<h1>T</h1><p>a</p>",                                                 "<p><strong>T</strong></p><p>a</p>",
     "T\n\na"                                                                                                                                                                                                                                        },
    {"a div with words becomes a paragraph",              "<div>a</div><div><p>b</p></div>",                                    "<p>a</p><p>b</p>",
     "a\n\nb"                                                                                                                                                                                                                                        },
    {"Mastodon's shortened link is shown in full",
     "<p><a href=\"https://a.example/very/long\" rel=\"x\" target=\"_blank\"><span "
     "class=\"invisible\">https://</span>"
     "<span class=\"ellipsis\">a.example/ve</span><span class=\"invisible\">ry/long</span></a></p>",                            "<p><a href=\"https://a.example/very/long\"" REL ">https://a.example/very/long</a></p>",
     "https://a.example/very/long"                                                                                                                                                                                                                   },
    {"a mention is its name",
     "<p><span class=\"h-card\"><a href=\"https://a.example/@bob\" class=\"u-url "
     "mention\">@<span>bob</span></a></span> hi</p>",                                                                           "<p><a href=\"https://a.example/@bob\"" REL ">@bob</a> hi</p>",                          "@bob hi"                   },
    {"so is a hashtag",
     "<a href=\"https://a.example/tags/x\" class=\"mention hashtag\" "
     "rel=\"tag\">#<span>x</span></a>",                                                                                         "<a href=\"https://a.example/tags/x\"" REL ">#x</a>",                                    "#x"                        },
    {"a link with other words tells its address in text",
     "<a href=\"https://a.example/?a=1&amp;b=2\">here</a>",                                                                     "<a href=\"https://a.example/?a=1&amp;b=2\"" REL ">here</a>",
     "here <https://a.example/?a=1&b=2>"                                                                                                                                                                                                             },
    {"one that says its address does not",                "<a href=\"https://a.example/\">a.example</a>",
     "<a href=\"https://a.example/\"" REL ">a.example</a>",                                                                                                                                                              "a.example"                 },
    {"mail links stay",                                   "<a href=\"mailto:a@b.example\">write</a>",
     "<a href=\"mailto:a@b.example\"" REL ">write</a>",                                                                                                                                                                  "write <mailto:a@b.example>"},
    {"an inline quote note is stripped",
     "<p class=\"quote-inline\">RE: https://a.example</p><p>a</p>",                                                             "<p>a</p>",                                                                              "a"                         },
    {"pictures go",                                       "<p>a<img src=\"https://t.example/x\" alt=\"y\" onerror=\"z\">b</p>",
     "<p>ab</p>",                                                                                                                                                                                                        "ab"                        },
    {"scripts go with what they hold",                    "<p>a</p><script>alert(1)</script><style>p{}</style>",
     "<p>a</p>",                                                                                                                                                                                                         "a"                         },
    {"a script in a script as well",                      "<script><script>x</script>y",                                        "y",                                                                                     "y"                         },
    {"event attributes go",                               "<p onclick=\"x\" style=\"y\" class=\"z\">a</p>",                     "<p>a</p>",                                                                              "a"                         },
    {"javascript: is no link",                            "<a href=\"javascript:alert(1)\">a</a>",                              "a",                                                                                     "a"                         },
    {"not even disguised",
     "<a href=\"java&#10;script:x\">a</a><a href=\" javascript:x\">b</a><a "
     "href=\"JaVaScRiPt:x\">c</a>",                                                                                             "abc",                                                                                   "abc"                       },
    {"data: and relative ones neither",
     "<a href=\"data:text/html,x\">a</a><a href=\"/x\">b</a><a href=\"//c.example\">c</a>",                                     "abc",
     "abc"                                                                                                                                                                                                                                           },
    {"quotes cannot leave an attribute",                  "<a href='https://a.example/\"onclick=x'>a</a>",
     "<a href=\"https://a.example/&quot;onclick=x\"" REL ">a</a>",
     "a <https://a.example/\"onclick=x>"                                                                                                                                                                                                             },
    {"comments go",                                       "a<!-- <p>b</p> -->c<!--[if mso]>d<![endif]-->e",                     "ace",                                                                                   "ace"                       },
    {"an unclosed comment swallows the rest",             "a<!-- b",                                                            "a",                                                                                     "a"                         },
    {"so does one that ends at once",                     "<!-->a<!--->b<!-- c --!>d<!-- e -- f --->g",                         "abdg",                                                                                  "abdg"                      },
    {"and what only looks like one",                      "a<!x>b<?y>c</ z>d<!",                                                "abcd",                                                                                  "abcd"                      },
    {"attributes in disorder",                            "<p =a b = c /d='e>' \"f\" g=\"<h>\">i</p>",                          "<p>i</p>",                                                                              "i"                         },
    {"a tag in a link's address stays in it",             "<a href=\"https://a.example/<b>\">c</a>",
     "<a href=\"https://a.example/&lt;b&gt;\"" REL ">c</a>",                                                                                                                                                             "c <https://a.example/<b>>" },
    {"the end tag of another raw element ends nothing",   "<style></script>a</style >b",                                        "b",                                                                                     "b"                         },
    {"a raw element without an end swallows the rest",    "a<textarea>b",                                                       "a",                                                                                     "a"                         },
    {"a > in an attribute ends nothing",                  "<p title=\"a>b\">c</p>",                                             "<p>c</p>",                                                                              "c"                         },
    {"an unclosed tag is none",                           "a<p b=\"c",                                                          "a",                                                                                     "a"                         },
    {"forms, frames and vector pictures go",
     "<form action=x><input value=y>a</form><iframe src=x>b</iframe><svg "
     "onload=x><p>c</p></svg><math>d</math>",                                                                                   "a<p>c</p>d",                                                                            "a\n\nc\n\nd"               },
    {"a link in a link is one",
     "<a href=\"https://a.example\">a<a href=\"https://b.example\">b</a></a>",                                                  "<a href=\"https://a.example\"" REL ">a</a><a href=\"https://b.example\"" REL ">b</a>",
     "a <https://a.example>b <https://b.example>"                                                                                                                                                                                                    },
    {"text that looks like a tag is escaped",             "1 < 2 & 3 > 2 <3 <>",
     "1 &lt; 2 &amp; 3 &gt; 2 &lt;3 &lt;&gt;",                                                                                                                                                                           "1 < 2 & 3 > 2 <3 <>"       },
    {"controls and broken UTF-8 are mended",
     "<p>a\x01\xFF"
     "b</p>",                                                                                                                   "<p>a\xEF\xBF\xBD"
     "b</p>",                                                                                                                                                                                               "a\xEF\xBF\xBD"
     "b"                                                                                                                                                                                                                   },
    {"NUL by reference is none",                          "a&#0;b&#x1;c",                                                       "abc",                                                                                   "abc"                       },
    {"a title does not swallow what follows",             "<title>x</title>a",                                                  "a",                                                                                     "a"                         },
    {"cells of a table are parted",
     "<table><caption>T</caption><tr><th>a</th><td>b</td></tr><tr><td>c</td><td>d</td></tr></"
     "table>",                                                                                                                  "<p>T</p><p>a b </p><p>c d </p>",                                                        "T\na b\nc d"               },
    {"what is folded stands below its title",
     "<details><summary>Spoiler</summary>He did it</details>",                                                                  "<p>Spoiler<br>He did it</p>",
     "Spoiler\nHe did it"                                                                                                                                                                                                                            },
    {"a block among words is a line of its own",          "<div>a<div><div>b</div></div>c <b>d</b></div>",
     "<p>a<br>b<br>c <b>d</b></p>",                                                                                                                                                                                      "a\nb\nc d"                 },
    {"nothing is nothing",                                "",                                                                   "",                                                                                      ""                          },
};

static void every_shape_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) clean = {0}, text = {0};
        struct err err;

        assert_true(html_clean(slice_of(rows[i].html), &clean, &err));
        assert_true(html_to_text(slice_of(rows[i].html), &text, &err));
        if (!slice_is(bytes_slice(&clean), rows[i].clean))
            fail_msg("%s: clean is %s", rows[i].name, clean.at);
        if (!slice_is(bytes_slice(&text), rows[i].text))
            fail_msg("%s: text is %s", rows[i].name, text.at);
    }
}

static void clean_html_stays_as_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        scoped_value(bytes) once = {0}, twice = {0};
        struct err err;

        assert_true(html_clean(slice_of(rows[i].html), &once, &err));
        assert_true(html_clean(bytes_slice(&once), &twice, &err));
        if (!slice_eq(bytes_slice(&once), bytes_slice(&twice)))
            fail_msg("%s: then %s", rows[i].name, twice.at);
    }
}

static void fill(struct bytes *out, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        bytes_add_text(out, piece);
}

static void size_and_depth_are_bounded(void **state)
{
    scoped_value(bytes) deep = {0}, deeper = {0}, shallow = {0}, large = {0}, out = {0};
    struct err err = {0};

    (void)state;
    fill(&shallow, "<blockquote>", 150);
    assert_true(html_clean(bytes_slice(&shallow), &out, &err));
    fill(&deep, "<blockquote>", 210);
    assert_false(html_clean(bytes_slice(&deep), &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    fill(&deeper, "<b>", 300000);
    assert_false(html_to_text(bytes_slice(&deeper), &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
    fill(&large, "x", (size_t)1024 * 1024 + 1);
    assert_false(html_clean(bytes_slice(&large), &out, &err));
    assert_int_equal(err.kind, ERR_TOO_LARGE);
}

/* Every attribute is compared with all before it by the library: 12 s for a quarter of this. */
static void a_tag_of_many_attributes_costs_nothing(void **state)
{
    scoped_value(bytes) html = {0}, out = {0};
    struct err err;

    (void)state;
    bytes_add_text(&html, "<a");
    for (unsigned i = 0; html.len < (size_t)1000 * 1000; i++)
        bytes_print(&html, " x%c%c%c%c", 'a' + i % 26, 'a' + i / 26 % 26, 'a' + i / 676 % 26,
                    'a' + i / 17576 % 26);
    bytes_add_text(&html, " href=\"https://a.example\">x</a>");
    assert_true(html_clean(bytes_slice(&html), &out, &err));
    assert_text(out.at, "<a href=\"https://a.example\"" REL ">x</a>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_is_read),
        cmocka_unit_test(clean_html_stays_as_it_is),
        cmocka_unit_test(size_and_depth_are_bounded),
        cmocka_unit_test(a_tag_of_many_attributes_costs_nothing),
    };

    mime_set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
