"""A tree of criteria: weights that are local to their group, multiplied along the path."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluator.rank.pairwise import Priorities, priorities, read_judgements


@dataclass(frozen=True)
class Branch:
    """A criterion, or a group of them; weights count among siblings and are normalised there.

    ``judgements`` between the children (as :func:`read_judgements` takes them) replace their
    weights by AHP priorities.
    """

    name: str
    weight: float = 1.0
    children: tuple[Branch, ...] | None = None
    """None for a criterion."""
    judgements: Any = None


@dataclass(frozen=True)
class GlobalWeight:
    """A criterion's weight in the whole, with the path that explains it."""

    name: str
    path: tuple[str, ...]
    """Groups from the top, and the criterion itself."""
    local: tuple[float, ...]
    """Share among its siblings at each step of the path."""
    weight: float
    """The product of the shares; those of all criteria sum to 1."""


@dataclass(frozen=True)
class Hierarchy:
    """Global weights in the order of the tree, and the consistency of each judged group."""

    weights: tuple[GlobalWeight, ...]
    judged: tuple[tuple[tuple[str, ...], Priorities], ...] = ()

    def cautions(self, limit: float = 0.1) -> tuple[str, ...]:
        """What is inconsistent in the judgements of each group."""
        texts = (p.caution(_named(path), limit) for path, p in self.judged)
        return tuple(text for text in texts if text)


class BadTree(ValueError):  # noqa: N818 - it is what a reader of files reports, place by place
    """The tree has no weights: each problem with the path of the branch that has it."""

    def __init__(self, problems: list[tuple[tuple[str, ...], str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{'/'.join(p) or 'the top'}: {text}" for p, text in problems))


def global_weights(top: tuple[Branch, ...]) -> Hierarchy:
    """Global weights of the criteria under the branches of the top level.

    Raises
    ------
    BadTree
        With every empty group, weight that is no number ≥ 0, group whose weights are all 0,
        judgements that cannot be read, and name that two criteria share.
    """
    root = Branch("", children=top)
    problems = list(_problems(root, ()))
    names = Counter(path[-1] for path, _ in _leaves(root, ()))
    problems += [
        (path, f"{path[-1]!r} names {names[path[-1]]} criteria; a criterion's name is its own")
        for path, _ in _leaves(root, ())
        if names[path[-1]] > 1
    ]
    judged: list[tuple[tuple[str, ...], Priorities]] = []
    shares: dict[tuple[str, ...], float] = {}
    if not problems:
        for path, group in _groups(root, ()):
            children = group.children or ()
            if group.judgements is None:
                total = sum(child.weight for child in children)
                given = tuple(child.weight / total for child in children)
            else:
                try:
                    typed = read_judgements(group.judgements, [c.name for c in children])
                except ValueError as error:
                    problems.append((path, str(error)))
                    continue
                judged.append((path, priorities(typed)))
                given = judged[-1][1].values
            shares |= {(*path, c.name): s for c, s in zip(children, given, strict=True)}
    if problems:
        raise BadTree(problems)
    found = []
    for path, leaf in _leaves(root, ()):
        local = tuple(shares[path[: i + 1]] for i in range(len(path)))
        found.append(GlobalWeight(leaf.name, path, local, math.prod(local)))
    return Hierarchy(tuple(found), tuple(judged))


def _named(path: tuple[str, ...]) -> str:
    inside = "/".join(name for name in path if name)
    return f"judgements in {inside}" if inside else "judgements between criteria"


def _groups(branch: Branch, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Branch]]:
    if branch.children is not None:
        yield path, branch
        for child in branch.children:
            yield from _groups(child, (*path, child.name))


def _leaves(branch: Branch, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Branch]]:
    if branch.children is None:
        yield path, branch
    for child in branch.children or ():
        yield from _leaves(child, (*path, child.name))


def _problems(root: Branch, top: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for path, group in _groups(root, top):
        children = group.children or ()
        wrong = [c for c in children if not (math.isfinite(c.weight) and c.weight >= 0)]
        for child in wrong:
            yield (*path, child.name), f"weight {child.weight:g} is no finite number from 0"
        twice = [n for n, times in Counter(c.name for c in children).items() if times > 1]
        for name in twice:
            if any(c.name == name and c.children is not None for c in children):
                yield (*path, name), f"{name!r} stands twice in its group"
        if not children:
            yield path, "the group is empty; give it criteria, or remove it"
        elif group.judgements is None and not wrong and not any(c.weight > 0 for c in children):
            yield path, "all weights in the group are 0, so nothing can be shared out"
        elif not wrong and not math.isfinite(sum(c.weight for c in children)):
            yield path, "the weights are too large to be added"
