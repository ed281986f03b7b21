"""Frozen tables that ship with the package: the line model and the background term counts.

The only place in ``dedup`` that reads a resource. What it returns is read once per process and never changed; each
table names the digest of what it was made from, and that digest is part of a run's fingerprint.
"""

import gzip
import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def load_json(name: str) -> Any:
    """Return the parsed content of ``dedup/data/<name>`` (``.json`` or ``.json.gz``).

    Raises
    ------
    FileNotFoundError
        If the package was installed without it.
    """
    raw = (resources.files("dedup") / "data" / name).read_bytes()
    return json.loads(gzip.decompress(raw) if name.endswith(".gz") else raw)
