"""Hostile inputs, made when a test asks for them: nothing of this size is kept in the repository.

In: a folder. Out: a file (or pipe, socket, link, folder) for each name, most of which are pages that some parser has
been slow, hungry or wrong on. Every page is the same from run to run.
"""

import gzip
import json
import os
import random
import socket
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

MB = 1 << 20
#: Beyond ASCII in every encoding that is tried; invented, as all names here.
_ENGLISH = "The caf\u00e9 at the old na\u00efve caf\u00e9-theatre reopens, says Ren\u00e9e Fa\u00e7ade. "
_RUSSIAN = "Портовый совет Вельска объявил во вторник, что восточный причал снова откроется через одиннадцать дней. "
_JAPANESE = "港湾局は火曜日、東埠頭が十一日間の修理を終えて再開されると発表した。"
_PROSE = (
    "The harbour board of Velsko said on Tuesday that the eastern quay would reopen after eleven days of repairs. "
    "Engineers replaced forty metres of decking and two cranes, and the first ferry is due at noon on Wednesday. "
)


def html(body: str, head: str = "<title>Quay reopens</title>") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def article(words: str = _PROSE, paragraphs: int = 6, head: str = "<title>Quay reopens</title>") -> str:
    return html(f"<article><h1>Quay reopens</h1>{f'<p>{words * 2}</p>' * paragraphs}</article>", head)


def paragraph(*parts: str) -> str:
    return html(f"<p>{''.join(parts)}</p>")


def _noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)


@cache
def _zeros() -> bytes:
    member = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(member.compress(bytes(MB)) for _ in range(64)), member.flush()])


