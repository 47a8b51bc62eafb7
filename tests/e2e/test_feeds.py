"""Somebody's posts as feeds: three readers, each as strict as its specification, must read the same of them."""
import datetime
import email.utils
import html.parser
import json
import pathlib
import urllib.parse
import xml.etree.ElementTree

import pytest

from laboratory.mailing import compose, submit
from laboratory.wait import until

PICTURE = pathlib.Path(__file__).resolve().parents[1] / "unit/mime/pictures/odd.jpg"
HOSTILE = "<script>alert('1')</script> ]]></content></entry> & &amp;"
ATOM, THREAD = "{http://www.w3.org/2005/Atom}", "{http://purl.org/syndication/thread/1.0}"
ENCODED, MEDIA = "{http://purl.org/rss/1.0/modules/content/}encoded", "{http://search.yahoo.com/mrss/}"
TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml", "json": "application/feed+json"}


def instant(text):
    """RFC 3339, as Atom and JSON Feed must have it."""
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")


def one(element, path):
    [found] = element.findall(path)
    return found


def links(element, rel):
    return {link.get("type"): link.get("href") for link in element.findall(f"{ATOM}link") if link.get("rel") == rel}


def read_atom(body):
    """RFC 4287: what an entry must have, once."""
    feed = xml.etree.ElementTree.fromstring(body)
    assert feed.tag == f"{ATOM}feed" and one(feed, f"{ATOM}author/{ATOM}name").text
    items = []
    for entry in feed.findall(f"{ATOM}entry"):
        content = one(entry, f"{ATOM}content")
        assert content.get("type") == "html" and one(entry, f"{ATOM}title").get("type", "text") == "text"
        summary = entry.find(f"{ATOM}summary")
        items.append({
            "id": one(entry, f"{ATOM}id").text, "url": links(entry, "alternate")["text/html"], "html": content.text,
            "title": one(entry, f"{ATOM}title").text, "published": instant(one(entry, f"{ATOM}published").text),
            "warning": None if summary is None else summary.text,
            "tags": [tag.get("term") for tag in entry.findall(f"{ATOM}category")],
            "pictures": [(link.get("href"), link.get("type"), int(link.get("length")), link.get("title"))
                         for link in entry.findall(f"{ATOM}link") if link.get("rel") == "enclosure"]})
        assert instant(one(entry, f"{ATOM}updated").text) >= items[-1]["published"]
    times = [instant(updated.text) for updated in feed.iter(f"{ATOM}updated")]
    assert times[0] >= max(times)
    return {"id": one(feed, f"{ATOM}id").text, "title": one(feed, f"{ATOM}title").text,
            "about": one(feed, f"{ATOM}subtitle").text, "self": links(feed, "self")[TYPES["atom"]],
            "page": links(feed, "alternate")["text/html"], "items": items}


def read_rss(body):
    """RSS 2.0: at most one enclosure an item; what stands in it is described by Media RSS."""
    root = xml.etree.ElementTree.fromstring(body)
    assert root.tag == "rss" and root.get("version") == "2.0"
    channel, items = one(root, "channel"), []
    for item in channel.findall("item"):
        assert one(item, "guid").get("isPermaLink") == "false" and item.find("description").text
        media = item.findall(f"{MEDIA}content")
        pictures = [(each.get("url"), each.get("type"), int(each.get("fileSize")),
                     each.findtext(f"{MEDIA}description")) for each in media]
        first = [(each.get("url"), each.get("type"), int(each.get("length"))) for each in item.findall("enclosure")]
        assert first == [picture[:3] for picture in pictures[:1]]
        items.append({
            "id": one(item, "guid").text, "url": one(item, "link").text, "html": one(item, ENCODED).text,
            "title": item.findtext("title"), "published": email.utils.parsedate_to_datetime(one(item, "pubDate").text),
            "description": one(item, "description").text, "tags": [tag.text for tag in item.findall("category")],
            "pictures": pictures})
    return {"title": one(channel, "title").text, "about": one(channel, "description").text,
            "self": links(channel, "self")[TYPES["rss"]], "page": one(channel, "link").text, "items": items}


