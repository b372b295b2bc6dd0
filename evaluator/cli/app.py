"""The command's frame: its help, and options that may stand before a command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperGroup

from evaluator.findings import EvaluationError, Finding, allowed_values

EPILOG = """
Exit codes: 0 ok; 1 a rule of --fail-on was broken; 2 usage, invalid input or unwritable output;
3 a source unavailable; 4 cluster build or check failed; 70 internal error; 130 interrupted.
Options whose help names a variable can be set in the environment too; what is typed wins.
"""


IN_ORDER = (
    *("rank", "metrics", "report", "explain", "diff", "mcda", "init"),
    *("bundle", "lint", "validate", "simulate", "deploy", "lab"),
    *("mine", "identities", "schema"),
)
"""Commands as the help lists them."""


class OptionsAnywhere(TyperGroup):
    """Hands options that stand before a command on to it, ahead of the command's own.

    So ``evaluate --criteria a.yml rank`` is ``evaluate rank --criteria a.yml``, and what is typed
    there outranks the environment too.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands, those that are named in an order first."""
        found = super().list_commands(ctx)
        return [name for name in IN_ORDER if name in found] + [
            name for name in found if name not in IN_ORDER
        ]

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        typed = [
            _as_typed(parameter, value)
            for parameter in self.get_params(ctx)
            if parameter.name in ctx.params
            and ctx.get_parameter_source(parameter.name).name == "COMMANDLINE"
            for value in _each(ctx.params[parameter.name])
        ]
        return name, command, [*typed, *rest]


def _as_typed(option: Any, value: Any) -> str:
    name: str = option.opts[0]
    return name if getattr(option, "is_flag", False) else f"{name}={value}"


def _each(value: Any) -> list[Any]:
    """The values of an option that may be given more than once."""
    return value if isinstance(value, list) else [value]


app = typer.Typer(
    cls=OptionsAnywhere,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Choose free software for a service, defend the choice, and get the cluster to run it.",
    epilog=EPILOG,
)


def unknown(what: str, typed: str, known: Iterable[str]) -> EvaluationError:
    """The error for a name that nothing has."""
    remedy = allowed_values(typed, known, most=40)
    return EvaluationError(Finding(f"unknown-{what}", f"unknown {what} {typed!r}", remedy=remedy))
