"""Commands that make a cluster out of a stack: its bundle, and what is done with that."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from evaluator import display
from evaluator.cli.app import app
from evaluator.cli.options import (
    AsOfOption,
    CriteriaOption,
    FormatOption,
    OutOption,
    SeedOption,
    SiteOption,
    SnapshotOption,
    WithoutTrialsOption,
)
from evaluator.deploy import Access, apply, export, roll_back, roll_update, verify
from evaluator.deploy.plan import beside, checked, plan, save
from evaluator.display import deploying
from evaluator.findings import EvaluationError, ExitCode, Finding
from evaluator.pipeline import DEFAULT_SEED, load

deploy = typer.Typer(
    help="Build the cluster of a bundle, hold it against its model, undo it, read it back.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
)
app.add_typer(deploy, name="deploy")

BundleArgument = Annotated[
    Path,
    # absolute, as Ansible takes relative paths from elsewhere
    typer.Argument(metavar="BUNDLE", help="Folder of a bundle.", callback=Path.absolute),
]
SecretsOption = Annotated[
    Path | None,
    typer.Option(
        "--secrets",
        envvar="EVALUATE_SECRETS",
        help="YAML file with the passwords that the bundle names, best made by ansible-vault.",
    ),
]
VaultOption = Annotated[
    Path | None,
    typer.Option(
        "--vault-password-file",
        envvar="EVALUATE_VAULT_PASSWORD_FILE",
        help="File with the password of --secrets.",
    ),
]
SshOption = Annotated[
    Path | None,
    typer.Option("--ssh-config", envvar="EVALUATE_SSH_CONFIG", help="OpenSSH's configuration."),
]
UserOption = Annotated[
    str | None,
    typer.Option("--user", envvar="EVALUATE_USER", help="Log in as this user, with sudo."),
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        metavar="CODE",
        help="Take this rule's risk knowingly (repeatable); the bundle says so.",
    ),
]


@app.command()
def bundle(
    criteria: CriteriaOption = "sme.yml",
    site: SiteOption = None,
    snapshot: SnapshotOption = None,
    as_of: AsOfOption = None,
    out: OutOption = Path("bundle"),
    seed: SeedOption = DEFAULT_SEED,
    without_trials: WithoutTrialsOption = False,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Render this stack instead of the winner.")
    ] = None,
    cluster: Annotated[
        Path | None,
        typer.Option("--cluster", help="Render this cluster.yml; no study is needed."),
    ] = None,
    accept: AcceptOption = None,
) -> None:
    """Write the deploy bundle of the winner, of another deployable stack, or of a cluster.yml."""
    from evaluator import lint
    from evaluator.bundle import render, write
    from evaluator.cluster import read

    if cluster is not None:
        if stack or site:
            raise EvaluationError(
                Finding("usage", "--cluster names stack and site already", remedy="leave them out")
            )
        declaration, places = read(cluster)
        taken = sorted({*declaration.accepted, *(accept or ())})
        declaration = declaration.model_copy(update={"accepted": taken})
        path = write(render(declaration, places), out)
    else:
        analysis = load(criteria, site=site, snapshot=snapshot, trials=not without_trials)
        run = analysis.run(as_of=as_of, seed=seed)
        if stack and (chosen := run.evaluation.find(stack)) and chosen.outcome == "removed":
            display.note(f"Note: the criteria removed {stack!r}: {'; '.join(chosen.reasons)}.")
        path = run.bundle(out, stack, accept=accept or ())
    display.findings(lint.lint(lint.read(path)))
    display.written([path], display.Format.table)


def _access(
    secrets: SecretsOption = None,
    vault_password: VaultOption = None,
    ssh_config: SshOption = None,
    user: UserOption = None,
) -> Access:
    for option, path in (
        ("--secrets", secrets),
        ("--vault-password-file", vault_password),
        ("--ssh-config", ssh_config),
    ):
        if path is not None and not path.is_file():
            raise EvaluationError(Finding("no-file", f"{option}: there is no file {str(path)!r}"))
    return Access(secrets, vault_password, ssh_config, user)


def reaching(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of :func:`_access` in place of its parameter ``access``."""
    how = inspect.signature(_access, eval_str=True).parameters
    own = dict(inspect.signature(command, eval_str=True).parameters)
    del own["access"]

    @functools.wraps(command)
    def reached(**typed: Any) -> None:
        access = _access(**{name: typed.pop(name) for name in how})
        command(**typed, access=access)

    options = [p.replace(kind=p.KEYWORD_ONLY) for p in (*own.values(), *how.values())]
    reached.__signature__ = inspect.Signature(options)  # type: ignore[attr-defined] # typer reads it
    return reached


@deploy.command("plan")
@reaching
def plan_command(
    bundle: BundleArgument,
    access: Access,
    out: Annotated[
        Path | None, typer.Option("--out", help="The plan's file (default: BUNDLE.plan.json).")
    ] = None,
    fail_on_change: Annotated[
        bool, typer.Option("--fail-on-change", help="End with 1 if anything would change.")
    ] = False,
    format: FormatOption = display.Format.table,
) -> None:
    """Show what would change on each node, and write the plan that apply needs."""
    display.findings(checked(bundle)[1])
    with deploying.watched("Asking the nodes") as watch:
        made, outcome = plan(bundle, access, now=dt.datetime.now(dt.UTC), watch=watch)
    deploying.plan(made, outcome, format)
    display.written([save(made, out or beside(bundle))], display.Format.json)
    if fail_on_change and made.changes:
        raise typer.Exit(int(ExitCode.FINDINGS))


@deploy.command("apply")
@reaching
def apply_command(
    bundle: BundleArgument,
    access: Access,
    planned: Annotated[
        Path | None, typer.Option("--plan", help="The plan (default: BUNDLE.plan.json).")
    ] = None,
) -> None:
    """Do what was planned: build the cluster, or take away what has drifted from the bundle."""
    with deploying.watched("Building") as watch:
        outcome = apply(bundle, access, plan=planned, watch=watch)
    deploying.outcome(outcome)


@deploy.command("verify")
@reaching
def verify_command(bundle: BundleArgument, access: Access) -> None:
    """Hold the running cluster against the bundle; change nothing."""
    with deploying.watched("Verifying") as watch:
        outcome = verify(bundle, access, watch=watch)
    deploying.verified(outcome)


@deploy.command("rollback")
@reaching
def rollback_command(bundle: BundleArgument, access: Access) -> None:
    """Restore what was on the nodes before the last apply, one node after the other."""
    with deploying.watched("Restoring") as watch:
        outcome = roll_back(bundle, access, watch=watch)
    deploying.outcome(outcome)


@deploy.command("rolling-update")
@reaching
def rolling_update_command(bundle: BundleArgument, access: Access) -> None:
    """Renew the packages of one node after the other while the service goes on."""
    with deploying.watched("Updating") as watch:
        outcome = roll_update(bundle, access, watch=watch)
    deploying.outcome(outcome)


@deploy.command("export")
@reaching
def export_command(
    bundle: BundleArgument,
    access: Access,
    out: Annotated[Path, typer.Option("--out", help="Folder for cluster.yml.")] = Path("export"),
) -> None:
    """Read the running cluster back into a cluster.yml, from which its bundle can be rendered."""
    with deploying.watched("Reading the nodes") as watch:
        path, found = export(bundle, access, out, watch=watch)
    display.findings(found)
    display.written([path], display.Format.table)
