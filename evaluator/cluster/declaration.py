"""``cluster.yml``: everything that a cluster's files are rendered from, in one file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from evaluator.findings import EvaluationError, Where
from evaluator.study.document import block_yaml, read_document, validate
from evaluator.study.fact import Identifier, Model, Text
from evaluator.study.site import Site, Topology
from evaluator.study.stack import Stack

Manager = Literal["pacemaker", "keepalived", "heartbeat"]


class Choice(Model):
    """The stack that the cluster is made of; ``profile`` is the manager that drives it."""

    id: Identifier
    name: Text
    profile: Manager
    components: dict[Identifier, Identifier]


class Declaration(Topology):
    """A site's machines and a stack's choice.

    ``accepted`` lists codes of lint rules whose risk somebody has taken on knowingly;
    ``provenance`` says what the choice comes from.
    """

    stack: Choice
    accepted: list[Identifier] = []
    provenance: dict[Text, str] = Field(default_factory=dict)


def declare(
    site: Site, stack: Stack, *, provenance: Mapping[str, str], accepted: tuple[str, ...] = ()
) -> Declaration:
    """Take from a site and a stack what matters to the machines."""
    topology = {name: getattr(site, name) for name in Topology.model_fields}
    return Declaration(
        **topology,
        stack=Choice.model_validate(
            {
                "id": stack.id,
                "name": stack.name,
                "profile": stack.profile or "pacemaker",
                "components": stack.components,
            }
        ),
        accepted=sorted(set(accepted)),
        provenance=dict(sorted(provenance.items())),
    )


def written(declaration: Declaration) -> bytes:
    """The declaration as ``cluster.yml``; the same declaration gives the same bytes."""
    head = (
        "# What every file of this bundle is rendered from: evaluate bundle --cluster cluster.yml\n"
    )
    values = declaration.model_dump(mode="json", exclude_defaults=True)
    # parameters are sorted in the cluster's files, and so when they are read back from there
    for place, key in (("fence_devices", "options"), ("services", "parameters")):
        for entry in values.get(place, ()):
            if key in entry:
                entry[key] = dict(sorted(entry[key].items()))
    return (head + block_yaml(values)).encode()


def read(path: Path) -> tuple[Declaration, dict[str, Where]]:
    """Read ``cluster.yml``; gives the declaration and the place of each of its values.

    Raises
    ------
    EvaluationError
        With a finding for each mistake in it, at its place.
    """
    document = read_document(path)
    declaration, findings = validate(document, Declaration)
    if declaration is None or findings:
        raise EvaluationError(findings)
    return declaration, document.named_places()
