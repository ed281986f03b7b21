"""Hashes of 64-bit integers: the constants and the mixing function that words, shingles, bands and keys share.

In: integers. Out: integers that look like chance.

Rule guarded here: hashes rest in the state, so the constants never change.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Odd 64-bit multipliers: fractional digits of the golden ratio and of pi.
GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
MIX_2: Final = np.uint64(0x94D049BB133111EB)
TURN: Final = np.uint64(0x13198A2E03707345)


def mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each value scrambled: a bijection of the 64-bit integers in which every bit depends on every bit.

    Parameters
    ----------
    values : ndarray of uint64
        Any shape.

    Returns
    -------
    ndarray of uint64
        Same shape.

    References
    ----------
    .. [1] Steele, Lea, Flood. Fast splittable pseudorandom number generators. OOPSLA 2014 (the output function of
       SplitMix64, with the constants of Stafford's variant 13).
    """
    values = values + GOLDEN
    values = (values ^ (values >> np.uint64(30))) * MIX_1
    values = (values ^ (values >> np.uint64(27))) * MIX_2
    return values ^ (values >> np.uint64(31))
