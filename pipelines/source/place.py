"""The place in the input where reading is.

In: the file, the position in it and what holds for the whole run. Out: rejects that say where they happened, and the
limits that hold there.

Rule guarded here: every reject names its input and position.
"""

from dataclasses import dataclass
from typing import Final

from pipelines.source.reject import Reject

# A line of JSON may need six bytes for two bytes of text (\u escapes), and holds other fields too.
_LINE_FACTOR: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where reading is: for rejects, and for what holds for the whole run.

    ``limit`` is the most bytes of a page.
    """

    input: str
    name: str
    position: str
    text_is: str | None
    limit: int

    @property
    def line_limit(self) -> int:
        """The most bytes that a line, which holds other fields beside the page, may have."""
        return self.limit * _LINE_FACTOR

    def reject(self, reason: str, detail: str, doc_id: str = "") -> Reject:
        """Return the reject of what stands here."""
        return Reject(self.input, self.position, doc_id, reason, detail)
