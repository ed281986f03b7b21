"""A page becomes a draft: title, day, language and the lines that may be the article's, most of the chrome gone.

In: PAGE, one row per crawled input. Out: DRAFT, one row per page, in the same order. HTML is parsed once for all that is read off
it. Its lines are judged by the line model alone (``fast``), or go through trafilatura and resiliparse first, whose answers, with
the lines near them, are left to be judged (``trafilatura``); ``auto`` is fast, asks resiliparse where the line model is not sure, and
trafilatura where both together are not.
Given text passes as it is.

Rules guarded here: no page is lost (a page without a usable text has its reason in ``failure``), no answer depends on
the pages before it (trafilatura's own deduplication stays off), and nothing here is run in threads (lxml is not safe
there): an engine runs this stage in processes, under a limit, and clears ``trafilatura``'s caches as it recycles them.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any, ClassVar, Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.articles.encoding import by_label, by_looks, torn_utf8
from dedup.articles.genre import why_no_article
from dedup.articles.language import declared_language, detect_language
from dedup.articles.markup import parse
from dedup.articles.metadata import Metadata, metadata_of
from dedup.articles.outline import Lines, Outline, full_outline, lines_of, near, no_lines, outline, reads_so
from dedup.articles.pruned import pruned
from dedup.articles.reading import read
from dedup.boilerplate.classify import kept_alone
from dedup.boilerplate.features import features
from dedup.boilerplate.line_model import line_model
from dedup.boilerplate.plain import plainly_chrome
from dedup.errors import ParameterError
from dedup.schema import DRAFT, PAGE

#: Who says which lines of a page may be the article's.
EXTRACTORS: Final = ("auto", "trafilatura", "fast")

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{2,40})["']""", re.IGNORECASE)
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_HEAD = 4096
_DOCTYPE_WITHIN = 50
_TITLE_WITHIN = 200_000
# A row of a table of figures is shorter than this; a row that holds an article is longer.
_CELL = 400

# Lines at least so likely, those that read like a paragraph, and those near them go on to be judged with what the site repeats.
_POSSIBLE = 0.1
# Lines at least so likely are the answer by which a page's language is told.
_KEPT = 0.5

# What is plainly chrome is so likely to stay: hardly.
_PLAIN = 0.02

# By this factor less doubt is allowed in a language that the line model was not fitted on.
_FOREIGN = 2.0
# Blocks whose lines are all less likely are not shown to trafilatura by ``auto``: it takes a time in proportion to what it is shown, and errs less.
_SURELY_CHROME = 0.05
# So many times the doubt may be what is left of it when resiliparse was asked, with what its vote changed.
_LEFT = 2.0
# As often more as a page has so many bytes: trafilatura takes a time in proportion to what it is shown, and has little to add on large pages.
_LARGE = 150_000

# Control characters that neither XML nor a report may hold; tab and newline stay.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
_CONTROL_BYTES = bytes({*range(32), 127} - {9, 10, 13})
# Without "<" in it, or a page of "<title<title<title" is gone through again from each.
_TITLE_OPENED = re.compile(r"<title[^<>]*>", re.IGNORECASE)
_TITLE_CLOSED = re.compile(r"</title", re.IGNORECASE)
_HTML_LANGUAGE = re.compile(
    r"""<html[^>]{0,500}?\blang\s*=\s*["']?([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)""", re.IGNORECASE
)


