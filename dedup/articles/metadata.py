"""What an article is called, when it was published and by whom: all that is said of a page beside its text.

In: a parsed page, its address and host where known. Out: title, published, author, url and source; each may be empty.

Rule guarded here: the page is read once, and each choice may use the ones before it: the day stands beside the headline,
and so does the author.
"""

from dataclasses import dataclass

from dedup.articles.byline import author
from dedup.articles.headline import headline
from dedup.articles.markup import Markup
from dedup.articles.published import published
from dedup.articles.stated import stated


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of an article; ``published`` is a day or a moment in UTC, ``author`` names joined by ``", "``."""

    title: str = ""
    published: str = ""
    author: str = ""
    url: str = ""
    source: str = ""


def metadata_of(page: Markup, url: str = "", source: str = "") -> Metadata:
    """Read title, day of publication and author off a page.

    Parameters
    ----------
    page : Markup
        The page.
    url : str
        Its address where known.
    source : str
        Its host where that is given; else the address tells.

    Examples
    --------
    >>> from dedup.articles.markup import parse
    >>> found = metadata_of(parse("<body><h1>Quay reopens</h1><p>By Ann Lee, 2 March 2026</p></body>"))
    >>> found.title, found.published, found.author
    ('Quay reopens', '2026-03-02', 'Ann Lee')
    """
    said = stated(page, url, source)
    title = headline(said)
    return Metadata(title, published(said, title), author(page, said, title), said.url, said.host)
