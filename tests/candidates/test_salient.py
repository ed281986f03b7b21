"""Salient bands: reports of one happening share a key."""

import pickle

import numpy as np
import pyarrow as pa
import pytest

from dedup.articles.terms import Analyse
from dedup.candidates.salient import Salient
from dedup.candidates.telling import Telling
from dedup.errors import ParameterError
from dedup.schema import BAND, KINDS
from dedup.stage import apply

CALL = "Ambassador Quillfeather and minister Brontolov spoke for 50 minutes about the Zembla straits on March 3."
SAME = "A 50-minute call between Brontolov and Quillfeather on March 3 dealt with shipping in the Zembla straits."
OTHER = "Shares of the bakery chain rose after profits doubled in the third quarter, analysts told reporters."


def _told(*texts: str) -> pa.Table:
    rows = [
        {"doc_id": str(number), "arrival": number, "title": "", "text": text, "language": "en", "published": None}
        for number, text in enumerate(texts)
    ]
    return apply(Telling(), apply(Analyse(), pa.Table.from_pylist(rows, schema=Analyse.reads)))


def test_reports_of_one_call_meet_and_others_do_not() -> None:
    bands = apply(Salient(), _told(CALL, SAME, OTHER)).to_pylist()
    keys = {i: {row["key"] for row in bands if row["arrival"] == i} for i in range(3)}
    assert keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert {KINDS[row["kind"]] for row in bands} == {"salient"}
    assert len(bands) == 3 * 64


def test_article_without_terms_has_no_key() -> None:
    assert apply(Salient(), _told("", "the of and")).num_rows == 0


def test_stage_keeps_its_laws() -> None:
    stage = Salient()
    table = _told(CALL, SAME, OTHER)
    whole = apply(stage, table)
    assert whole.schema == BAND
    parts = [batch for row in range(3) for batch in table.slice(row, 1).to_batches()]
    assert pa.Table.from_batches(stage(parts)).to_pylist() == whole.to_pylist()
    assert apply(stage, table.slice(0, 0)).num_rows == 0
    assert pickle.loads(pickle.dumps(stage)) == stage
    assert np.unique(whole["key"].to_numpy()).size > 64


def test_stage_refuses_wrong_parameters() -> None:
    with pytest.raises(ParameterError, match=r"64 x 2 = 128\). Got 100"):
        Salient(n_permutations=100)