def read_json(body):
    feed = json.loads(body)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    return {"title": feed["title"], "about": feed["description"], "self": feed["feed_url"], "page": feed["home_page_url"],
            "items": [{
                "id": item["id"], "url": item["url"], "html": item["content_html"], "title": item.get("title"),
                "published": instant(item["date_published"]), "warning": item.get("summary"), "tags": item.get("tags", []),
                "pictures": [(each["url"], each["mime_type"], each["size_in_bytes"], each.get("title"))
                             for each in item.get("attachments", [])]} for item in feed["items"]]}


READERS = {"atom": read_atom, "rss": read_rss, "json": read_json}


class Head(html.parser.HTMLParser):
    """The feeds that a page names, as readers find them."""

    def __init__(self, text):
        super().__init__()
        self.feeds = {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        if tag == "link" and names["rel"] == "alternate":
            self.feeds[names["type"]] = names["href"]


@pytest.fixture
def get(judge):
    return lambda url, *headers: judge.exchange("GET", url, headers)


def publish(account, subject, text, word="public", picture=None):
    mail = compose(account.address, account.word(word), subject, text)
    if picture:
        mail.add_attachment(picture, maintype="image", subtype="jpeg", filename="x.jpg")
    code, words = submit(account, mail)
    assert code == 250, words


def sent(account, count):
    return until(lambda: (lambda posts: len(posts) == count and posts)(
        [post for post in account.posts() if post["state"] == "sent"]), f"{count} posts of {account.address}")


@pytest.fixture(scope="module")
def alice(_nest, _judge):
    """Somebody with a post of each kind, and what not everybody may see."""
    alice = _nest.account("feed-alice@nest.test", name="Alice <Example> & Co")
    publish(alice, HOSTILE, "The harbour lies quiet. \x0b \uffff ]]> #harbour\n")
    publish(alice, "", "Boats.\n\nAlt: red \"boats\" <in> mist\n", picture=PICTURE.read_bytes())
    publish(alice, "CW: food", "I made soup.\n")
    publish(alice, "Quiet", "Said quietly.\n", word="unlisted")
    publish(alice, "Ours", "For those who follow.\n", word="followers")
    publish(alice, "Yours", "For one alone.\n", word="bob=judge.test")
    sent(alice, 6)
    return alice


def feed_url(account, ending):
    return f"https://{account.domain}/@{account.user}.{ending}"


def read(get, account, ending):
    status, headers, body = get(feed_url(account, ending))
    assert status == 200 and headers["Content-Type"].split(";")[0] == TYPES[ending]
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "public, max-age=60"
    feed = READERS[ending](body)
    assert feed["self"] == feed_url(account, ending)
    return feed


def titled(feed, beginning):
    [item] = [item for item in feed["items"] if (item["title"] or "").startswith(beginning)]
    return item


def test_the_three_feeds_say_the_same_and_only_what_everybody_may_see(get, alice):
    feeds = {ending: read(get, alice, ending) for ending in READERS}
    ids = [item["id"] for item in feeds["atom"]["items"]]
    assert len(set(ids)) == 4 and feeds["atom"]["id"] == alice.actor
    for ending, feed in feeds.items():
        assert [item["id"] for item in feed["items"]] == ids
        assert feed["title"] == f"Alice <Example> & Co ({alice.handle})" and feed["about"] == f"Posts of {alice.handle}"
        assert feed["page"] == f"https://{alice.domain}/@{alice.user}"
        whole = json.dumps(feed, default=str)
        assert "who follow" not in whole and "one alone" not in whole, "what was not said to everybody"
        first = titled(feed, "<script>")
        assert first["title"] == HOSTILE and "harbour" in first["html"] and "<script" not in first["html"]
        assert first["tags"] == ["harbour"]
        soup = titled(feed, "CW: food")
        assert soup.get("warning", "food") == "food" and soup["html"].startswith("<details><summary>")
        assert soup.get("description", "Content warning: food") == "Content warning: food"
        assert "Said quietly" in titled(feed, "Quiet")["html"]
        for item in feed["items"]:
            same = next(other for other in feeds["json"]["items"] if other["id"] == item["id"])
            for name in ("url", "html", "published", "tags", "pictures"):
                assert item[name] == same[name], (ending, name)
    assert titled(feeds["atom"], "Boats")["title"] == "Boats.", "an entry without a title is called by its first words"


def test_a_picture_is_enclosed_with_its_description(get, alice):
    for ending in READERS:
        [item] = [item for item in read(get, alice, ending)["items"] if item["pictures"]]
        [(url, kind, length, described)] = item["pictures"]
        assert described == 'red "boats" <in> mist' and f'src="{url}"' in item["html"]
        status, headers, picture = get(url)
        assert status == 200 and headers["Content-Type"] == kind and len(picture) == length


def test_a_reader_finds_the_feeds_by_the_page_and_the_posts_by_their_ids(get, judge, alice):
    page = f"https://{alice.domain}/@{alice.user}"
    _, _, body = get(page, ("Accept", "text/html"))
    found = Head(body.decode()).feeds
    for ending, kind in TYPES.items():
        assert urllib.parse.urljoin(page, found[kind]) == feed_url(alice, ending)
    item = titled(read(get, alice, "atom"), "Quiet")
    status, note = judge.get(item["id"])
    assert status == 200 and note["id"] == item["id"] and note["url"] == item["url"]
    assert get(item["url"], ("Accept", "text/html"))[0] == 200


def test_a_feed_that_did_not_change_is_not_sent_again(get, person):
    writer = person("feed-writer")
    publish(writer, "One", "The first.\n")
    sent(writer, 1)
    tags = {}
    for ending in READERS:
        url = feed_url(writer, ending)
        tag = tags[ending] = get(url)[1]["ETag"]
        for asked in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*") if ending == "atom" else (tag,):
            status, headers, body = get(url, ("If-None-Match", asked))
            assert (status, body, headers["ETag"]) == (304, b"", tag) and "Content-Type" not in headers
    assert get(feed_url(writer, "atom"), ("If-None-Match", '"other"'))[0] == 200
    publish(writer, "Two", "The second.\n")
    second = next(post for post in sent(writer, 2) if "second" in post["text"])
    for ending in READERS:
        status, headers, body = get(feed_url(writer, ending), ("If-None-Match", tags[ending]))
        assert status == 200 and [item["title"] for item in READERS[ending](body)["items"]] == ["Two", "One"]
        tags[ending] = headers["ETag"]
    writer.nestbox.cli("post", "delete", writer.address, second["ref"])
    for ending in READERS:
        status, headers, body = get(feed_url(writer, ending), ("If-None-Match", tags[ending]))
        assert status == 200 and [item["title"] for item in READERS[ending](body)["items"]] == ["One"]
        assert b"second" not in body, "nothing is left of what was taken back"


def test_a_feed_is_there_exactly_as_its_page_is(get, person):
    carl, dora = person("feed-carl"), person("feed-dora")
    for ending in READERS:
        assert read(get, carl, ending)["items"] == []
    carl.nestbox.cli("account", "alias", dora.address, carl.handle)
    carl.nestbox.cli("account", "move", carl.address, dora.handle)
    for ending in READERS:
        assert read(get, carl, ending)["about"] == f"Moved: now posts as {dora.handle}"
    carl.nestbox.cli("account", "remove", carl.address, "--yes")
    for name, ending in ((carl.user, "atom"), (carl.user, "rss"), (carl.user, "json"), ("nobody", "rss"), ("%00", "atom")):
        page, _, _ = get(f"https://nest.test/@{name}", ("Accept", "text/html"))
        assert get(f"https://nest.test/@{name}.{ending}")[0] == page == 404