_UNJUDGED: Final = np.empty(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was found on one page; every field may be empty. ``published`` is a day or a moment in UTC.

    ``text`` is the extractor's answer, ``outline`` holds the lines that are to be judged, and ``keep``, where they have been, the
    probability of each, float32. ``no_article`` says in words why the page is no article, if it is none. ``by``: who chose the lines, ``fast``, ``resiliparse`` or ``trafilatura``.
    """

    text: str = ""
    title: str = ""
    published: str = ""
    url: str = ""
    source: str = ""
    language: str = ""
    author: str = ""
    no_article: str = ""
    outline: Outline = field(default_factory=Outline)
    keep: NDArray[np.float32] = field(default_factory=lambda: _UNJUDGED)
    by: str = ""


def decode(content: bytes) -> str:
    """Decode the bytes of an HTML page.

    A byte order mark wins; then UTF-8 if the bytes are valid UTF-8, or most of them beyond ASCII, whatever the page
    declares (declarations are wrong more often than bytes are valid UTF-8 by chance); then the declared charset; then
    the detected one.

    Returns
    -------
    str
        Never fails: what cannot be decoded becomes U+FFFD. Control characters are dropped.
    """
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return _CONTROLS.sub("", content.decode(encoding, errors="replace"))
    try:
        page = content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        # Bytes are looked through much faster than letters, and for one letter faster than for three bytes.
        is_sound = len(content.translate(None, _CONTROL_BYTES)) == len(content)
        has_none = is_sound and (page.isascii() or not ("\ufffe" in page or "\uffff" in page))
        return page if has_none else _CONTROLS.sub("", page)
    head = content[:_HEAD]
    declared = _CHARSET.search(head) or _XML_ENCODING.search(head)
    text = torn_utf8(content)
    if text is None and declared:
        text = by_label(content, declared.group(1).decode("ascii"))
    return _CONTROLS.sub("", by_looks(content) if text is None else text)


def with_closed_title(page: str) -> str:
    """Close a ``title`` element that never ends; to a parser the whole page is its title, and there is no text.

    Examples
    --------
    >>> with_closed_title("<title>Quay reopens<body>Text")
    '<title>Quay reopens</title><body>Text'
    """
    opened = _TITLE_OPENED.search(page, 0, _TITLE_WITHIN)
    if opened is None or _TITLE_CLOSED.search(page, opened.end()):
        return page
    end = page.find("<", opened.end())
    end = len(page) if end < 0 else end
    return f"{page[:end]}</title>{page[end:]}"


def tree_of(page: str) -> Any:
    """Return the tree of a page for trafilatura (an lxml element), or None where there is nothing to parse.

    Without scripts, styles and drawings: it copies the tree several times, and reads no more of them than linked data. What trafilatura itself would refuse
    since it hardly looks like HTML is parsed as well.
    """
    from lxml import etree, html
    from trafilatura.utils import repair_faulty_html

    page = with_closed_title(page)
    page = repair_faulty_html(page, page[:_DOCTYPE_WITHIN].lower())
    try:
        tree: Any = html.document_fromstring(page.encode("utf-8", "replace"), parser=_parser())
    except etree.ParserError:
        return None
    for element in list(tree.iter("script", "style", "svg")):
        if element.getparent() is not None and "ld+json" not in (element.get("type") or ""):
            element.drop_tree()
    return tree


@cache
def _parser() -> Any:
    """Return a parser as trafilatura has one, but that makes elements without asking Python for the class of each by its tag.

    Only elements of forms have classes of their own, and trafilatura asks nothing of them that others have not.
    """
    from lxml import etree, html

    parser = html.HTMLParser(
        collect_ids=False, default_doctype=False, encoding="utf-8", remove_comments=True, remove_pis=True
    )
    classes: dict[str, Any] = {"element": html.HtmlElement, "comment": html.HtmlComment}
    classes |= {"pi": html.HtmlProcessingInstruction, "entity": html.HtmlEntity}
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(**classes))
    return parser


def by_trafilatura(tree: Any, url: str = "") -> str:
    """Return the text that trafilatura extracts in its default mode from a parsed page, which is not changed.

    Raises
    ------
    Exception
        Whatever lxml or trafilatura raise on a page they cannot work on.
    """
    from trafilatura import bare_extraction as bare

    # Typed as it was before version 2, when it could return a dictionary.
    bare_extraction: Callable[..., Any] = bare
    found = bare_extraction(tree, url=url or None, include_comments=False)
    if found is not None and _is_laid_out_in_tables(found.text or ""):
        without = bare_extraction(tree, url=url or None, include_comments=False, include_tables=False)
        found = without if without is not None and without.text else found
    return found.text or "" if found is not None else ""


def doubt_of(keep: NDArray[np.float64], n_words: NDArray[np.int64]) -> float:
    """Return how many words of a page are expected to be judged wrong, for each that is kept.

    Parameters
    ----------
    keep, n_words : ndarray, shape (n_lines,)
        The probability that each line is the article's, in [0, 1], and its words.

    Examples
    --------
    >>> doubt_of(np.array([0.9, 0.1, 0.75]), np.array([20, 10, 20]))
    0.2
    """
    wrong = float(n_words @ np.minimum(keep, 1 - keep))
    return wrong / max(int(n_words @ (keep >= _KEPT)), 1)


def is_known(text: str, lines: Lines | None = None, model: str = "") -> bool:
    """Tell whether a line model was fitted on the language of a text; if that is too short to tell, of the lines of its page."""
    language = detect_language(text) or detect_language("\n".join(lines.texts if lines else ()))
    return language in line_model("fast", model).languages


def _with_author(extra: str, author: str) -> str:
    """Pass the author of a page through with the fields of its record, which may name one themselves."""
    fields = json.loads(extra) if extra else {}
    if not author or any(name.casefold() == "author" for name in fields):
        return extra
    return json.dumps(fields | {"author": author}, ensure_ascii=False, separators=(",", ":"))


def _is_laid_out_in_tables(text: str) -> bool:
    """Tell a page whose frame is a table: its body comes out as cells, side by side with its menus."""
    in_cells = sum(len(line) for line in text.split("\n") if "|" in line and len(line) > _CELL)
    return in_cells > len(text) / 2


def by_resiliparse(page: str) -> str:
    """Return the text that resiliparse extracts: much cheaper, and it survives pages on which trafilatura finds nothing."""
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(page, main_content=True, preserve_formatting=True, list_bullets=False, comments=False)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def both(keep: NDArray[np.float64], voted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of two judgements of lines, in log odds; all are probabilities, of shape (n_lines,)."""
    odds = keep / (1 - keep) * (voted / (1 - voted))
    return np.asarray(1 / (1 + 1 / np.sqrt(odds)))


class _Judging:
    """The judgement of the lines of one page, first by the line model alone, then with the vote of resiliparse as well.

    ``title`` and ``author`` as the page has them.
    """

    def __init__(self, lines: Lines, title: str, author: str, model: str) -> None:
        self._lines, self._title, self._author, self._model = lines, title, author, model
        self._whole = full_outline(lines)
        self._reading = read(self._whole.lines)
        self._matrix = features(self._reading, title)
        self._alone = kept_alone(self._matrix, self._whole.layout, model)

    def alone(self, found: Extracted) -> tuple[Extracted, float]:
        """Judge by the line model alone.

        Returns
        -------
        found : Extracted
            With the lines that it keeps as text, and those outlined that may stay.
        doubt : float
            How many words it expects to have judged wrong for each that it keeps; see `doubt_of`.
        """
        return self._answer(found, self._alone, self._whole, "fast")

    def with_second(self, found: Extracted, second: str) -> tuple[Extracted, float]:
        """Judge by the mean of the log odds without and with the vote of resiliparse, ``second``.

        Returns
        -------
        found : Extracted
            As `alone` returns it.
        doubt : float
            The same, with the words of the lines that one judgement keeps and the other does not.
        """
        told = full_outline(self._lines, second)
        voted = kept_alone(self._matrix, told.layout, self._model)
        made, doubt = self._answer(found, both(self._alone, voted), told, "resiliparse")
        n_words, differ = self._reading.n_words, (self._alone >= _KEPT) != (voted >= _KEPT)
        return made, doubt + float(n_words @ differ) / max(int(n_words @ (voted >= _KEPT)), 1)

    def without_chrome(self) -> str:
        """Return the page as HTML without what is surely chrome by the line model alone; empty where it knows no lines. See `pruned`."""
        page = self._lines.page
        return "" if page is None else pruned(page, self._lines, self._alone, _SURELY_CHROME)

    def _answer(
        self, found: Extracted, judged: NDArray[np.float64], whole: Outline, by: str
    ) -> tuple[Extracted, float]:
        keep = judged.copy()
        may_stay = np.where(keep >= _POSSIBLE, keep, 0.0)
        keep[plainly_chrome(whole.lines, whole.layout, may_stay, self._author, self._title)] = _PLAIN
        stays = keep >= _KEPT
        text = "\n".join([line for line, kept in zip(whole.lines, stays.tolist(), strict=True) if kept])
        chosen = np.flatnonzero(near((keep >= _POSSIBLE) | reads_so(self._lines)))
        outlined = Outline(tuple(whole.lines[row] for row in chosen.tolist()), whole.layout[chosen])
        made = replace(found, text=text, outline=outlined, keep=keep[chosen].astype(np.float32), by=by)
        return made, doubt_of(keep, self._reading.n_words)


@dataclass(frozen=True)
class Extract:
    """Make a draft of each page. Reads PAGE, writes DRAFT, any split of the rows.

    Parameters
    ----------
    extractor : {"auto", "trafilatura", "fast"}
        Who says which lines of an HTML page may be the article's: ``fast``, the line model alone; ``trafilatura``, it and resiliparse,
        which takes many times as long; ``auto``, resiliparse where the line model alone is not sure, and both where it still is not.
    doubt : float
        ``auto`` asks resiliparse, which is quick, where the line model expects to have judged more words wrong than this for each word that it keeps;
        and trafilatura where after that these and the words on which the two differ are more than twice as many, or of a page of more than 150 kB as often
        more as it is larger. In a language that the model
        was not fitted on half of it is enough to ask both at once.
    max_bytes : int
        A page of more bytes never goes to trafilatura, which runs for minutes on such pages, or finds nothing.
    min_characters : int
        An answer with fewer letters than this is treated as none.
    all_pages : bool
        Keep the pages that are no articles, such as section fronts, listings and shops.
    genre : str
        A model as JSON that tells such pages, in place of the one that ships; in a configuration file, the path of one.
    model : str
        A line model as JSON by which ``fast`` and ``auto`` judge lines; in a configuration file, the path of one. Empty: that of ``classify``.

    References
    ----------
    A. Barbaresi, Trafilatura, ACL 2021 (demonstrations).
    """

    extractor: str = "auto"
    doubt: float = 0.2
    max_bytes: int = 5_000_000
    min_characters: int = 25
    all_pages: bool = False
    genre: str = ""
    model: str = ""

    reads: ClassVar[pa.Schema] = PAGE
    writes: ClassVar[pa.Schema] = DRAFT
    partition_by: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        if self.extractor not in EXTRACTORS:
            raise ParameterError(f"Extract: extractor must be one of {', '.join(EXTRACTORS)}. Got {self.extractor!r}.")
        if not self.doubt >= 0:
            raise ParameterError(f"Extract: doubt must be 0 or more. Got {self.doubt}.")
        if self.max_bytes < 1 or self.min_characters < 1:
            raise ParameterError(
                f"Extract: max_bytes and min_characters must be 1 or more. Got {self.max_bytes}, {self.min_characters}."
            )

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Work on the batches, in order."""
        for batch in batches:
            rows = [self.draft(row) for row in batch.select(PAGE.names).to_pylist()]
            yield pa.RecordBatch.from_pylist(rows, schema=DRAFT)

    def fallback(self) -> Self:
        """Return the stage for a page that this one could not finish."""
        return replace(self, extractor="fast")

    def draft(self, page: dict[str, object]) -> dict[str, object]:
        """Make the DRAFT row of one PAGE row. What the input states wins over what the page is found to say."""
        row = {name: page.get(name) or "" for name in DRAFT.names} | {"arrival": page["arrival"]}
        row["layout"] = row["keep"] = b""
        content = page["content"]
        assert isinstance(content, bytes)
        if page["kind"] == "html":
            found, detail = self.extract(content, *(str(row[name]) for name in ("url", "source", "title")))
            main, declared = found.text, found.language
            for name in ("title", "published", "url", "source"):
                row[name] = row[name] or getattr(found, name)
            row["text"] = "\n".join(found.outline.lines)
            row["layout"], row["keep"], row["extractor"] = (
                found.outline.layout.tobytes(),
                found.keep.tobytes(),
                found.by,
            )
            row["extra"] = _with_author(str(row["extra"]), found.author)
            if found.no_article:
                row["failure"], row["detail"] = "not_an_article", found.no_article
            elif not found.text:
                row["failure"] = "no_article_text"
                row["detail"] = detail or "no extractor found an article on the page"
        else:
            declared = ""
            row["text"] = main = _CONTROLS.sub("", content.decode("utf-8", errors="replace"))
        # What a page declares is often its template's language.
        row["language"] = declared_language(str(row["language"])) or detect_language(main) or declared
        return row

    def extract(self, content: bytes, url: str = "", source: str = "", title: str = "") -> tuple[Extracted, str]:
        """Extract from the bytes of one HTML page. ``title``: its headline where it is known, which helps to judge its lines.

        Returns
        -------
        found : Extracted
            With an empty ``text`` where there is no article. Of a page that is none by its genre nothing more is asked than why.
        detail : str
            What went wrong on the way, if anything did.
        """
        page = decode(content)
        failures: list[str] = []

        def tried(name: str, work: Callable[[], Any], otherwise: Any) -> Any:
            try:
                return work()
            except Exception as error:  # noqa: BLE001 - any failure on one page is that page's reason
                failures.append(f"{name}: {type(error).__name__}: {str(error)[:120]}")
                return otherwise

        about = Metadata(url=url, source=source)
        markup = tried("parse", lambda: parse(page), None)
        if markup is None:
            return Extracted(**asdict(about)), " ".join(failures)
        lines = tried("lines", lambda: lines_of(markup), no_lines())
        no_article = (
            "" if self.all_pages else tried("genre", lambda: why_no_article(markup, lines, url, self.genre), "")
        )
        if no_article:
            return Extracted(no_article=no_article, **asdict(about)), " ".join(failures)
        about = tried("metadata", lambda: metadata_of(markup, url, source), about)
        found = Extracted(**asdict(about))
        small = len(content) <= self.max_bytes
        judging, second, is_sure = None, None, False
        if self.extractor != "trafilatura" or not small:
            judging = tried("line model", lambda: _Judging(lines, title or found.title, found.author, self.model), None)
            found, doubt = tried("line model", lambda: judging.alone(found), (found, 1.0)) if judging else (found, 1.0)
            has_text = self._enough(found.text)
            is_sure = has_text and self._is_sure(doubt, found.text)
            if (
                small
                and self.extractor == "auto"
                and has_text
                and not is_sure
                and is_known(found.text, model=self.model)
            ):
                second = tried("resiliparse", lambda: by_resiliparse(with_closed_title(page)), "")
                found, doubt = tried("line model", lambda: judging.with_second(found, second or ""), (found, 9.0))
                left = _LEFT * self.doubt * max(1.0, len(content) / _LARGE)
                is_sure = self._enough(found.text) and doubt <= left
        if small and (self.extractor == "trafilatura" or (self.extractor == "auto" and not is_sure)):
            in_part = judging and is_known(found.text, lines, self.model)
            rest = tried("line model", judging.without_chrome, "") if judging and in_part else ""
            main = tried("trafilatura", lambda: by_trafilatura(tree_of(rest or page), url), "")
            if second is None:
                second = tried("resiliparse", lambda: by_resiliparse(with_closed_title(page)), "")
            text = next((text for text in (main, second) if self._enough(text)), "")
            if text:
                outlined = outline(markup, text, second, lines)
                found = replace(found, text=text, outline=outlined, keep=_UNJUDGED, by="trafilatura")
        if not self._enough(found.text):
            return Extracted(**asdict(about)), " ".join(failures)
        declared = _HTML_LANGUAGE.search(page[:_HEAD])
        return replace(found, language=declared_language(declared.group(1) if declared else "")), " ".join(failures)

    def _is_sure(self, doubt: float, text: str) -> bool:
        """Decide whether the line model may answer alone; in a language that it was not fitted on it knows half as well as it says."""
        if not self.doubt / _FOREIGN < doubt <= self.doubt:
            return doubt <= self.doubt
        return is_known(text, model=self.model)

    def _enough(self, text: str) -> bool:
        return sum(map(str.isalnum, text[: 40 * self.min_characters])) >= self.min_characters