def bomb(megabytes: int, head: bytes = b"", tail: bytes = b"") -> bytes:
    """Zeros, compressed as gzip, in members of 64 MB; ``head`` and ``tail`` stand before and after them."""
    ends = [gzip.compress(end, mtime=0) if end else b"" for end in (head, tail)]
    return ends[0] + _zeros() * (megabytes // 64) + ends[1]


def warc_head(url: str, length: int) -> bytes:
    """The header of a record of a WARC file that claims to hold ``length`` bytes."""
    return (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-02T03:04:05Z\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def warc_record(url: str, body: bytes) -> bytes:
    return warc_head(url, len(body)) + body + b"\r\n\r\n"


def response(body: bytes, more: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{more}\r\n".encode() + body


# -- pages that are slow, deep or large ------------------------------------------------------------------------------

#: Name -> the content of the file of that name.
PAGES: dict[str, Callable[[], bytes | str]] = {
    "deep-5000.html": lambda: html("<div>" * 5000 + f"<p>{_PROSE * 3}</p>" + "</div>" * 5000),
    "deep-100000.html": lambda: html("<div>" * 100_000 + f"<p>{_PROSE * 3}</p>" + "</div>" * 100_000),
    "deep-inline.html": lambda: html("<b><i>" * 50_000 + _PROSE * 3),
    "deep-lists.html": lambda: html("<ul><li>" * 5000 + _PROSE * 3),
    "deep-tables.html": lambda: html("<table><tr><td>" * 1000 + _PROSE * 3),
    "deep-quotes.html": lambda: html("<blockquote>" * 5000 + _PROSE * 3),
    "giant-table.html": lambda: html(f"<table>{('<tr>' + '<td>12.5</td>' * 20 + '</tr>') * 10_000}</table>"),
    "paragraphs-100000.html": lambda: html("".join(f"<p>Paragraph {n} of many.</p>" for n in range(100_000))),
    "breaks-500000.html": lambda: html(_PROSE + "<br>" * 500_000 + _PROSE),
    "breaks-with-text.html": lambda: html("<p>" + "one more line<br>" * 10_000),
    "text-20-mb.html": lambda: html(f"<p>{_PROSE * (19 * MB // len(_PROSE))}</p>"),
    "one-line-5-mb.html": lambda: html(f"<p>{'word ' * MB}</p>"),
    "one-word-5-mb.html": lambda: html(f"<p>{'w' * 5 * MB}</p>"),
    "links-100000.html": lambda: html("".join(f'<a href="/news/{n}">Story {n}</a> ' for n in range(100_000))),
    "images.html": lambda: html('<img src="a.jpg" alt="A quay">' * 3000),
    "attribute-10-mb.html": lambda: article().replace("<h1>", f'<h1 data-x="{"x" * 10 * MB}">'),
    "attributes-many.html": lambda: html(f"<p {' '.join(f'a{n}=1' for n in range(3000))}>{_PROSE * 3}</p>"),
    "entities.html": lambda: html(f"<p>{'&amp;' * 1_000_000}</p>"),
    "entities-numeric.html": lambda: html(f"<p>{'&#120;&#x1F600;&#0;&#xD800;&#99999999;' * 50_000}</p>"),
    "laughs.html": lambda: (
        "<?xml version='1.0'?><!DOCTYPE html [<!ENTITY l0 'ha'>"
        + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
        + f"]><html><body><p>&l9; {_PROSE * 3}</p></body></html>"
    ),
    "title-5-mb.html": lambda: article(head=f"<title>{'Quay reopens ' * (5 * MB // 13)}</title>"),
    "script-8-mb.html": lambda: article(head=f"<title>Quay</title><script>{'var a=1;' * MB}</script>"),
    "select.html": lambda: html(f"<select>{'<option>Velsko' * 2000}</select><p>{_PROSE * 3}</p>"),
    "tags-unknown.html": lambda: html("".join(f"<x{n}>a</x{n}>" for n in range(3000))),
    "tags-open.html": lambda: html("<a<b<c" * 100_000),
    "less-than.html": lambda: html("<" * 50_000),
    # -- what is not closed ------------------------------------------------------------------------------------------
    "open-comment.html": lambda: html(f"<!-- <p>{_PROSE * 20}</p>"),
    "open-script.html": lambda: html(f"<script> <p>{_PROSE * 20}</p>"),
    "open-style.html": lambda: html(f"<style> <p>{_PROSE * 20}</p>"),
    "open-textarea.html": lambda: html(f"<textarea> <p>{_PROSE * 20}</p>"),
    "open-title.html": lambda: f"<html><head><title>Quay reopens<body><p>{_PROSE * 20}</p>",
    "open-attribute.html": lambda: html(f'<p class="{_PROSE * 20}</p>'),
    "open-comments-many.html": lambda: html("<!--" * 100_000 + _PROSE),
    "cdata.html": lambda: html(f"<![CDATA[ <p>{_PROSE * 5}</p> ]]>" * 50),
    "conditional.html": lambda: html("<!--[if IE]>" * 50_000 + f"<p>{_PROSE}</p>"),
    # -- what is hardly a page ---------------------------------------------------------------------------------------
    "frameset.html": lambda: (
        "<html><frameset cols='20%,80%'><frame src='a.html'><frame src='b.html'></frameset></html>"
    ),
    "redirect.html": lambda: "<html><head><meta http-equiv='refresh' content='0; url=redirect.html'></head></html>",
    "base-loop.html": lambda: article(
        head="<base href='base-loop.html'><base href='//[::1'><base href='javascript:0'><link rel=canonical href='//['>"
    ),
    "empty.html": lambda: "",
    "blank.html": lambda: " \n\t" * 1000,
    "no-tags.html": lambda: _PROSE * 4,
    "xml.html": lambda: "<?xml version='1.0'?><rss><channel><item><title>a</title></item></channel></rss>",
    "json.html": lambda: '{"title": "Quay"}',
    # -- characters and encodings ------------------------------------------------------------------------------------
    "nuls.html": lambda: article().replace(" ", " \0"),
    "controls.html": lambda: article().replace("a", "a\x01\x02\x1b[31m\x7f\x85\ufffe"),
    "bidi.html": lambda: paragraph(("\u202e\u2066\u200f" + _PROSE) * 5, "\u202e" * 500_000),
    "zero-width.html": lambda: paragraph("\u200b\u200d\ufeff\u00ad" * 500_000, "</p><p>", _PROSE * 3),
    "combining.html": lambda: paragraph(_PROSE * 3, "a", "\u0301" * 500_000),
    "surrogates.html": lambda: article().encode().replace(b"a", b"a\xed\xa0\x80\xed\xb0\x80"),
    "ligatures.html": lambda: paragraph("\ufdfa" * 30_000),
    "utf16-unmarked.html": lambda: article(_ENGLISH).encode("utf-16-le"),
    "utf16-big.html": lambda: article(_RUSSIAN).encode("utf-16-be"),
    "utf16-cut.html": lambda: b"\xff\xfe" + article(_ENGLISH).encode("utf-16-le")[:-1],
    "utf16-declared.html": lambda: article(_ENGLISH, head='<meta charset="utf-16">').encode(),
    "latin1-as-utf8.html": lambda: article(_ENGLISH, head='<meta charset="utf-8">').encode("latin-1"),
    "utf8-as-latin1.html": lambda: article(_ENGLISH, head='<meta charset="iso-8859-1">').encode(),
    "shift-jis.html": lambda: article(_JAPANESE * 3).encode("shift_jis"),
    "koi8.html": lambda: article(_RUSSIAN).encode("koi8-r"),
    "charset-bogus.html": lambda: article(_ENGLISH, head='<meta charset="klingon-8">').encode("latin-1"),
    "charset-codec.html": lambda: article(_ENGLISH, head='<meta charset="rot13">').encode("latin-1"),
    "charset-bytes.html": lambda: article(_ENGLISH, head='<meta charset="zlib_codec">').encode("latin-1"),
    "charset-idna.html": lambda: article(_ENGLISH, head='<meta charset="idna">').encode("latin-1"),
    "charset-undefined.html": lambda: article(_ENGLISH, head='<meta charset="undefined">').encode("latin-1"),
    "charset-late.html": lambda: html(f"<p>{_RUSSIAN * 9}</p><meta charset='windows-1251'><p>{_RUSSIAN * 9}").encode(
        "cp1251"
    ),
    "mixed.html": lambda: html(f"<p>{_ENGLISH * 9}</p>").encode() + html(f"<p>{_ENGLISH * 9}").encode("latin-1"),
    # -- structured data ---------------------------------------------------------------------------------------------
    "json-ld-10-mb.html": lambda: article(
        head='<script type="application/ld+json">{"@type":"NewsArticle","articleBody":"' + "x " * 5 * MB + '"}</script>'
    ),
    "json-ld-deep.html": lambda: article(
        head='<script type="application/ld+json">' + "[" * 100_000 + "]" * 100_000 + "</script>"
    ),
    "json-ld-deep-objects.html": lambda: article(
        head='<script type="application/ld+json">' + '{"@graph":[' * 20_000 + "]}" * 20_000 + "</script>"
    ),
    "json-ld-broken.html": lambda: article(
        head='<script type="application/ld+json">{"@type":"NewsArticle","author":{"name":</script>'
    ),
    "json-ld-types.html": lambda: article(
        head='<script type="application/ld+json">{"@type":"NewsArticle","headline":[[1]],"author":7,'
        '"datePublished":{"a":1},"publisher":[null]}</script>'
    ),
    "json-ld-many.html": lambda: article(
        head='<script type="application/ld+json">{"@type":"NewsArticle","author":{"name":"A"}}</script>' * 1000
    ),
    "json-ld-quotes.html": lambda: article(
        head='<script type="application/ld+json">{"author":' + '"name": "' * 10_000 + "</script>"
    ),
    "meta-many.html": lambda: article(head='<meta property="article:tag" content="quay">' * 3000),
    "dates-many.html": lambda: html(f"<p>{'2026-03-02 2.3.2026 March 2, 2026 ' * 3000}</p>"),
    # -- for regular expressions -------------------------------------------------------------------------------------
    "titles-open.html": lambda: article(head="<title" * 33_000),
    "titles-unclosed.html": lambda: article(head="<title>" * 28_000),
    "metas-open.html": lambda: article(head="<meta " * 100_000),
    "times-open.html": lambda: article(head="<time " * 100_000 + "datePublished" + " " * 200_000),
    "spaces.html": lambda: html(f"<p>{_PROSE * 3}.{' ' * 200_000}{_PROSE}</p>"),
    "spaces-strange.html": lambda: paragraph(_PROSE * 3, ".", "\u00a0\u2003\u3000" * 50_000, _PROSE),
    "newlines.html": lambda: html("<pre>" + _PROSE * 3 + "\n" * 100_000 + _PROSE + "</pre>"),
    "dashes.html": lambda: paragraph(_PROSE * 3, "-" * 100_000, " \u2014" * 50_000),
    "quotes.html": lambda: paragraph(_PROSE * 3, ".\u201d" * 50_000, '"' * 100_000),
    "digits.html": lambda: html(f"<p>{_PROSE * 3}{'1' * 100_000} {'1,' * 20_000} {'1.' * 20_000}</p>"),
    "capitals.html": lambda: html(f"<p>{_PROSE * 3}{'Aldmere ' * 20_000}</p>"),
    "dots.html": lambda: html(f"<p>{_PROSE * 3}{'a.' * 20_000}{'.' * 100_000}</p>"),
    "bars.html": lambda: html(f"<p>{'| ' * 20_000}</p>" + f"<p>{_PROSE * 3}</p>"),
    "urls.html": lambda: html(f"<p>{_PROSE * 3}http://{'a.' * 20_000}/{'a/' * 20_000}</p>"),
    # -- what is no page at all --------------------------------------------------------------------------------------
    "picture-png.html": lambda: b"\x89PNG\r\n\x1a\n" + _noise(1, 50_000),
    "picture-jpg.html": lambda: b"\xff\xd8\xff\xe0\0\x10JFIF" + _noise(2, 50_000),
    "document-pdf.html": lambda: b"%PDF-1.7\n" + _noise(3, 50_000),
    "program.html": lambda: b"MZ\x90\0\x03" + _noise(4, 50_000),
    "noise.html": lambda: _noise(5, 5 * MB),
    "noise.txt": lambda: _noise(6, 50_000),
    "bomb.html.gz": lambda: bomb(1024),
    "bomb-page.html.gz": lambda: bomb(64, article().encode(), article().encode()),
    "bomb.txt.gz": lambda: bomb(64),
    "bomb.jsonl.gz": lambda: bomb(128, b'{"id": "hostile-before", "text": "', b'"}\n'),
    "bomb.csv.gz": lambda: bomb(128, b"id,text\nhostile-a,", b"\n"),
    "bomb.warc.gz": lambda: bomb(
        1024,
        warc_head("https://bomb.example/a", 1024 * MB + len(response(b""))) + response(b""),
        b"\r\n\r\n" + warc_record("https://bomb.example/b", response(article().encode())),
    ),
    "bomb-inside.warc.gz": lambda: gzip.compress(
        warc_record("https://bomb.example/c", response(bomb(256), "Content-Encoding: gzip\r\n")), mtime=0
    ),
    "bomb-header.warc.gz": lambda: bomb(256, b"WARC/1.0\r\nWARC-Type: response\r\nX: "),
    "nested.html.gz": lambda: gzip.compress(gzip.compress(article().encode(), mtime=0), mtime=0),
    "members.html.gz": lambda: gzip.compress(b"", mtime=0) * 50_000,
    "truncated.html.gz": lambda: gzip.compress(article().encode() + _noise(7, 5000).hex().encode(), mtime=0)[:-2000],
    "truncated.warc.gz": lambda: gzip.compress(
        warc_record("https://bomb.example/d", response(_noise(8, 5000).hex().encode())), mtime=0
    )[:-2000],
    "not-compressed.html.gz": article,
    # -- plain text --------------------------------------------------------------------------------------------------
    "lines-500000.txt": lambda: "A short line of text here\n" * 500_000,
    "text-20-mb.txt": lambda: (_PROSE + "\n") * (19 * MB // len(_PROSE)),
    "one-line.txt": lambda: _PROSE * (5 * MB // len(_PROSE)),
    "records.jsonl": lambda: "\n".join(
        [
            '{"id": "hostile-deep", "text": ' + "[" * 100_000 + "]" * 100_000 + "}",
            json.dumps({"id": "hostile-date", "published": f"2026{' ' * 200_000}x", "text": _PROSE}),
            json.dumps({"id": "hostile-lines", "text": "one more line\n" * 400_000}),
            json.dumps({"id": "hostile-title", "title": "Quay " * 20_000, "text": _PROSE * 2}),
            json.dumps({"id": "hostile-html", "html": "<div>" * 2000}),
            json.dumps({"id": "hostile-url", "url": "http://[::1" + "a" * MB, "text": _PROSE * 2}),
            json.dumps({"id": "hostile-after", "text": _PROSE * 2}),
        ]
    ),
    "strays.txt": lambda: "caf\u00e9 ".encode() * 300_000 + (b"\xe9" + "\u00e9 ".encode()) * 500_000,
    "table.csv": lambda: f'id,text\nhostile-cell,"{_PROSE}\nhostile-cell-2,{_PROSE}\n' + "x,y\n" * 100_000,
}

#: What stands in those that hold more than one page: the ids, or positions, that must be accounted for.
RECORDS: Mapping[str, tuple[str, ...]] = {
    "bomb.jsonl.gz": ("1",),
    "bomb.csv.gz": ("",),
    "bomb.warc.gz": ("https://bomb.example/a", "https://bomb.example/b"),
    "bomb-inside.warc.gz": ("https://bomb.example/c",),
    "bomb-header.warc.gz": ("",),
    "truncated.warc.gz": ("https://bomb.example/d",),
    "records.jsonl": ("1", *(f"hostile-{name}" for name in ("date", "lines", "title", "html", "url", "after"))),
    "table.csv": ("2",),
}


def write(folder: Path) -> list[str]:
    """Write every page to ``folder``, which is made, and return their names."""
    folder.mkdir()
    for name, make in PAGES.items():
        content = make()
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return list(PAGES)


def write_strange(folder: Path) -> list[bytes]:
    """Write to ``folder``, which is made, what is no plain file or has no plain name; return what must be told of."""
    folder.mkdir()
    os.mkfifo(folder / "pipe.html")
    with socket.socket(socket.AF_UNIX) as listener:
        # The address of a socket may be no longer than some hundred bytes.
        here = os.open(folder, os.O_RDONLY)
        listener.bind(f"/proc/self/fd/{here}/socket.html")
        os.close(here)
    (folder / "self.html").symlink_to("self.html")
    (folder / "nowhere.html").symlink_to("nowhere-at-all.html")
    (folder / "endless.html").symlink_to("/dev/zero")
    (folder / "folder.html").mkdir()
    (folder / "loop.html").mkdir()
    (folder / "loop.html" / "up.html").symlink_to("..")
    (folder / "loop.html" / "inside.html").write_text(article(_PROSE + "Inside. "), encoding="utf-8")
    names = [
        b"pipe.html",
        b"socket.html",
        b"self.html",
        b"nowhere.html",
        b"endless.html",
        b"folder.html",
        b"loop.html/inside.html",
        b"new\nline.html",
        b"car\rriage.html",
        b"not-utf8-\xff\xfe.html",
        b"'quo\"te,.html",
        b"=cmd.html",
        b"long-" + b"n" * 245 + b".html",
    ]
    for name in names[7:]:
        (folder / os.fsdecode(name)).write_text(article(_PROSE + f"{len(name)}. "), encoding="utf-8")
    if os.geteuid():
        locked = folder / "locked.html"
        locked.write_text(article(), encoding="utf-8")
        locked.chmod(0)
        names.append(b"locked.html")
    return names
