"""The page of a finished night: ``report.html``, one file to look at.

In: an output folder with its CSV, JSONL and ``run.json``. Out: the page in that folder.

Rule guarded here: the page is made of the finished files alone, so that it can be made again from them, the same bytes.

``finished.py`` reads the files; ``content.py`` chooses what the page holds; ``passages.py`` adds texts with their shared
passages; ``document.py`` puts it together with what a browser reads: ``template.html``, ``style/`` and ``script/``.
"""

from pathlib import Path

from pipelines.page.content import choose
from pipelines.page.document import compose
from pipelines.page.finished import read
from pipelines.report import REPORT_HTML, whole_file


def write(folder: Path) -> str:
    """Write ``report.html`` into a finished output folder, and return the line that says so.

    Raises
    ------
    InputError
        If the folder is no report of ``dedup nightly``, or a file of it is damaged.
    """
    page = compose(*choose(read(folder)))
    path = folder / REPORT_HTML
    with whole_file(path) as file:
        file.write(page)
    return f"{path} has {len(page) / 1e6:,.1f} MB."
