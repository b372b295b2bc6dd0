"""``python -m evaluator`` is ``evaluate``; an interrupt is answered from the first moment on."""

from __future__ import annotations

import _thread
import sys
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
    cli.main()


def _pass_interrupts_on(found: UnraisableHookArgs) -> None:
    """An interrupt that hits where nothing can be raised (a destructor) hits again right after."""
    if issubclass(found.exc_type, KeyboardInterrupt):
        _thread.interrupt_main()
    else:
        sys.__unraisablehook__(found)


if __name__ == "__main__":
    main()
