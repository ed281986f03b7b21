"""What machine code is made of: loaded late, and where its results cannot be kept, compiled all the same."""

import os
import subprocess
import sys

import numba
import pytest
from numba import types

from dedup import compiled


@pytest.mark.parametrize("module", ["dedup", "dedup.flow", "dedup.duplicates.relation", "pipelines.cli"])
def test_importing_loads_no_compiler(module):
    code = f"import sys, {module}; print('numba' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_kernels_that_are_not_compiled_answer_without_a_warning():
    code = (
        "from dedup.candidates.minhash import sign; from dedup.candidates.shingle import read_words, shingles\n"
        "from dedup.articles.reading import read; from dedup.boilerplate.classify import judge\n"
        "print(judge(read(['Sign up!', 'Peace talks, she said, will last 5 times as long.']), 'page').keep.tolist())\n"
        "read = read_words('Peace talks: \u201cwe will\u201d, 5 times'); print(sign(shingles(read.hashes), 4).tolist())"
    )
    answers = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True,
            env=os.environ | {"NUMBA_DISABLE_JIT": switch},
        ).stdout
        for switch in ("0", "1")
    ]  # fmt: skip
    assert answers[0] == answers[1] != ""


@pytest.mark.parametrize("error", [RuntimeError("no locator available"), OSError("no space left on device")])
def test_without_a_place_to_keep_it_a_kernel_is_compiled_all_the_same(monkeypatch, error):
    asked = []

    def refuses_to_keep(signatures, *, cache=False):
        asked.append(cache)
        if cache:
            raise error
        return numba.njit(signatures)

    monkeypatch.setattr(compiled, "njit", refuses_to_keep)
    made = compiled.compiled(types.int64(types.int64))(lambda value: value + 1)
    assert made(41) == 42
    assert asked == [True, False]
