"""The ``evaluate`` command: options in, stages called, findings out with an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from io import TextIOWrapper
from typing import Any

import typer
from typer.exceptions import TyperException

from evaluator import display
from evaluator.cli import (  # noqa: F401 - their commands register themselves
    checking,
    deciding,
    defending,
    deploying,
    linting,
    mining,
    starting,
    study,
    trying,
)
from evaluator.cli.app import app
from evaluator.findings import EvaluationError, ExitCode, Finding


def guarded(command: Callable[[], Any]) -> int:
    """Run a command; turn every way in which it can fail into a message and an exit code."""
    try:
        code = command()
        sys.stdout.flush()  # must fail here, where it can be explained, and not at exit
        if code == ExitCode.INTERRUPTED:  # what typer makes of Ctrl-C
            raise KeyboardInterrupt
    except EvaluationError as error:
        display.findings(error.findings)
        return int(error.exit_code)
    except TyperException as error:
        show = getattr(error, "show", None)
        if show is not None:  # a usage error knows its command and prints its usage line
            show()
        else:
            display.findings([Finding("usage", error.format_message())])
        return int(ExitCode.INVALID)
    except typer.Exit as error:
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        display.note("Interrupted; nothing half-written was left.")
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        _silence_stdout()
        return int(ExitCode.OK)
    except SystemExit as error:
        _silence_stdout()
        # typer exits by itself, with 1, only when the reader is gone; a signal ends with its own
        return error.code if isinstance(error.code, int) and error.code > 1 else int(ExitCode.OK)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        problem = f"{place}{error.strerror or error}"
        _silence_stdout()
        display.findings([Finding("output-failed", problem, remedy="free space or pick --out")])
        return int(ExitCode.INVALID)
    except Exception as error:
        if os.environ.get("EVALUATE_DEBUG"):
            raise
        problem = f"{type(error).__name__}: {error}"
        remedy = "this is a fault of the tool; set EVALUATE_DEBUG=1 for the traceback to report"
        display.findings([Finding("internal", problem, remedy=remedy)])
        return int(ExitCode.INTERNAL)
    return code if isinstance(code, int) else int(ExitCode.OK)


def _silence_stdout() -> None:
    """Send what is still buffered nowhere, lest the interpreter try and fail again at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> int:
    """Run what the command line says; gives the exit code."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - till exit
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without UTF-8 still gets its answer
    return guarded(lambda: app(prog_name="evaluate", standalone_mode=False))
