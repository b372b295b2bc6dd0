"""``python -m evaluator`` is ``evaluate``; an interrupt is answered from the first moment on."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from evaluator.findings import ExitCode

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


def main() -> None:
    """Entry point of the ``evaluate`` script."""
    _open_standard_streams()
    sys.unraisablehook = _pass_interrupts_on
    try:
        from evaluator import cli
    except KeyboardInterrupt:
        print("Interrupted; nothing was begun.", file=sys.stderr)
        code = int(ExitCode.INTERRUPTED)
    else:
        code = cli.run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left to do is to end
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Everything is written: the libraries' own ending takes half a second and may abort, and
    # Python's kills itself by the signal if an interrupt once passed through an exec of an import.
    os._exit(code)


def _open_standard_streams() -> None:
    """Fill the place of a stream that the caller closed, before any other file can take it."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def _pass_interrupts_on(found: UnraisableHookArgs) -> None:
    """An interrupt that hits where nothing can be raised (a destructor) hits again soon after."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        again = threading.Timer(0.02, _thread.interrupt_main)
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(found)


if __name__ == "__main__":
    main()
