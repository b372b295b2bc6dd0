"""``python -m evaluator`` is ``evaluate``; an interrupt is answered from the first moment on."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from typing import TYPE_CHECKING

from evaluator.findings import ExitCode

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


def main() -> None:
    """Entry point of the ``evaluate`` script."""
    sys.unraisablehook = _pass_interrupts_on
    try:
        from evaluator import cli
    except KeyboardInterrupt:
        print("Interrupted; nothing was begun.", file=sys.stderr)
        raise SystemExit(int(ExitCode.INTERRUPTED)) from None
    code = cli.run()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left to do is to end
    raise SystemExit(code)


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
