"""Addresses: the form that two crawls of one page share, and their hosts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.source import normalise_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://WWW.Example.COM", "http://www.example.com/"),
        ("https://example.com:443/A/b/?x=1&utm_source=a&fbclid=b&y=2#top", "https://example.com/A/b/?x=1&y=2"),
        ("http://example.com:80", "http://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com/a?gclid=1", "https://example.com/a"),
        ("https://example.com/a?b=2&a=1&a=0", "https://example.com/a?b=2&a=1&a=0"),
        ("https://example.com/a%2Fb?q=%20x", "https://example.com/a%2Fb?q=%20x"),
        (" http://[::1 ", "http://[::1"),
        ("example.com/a", "example.com/a"),
        ("", ""),
    ],
)
def test_normalise_url(url: str, expected: str) -> None:
    assert normalise_url(url) == expected
    assert normalise_url(expected) == expected


@given(st.text(max_size=60))
def test_normalise_url_never_fails_and_settles(text: str) -> None:
    once = normalise_url(f"http://{text}")
    assert normalise_url(once) == once
