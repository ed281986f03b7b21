"""Ways to get the text of an article out of a page: this project's, and those of others.

Each takes pages, (html, address), and returns a text for each. Ours and trafilatura's first three read title, day and author as well.
"""

from collections.abc import Callable, Sequence
from functools import partial

Pages = Sequence[tuple[str, str]]
Contender = Callable[[Pages], list[str]]


def ours(extractor: str, pages: Pages) -> list[str]:
    """Go the whole way from bytes to clean articles, as the nightly command does."""
    import pyarrow as pa

    from dedup.articles.extract import Extract
    from dedup.flow import Flow, Inline, Unwatched
    from dedup.schema import DRAFT, PAGE

    flow = Flow(extract=Extract(extractor, all_pages=True))
    empty = dict.fromkeys(PAGE.names, "")
    drafts = [
        flow.extraction.draft(
            empty
            | {"doc_id": str(number), "arrival": number, "kind": "html", "url": url}
            | {"content": html.encode("utf-8", "surrogatepass")}
        )
        for number, (html, url) in enumerate(pages)
    ]
    cleaned = flow.clean(Inline(), pa.Table.from_pylist(drafts, schema=DRAFT), Unwatched()).articles
    return [
        f"{title}\n{text}"
        for title, text in zip(*(cleaned[name].to_pylist() for name in ("title", "text")), strict=True)
    ]


def trafilatura(pages: Pages, **options: bool) -> list[str]:
    """Ask trafilatura for text and metadata."""
    from trafilatura import bare_extraction

    found = [
        bare_extraction(html, url=url or None, include_comments=False, with_metadata=True, **options)
        for html, url in pages
    ]
    return [f"{one.title or ''}\n{one.text or ''}" if one is not None else "" for one in found]


def resiliparse(pages: Pages) -> list[str]:
    """Ask resiliparse for the main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return [extract_plain_text(html, main_content=True) for html, _ in pages]


def readability(pages: Pages) -> list[str]:
    """Ask readability-lxml for its summary, and take the text of that."""
    from lxml.html import fromstring
    from readability import Document

    texts = []
    for html, _ in pages:
        try:
            texts.append(fromstring(Document(html).summary()).text_content())
        except Exception:  # noqa: BLE001 -- a page that it cannot read is a page without a text
            texts.append("")
    return texts


def newspaper(pages: Pages) -> list[str]:
    """Ask newspaper4k for title and text."""
    from newspaper import Article

    texts = []
    for html, url in pages:
        article = Article(url or "https://news.example/a", fetch_images=False)
        try:
            article.download(input_html=html)
            article.parse()
        except Exception:  # noqa: BLE001 -- as above
            texts.append("")
        else:
            texts.append(f"{article.title}\n{article.text}")
    return texts


def justext(pages: Pages) -> list[str]:
    """Ask jusText, with its English word list."""
    from justext import get_stoplist
    from justext import justext as paragraphs_of

    words = get_stoplist("English")
    texts = []
    for html, _ in pages:
        try:
            found = paragraphs_of(html, words)
        except Exception:  # noqa: BLE001 -- as above
            found = []
        texts.append("\n".join(one.text for one in found if not one.is_boilerplate))
    return texts


CONTENDERS: dict[str, Contender] = {
    "dedup, auto": partial(ours, "auto"),
    "dedup, fast": partial(ours, "fast"),
    "dedup, trafilatura": partial(ours, "trafilatura"),
    "trafilatura": trafilatura,
    "trafilatura, fast": partial(trafilatura, fast=True),
    "trafilatura, precision": partial(trafilatura, favor_precision=True),
    "readability-lxml": readability,
    "resiliparse": resiliparse,
    "newspaper4k": newspaper,
    "jusText": justext,
}
