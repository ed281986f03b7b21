"""How a loop becomes machine code: the decorator, the types of its arguments, and the hash and the table of hashes that all loops share.

In: a function over arrays. Out: the same function, compiled. What is compiled is kept beside its file, else in the user's cache, and
is compiled anew by each process where neither can be written. Files of kernels import this; nothing else does, for it loads a
compiler.

Rule guarded here: integers wrap modulo 2^64, so that a kernel gives the same on every machine and in every process.
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import config, njit, types

from dedup.hashing import GOLDEN, MIX_1, MIX_2

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(*signatures: Any) -> Callable[[_Function], _Function]:
    """Compile a function for given types of arguments, now or from what an earlier process kept."""

    def decorate(function: _Function) -> _Function:
        compile_: Any = njit
        if getattr(config, "DISABLE_JIT", False):
            # Integers of NumPy tell of wrapping.
            return np.errstate(over="ignore")(function)
        try:
            made = compile_(list(signatures), cache=True)(function)
        except (RuntimeError, OSError):
            # There is no place to keep it, or that is full.
            made = compile_(list(signatures))(function)
        return cast("_Function", made)

    return decorate


def part(function: _Function) -> _Function:
    """Make a function a part of the kernels that call it; it is kept with them and loaded with them."""
    compile_: Any = njit
    return cast("_Function", compile_(function))


#: numba does not type these.
tuple_of: Any = types.Tuple
uniform: Any = types.UniTuple


def array(element: Any) -> Any:
    """Return the type of an array that is only read; numba takes any of these elements for it."""
    return types.Array(element, 1, "C", readonly=True)


BYTES, CODES, INTS = (array(element) for element in (types.uint8, types.uint32, types.int64))

_S27, _S30, _S31 = (np.uint64(bits) for bits in (27, 30, 31))

#: Odd 64-bit multiplier of a letter's place in its word.
PLACE: Final = np.uint64(0x243F6A8885A308D3)


@part
def mix(value: Any) -> Any:
    """Scramble a number, as ``hashing.mix`` does."""
    value += GOLDEN
    value = (value ^ (value >> _S30)) * MIX_1
    value = (value ^ (value >> _S27)) * MIX_2
    return value ^ (value >> _S31)


@part
def look_up(value: Any, keys: Any) -> Any:
    """Return the slot of a hash in a table of hashes with at least one free slot, which holds 0; or -1."""
    mask = np.uint64(len(keys) - 1)
    slot = np.uint64(value) & mask
    while keys[slot] != 0:
        if keys[slot] == value:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & mask
    return -1


@part
def hash_table(n: Any) -> Any:
    """Return an empty table for ``n`` hashes."""
    n_slots = 4
    while n_slots < 2 * n:
        n_slots *= 2
    return np.zeros(n_slots, dtype=np.int64)


@part
def free_slot(value: Any, table: Any) -> Any:
    """Return the slot of a hash in a table, or the free one where it belongs."""
    mask = np.uint64(len(table) - 1)
    slot = np.uint64(value) & mask
    while table[slot] != 0 and table[slot] != value:
        slot = (slot + np.uint64(1)) & mask
    return np.int64(slot)


@compiled(uniform(types.int64[::1], 2)(INTS, INTS))
def tabulate(hashes: Any, bits: Any) -> Any:
    """Return a table of hashes for `look_up`, and their bits; of equal ones these are joined."""
    table = hash_table(len(hashes))
    values = np.zeros(len(table), dtype=np.int64)
    for i in range(len(hashes)):
        slot = free_slot(hashes[i], table)
        table[slot] = hashes[i]
        values[slot] |= bits[i]
    return table, values
