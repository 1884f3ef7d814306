"""Check RSS 2.0 with the modules that readers understand."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from flask.testing import FlaskClient

from blog.posts.models import Post
from tests.factories import a_comment, a_post
from tests.feeds.conftest import AT
from tests.feeds.reading import read_feed, read_xml

RSS = "/feeds/posts/default?alt=rss"
SLASH = "{http://purl.org/rss/1.0/modules/slash/}"
WFW = "{http://wellformedweb.org/CommentAPI/}"


def test_channel_and_item_have_the_required_elements(client: FlaskClient, curated: Post) -> None:
    rss = read_xml(client, RSS)
    assert (rss.tag, rss.get("version")) == ("rss", "2.0")
    channels = rss.findall("channel")
    assert len(channels) == 1
    for name in ("title", "link", "description"):
        assert [bool(one.text) for one in channels[0].findall(name)] == [True]
    for item in channels[0].findall("item"):
        assert item.findtext("title") or item.findtext("description")
        assert len(item.findall("guid")) == len(item.findall("pubDate")) == 1


def test_item_has_what_the_post_has(client: FlaskClient, curated: Post) -> None:
    a_comment(curated)
    item = read_xml(client, RSS).find("channel/item")
    assert item is not None
    assert item.findtext("title") == "Herons “return” & stay"
    assert item.findtext("link") == f"http://localhost{curated.path}"
    assert parsedate_to_datetime(item.findtext("pubDate") or "") == AT
    assert [one.text for one in item.findall("category")] == ["Birds", "Rivers"]
    assert item.findtext("comments") == f"http://localhost{curated.path}#responses"
    assert item.findtext(f"{SLASH}comments") == "1"
    assert item.findtext(f"{WFW}commentRss") == f"http://localhost/feeds/{curated.id}/comments/default?alt=rss"
    entry = read_feed(client, RSS).entries[0]
    assert entry.author == "Ed"
    assert "The body." in entry.content[0].value
    assert entry.summary == "The standfirst."


def test_source_is_a_related_link_and_never_rss_source(client: FlaskClient, curated: Post) -> None:
    item = read_xml(client, RSS).find("channel/item")
    assert item is not None
    assert item.find("source") is None
    related = [one for one in read_feed(client, RSS).entries[0].links if one.rel == "related"]
    assert [one.href for one in related] == ["https://paper.example/a?b=1&c=2"]


def test_enclosure_has_its_three_attributes(client: FlaskClient, curated: Post) -> None:
    enclosure = read_xml(client, RSS).find("channel/item/enclosure")
    assert enclosure is not None
    assert enclosure.attrib == {"url": "https://pictures.example/heron.png", "length": "0", "type": "image/png"}
    assert read_feed(client, RSS).entries[0].media_content[0]["medium"] == "image"


def test_ids_are_those_of_atom(client: FlaskClient, curated: Post) -> None:
    a_post()
    ids = [entry.id for entry in read_feed(client).entries]
    assert [entry.id for entry in read_feed(client, RSS).entries] == ids
    guid = read_xml(client, RSS).find("channel/item/guid")
    assert guid is not None
    assert guid.get("isPermaLink") == "false"


def test_empty_channel_and_untitled_item_are_valid(client: FlaskClient) -> None:
    assert read_feed(client, RSS).entries == []
    a_post("", body="<p>A text without a title.</p>")
    assert read_feed(client, RSS).entries[0].title == "A text without a title."
