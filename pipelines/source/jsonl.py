"""JSONL: a file of records, one in each line.

In: an open file, or standard input. Out: a page or a reject for each line that is not blank; its position is the line.

Rule guarded here: a line that is no record is one reject, and the next line is read.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from pipelines.source.decode import decode_text
from pipelines.source.page import Page
from pipelines.source.place import Place
from pipelines.source.record import columns_of, read_record
from pipelines.source.reject import Reject
from pipelines.source.stream import lines_of, uncompressed


def read_jsonl(file: BinaryIO, place: Place) -> Iterator[Page | Reject]:
    """Yield a page or a reject for each line of ``file`` that is not blank.

    Raises
    ------
    UnusableError
        After the last whole line, if the file is empty or breaks off.
    """
    for number, line in lines_of(uncompressed(file, place.name), place.line_limit):
        here = replace(place, position=str(number))
        if line is None:
            yield here.reject("too_large", f"The line is longer than {place.line_limit:,} bytes.")
            continue
        if not line.strip():
            continue
        try:
            record = json.loads(decode_text(line), parse_constant=lambda _: None)
        except (ValueError, RecursionError) as error:
            yield here.reject("bad_json", f"The line is not JSON: {error}.")
            continue
        if not isinstance(record, dict):
            yield here.reject("bad_record", f"The line is a JSON {type(record).__name__}, not an object.")
            continue
        yield from read_record(record, columns_of(tuple(record)), here)
