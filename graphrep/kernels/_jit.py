"""The one place where numba is configured.

``cache=True`` raises at decoration time where no cache folder can be written (a
locked-down container, say), so the import of the package would fail: here the
function is then compiled without a cache. ``GRAPHREP_NUMBA_CACHE=0`` switches
the cache off, ``GRAPHREP_NUMBA_SERIAL=1`` compiles parallel kernels serially
(bounds errors inside a parallel loop are lost otherwise). Numba's cache does not
know about either of this and of ``NUMBA_BOUNDSCHECK``, so it is off under both.
"""

import os

import numba
from numba.core.options import DefaultOptions

prange = numba.prange
_SERIAL = os.environ.get("GRAPHREP_NUMBA_SERIAL", "0") == "1"
_CACHE = (
    os.environ.get("GRAPHREP_NUMBA_CACHE", "1") != "0"
    and not _SERIAL
    and not numba.config.BOUNDSCHECK
)
_BORROWED = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


def njit(*args, borrowed=False, **options):
    """``numba.njit`` with a disk cache where there is a place for it.

    ``borrowed=True`` leaves out the counting of references to arrays, which costs
    more than the work where a function is called for each node. It may then neither
    make an array nor a view of one.
    """
    if args:
        return njit()(args[0])
    if borrowed:
        options |= _BORROWED
    if _SERIAL:
        options.pop("parallel", None)

    def wrap(function):
        if _CACHE and not options.get("inline"):
            try:
                return numba.njit(cache=True, **options)(function)
            except RuntimeError:  # no locator: nowhere to write a cache
                pass
        return numba.njit(**options)(function)

    return wrap
