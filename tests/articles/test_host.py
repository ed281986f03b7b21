"""The host of an address, as urllib has it, and of an address without a scheme."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.articles.host import host_of

LABEL = st.text(st.characters(categories=("L", "Nd"), include_characters="-_"), min_size=1, max_size=8)
REST = st.text(st.sampled_from("aZ:/?#@.&=-\u00e9\uff0f\uff1a"), max_size=12)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.Example.com./a", "example.com"),
        (" HTTP://user:pw@news.example.com:80?x", "news.example.com"),
        ("//example.com/a", "example.com"),
        ("http://exam\nple.com", "example.com"),
        ("http://[2001:DB8::1]:80/a", "2001:db8::1"),
        ("http://example.com]/", ""),
        ("http://a\uff0fexample.com/", ""),
        ("example.com:80/a//b", ""),
        ("mailto:desk@example.com", ""),
        ("/a/b", ""),
        ("report.pdf", "report.pdf"),
        ("", ""),
    ],
)
def test_host_of(url: str, host: str) -> None:
    assert host_of(url) == host


@given(st.sampled_from(["http://", "https://www.", "//", "ftp:"]), st.lists(LABEL, max_size=3), REST)
def test_host_of_agrees_with_urllib(start: str, labels: list[str], rest: str) -> None:
    url = start + ".".join(labels) + rest
    try:
        expected = urlsplit(url).hostname or ""
    except ValueError:
        expected = ""
    if "//" in url:
        assert host_of(url) == expected.removeprefix("www.").removesuffix(".")


@given(st.text(max_size=60))
def test_host_of_never_fails(text: str) -> None:
    host_of(text)
    assert "/" not in host_of(f"http://{text}")
