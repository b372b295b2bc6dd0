"""Mining under bad input, for as long as there is time.

    python -m tests.bench.fuzz --seconds 480                     # all targets, a share each
    python -m tests.bench.fuzz --seconds 60 --target mbox --seed 3

Inputs are the corpus of the tests, garbled; those of structured targets are decisions, as bytes.
With Atheris installed (``pip install atheris``; not a dependency) the mutations follow what the
product's code has covered, without it they are random.  What counts as a mistake is in
:mod:`tests.mine.oracle`.  Each target runs in a process of its own, with bounds of time and memory
for every input; inputs that fail are kept in ``--keep``.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import logging
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "mine" / "corpus"
NAMES = (
    *("git-log", "mbox", "message", "issue-json", "perceval-json", "debian", "repository"),
    *("catalogue", "identities"),
)
SECONDS = 30
"""For one input; more is a hang."""
MEGABYTES = 1500
"""At the peak of a process, all its inputs together; more is a crash of its own."""
LONGEST = 20_000
"""Bytes of an input; large ones have tests of their own."""
DECISIONS = (60, 150, 300, 600)
MARGIN = 90
"""Seconds that a target may take to begin and to end."""


@dataclass
class Figures:
    """What became of the inputs of a target."""

    target: str
    engine: str
    inputs: int = 0
    refused: int = 0
    items: int = 0
    rows: int = 0
    reasons: int = 0
    crashes: int = 0
    losses: int = 0
    seconds: float = 0.0
    megabytes: int = 0
    mistakes: dict[str, str] = field(default_factory=dict)
    """What went wrong, with the first input that did it."""


class HangError(Exception):
    """An input took longer than it may."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--target", choices=NAMES, action="append")
    parser.add_argument("--engine", choices=("atheris", "random"), default=usual_engine())
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "fuzz-failures")
    parser.add_argument("--figures", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.figures:
        run(options)
        return 0
    targets = options.target or NAMES
    share = options.seconds / len(targets)
    found = [in_process(name, share, options) for name in targets]
    tell(found)
    return int(any(f.crashes or f.losses for f in found))


def usual_engine() -> str:
    return "atheris" if importlib.util.find_spec("atheris") else "random"


def in_process(name: str, seconds: float, options: argparse.Namespace) -> Figures:
    """Fuzz a target in a process of its own, which may die of it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.bench.fuzz", "--target", name]
        command += ["--seconds", str(seconds), "--seed", str(options.seed)]
        command += [
            "--engine",
            options.engine,
            "--keep",
            str(options.keep),
            "--figures",
            str(place),
        ]
        problem = ""
        try:
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, timeout=seconds + MARGIN, check=False
            )
            if done.returncode:
                problem = f"ended with {done.returncode}: {done.stderr.decode()[-300:]}"
        except subprocess.TimeoutExpired:
            problem = "hangs"
        said = json.loads(place.read_text()) if place.exists() else {}
    figures = Figures(**({"target": name, "engine": options.engine} | said))
    if problem:
        figures.crashes += 1
        figures.mistakes[problem] = "the last input"
    if figures.megabytes > MEGABYTES:
        figures.crashes += 1
        figures.mistakes[f"{figures.megabytes} MB of memory"] = "unknown"
    return figures


def run(options: argparse.Namespace) -> None:
    """Fuzz one target for its time, and write the figures."""
    (name,) = options.target
    figures = Figures(name, options.engine)
    begin = time.monotonic()
    random.seed(options.seed)

    if options.engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["evaluator.mine", "perceval"]):
            from tests.mine.targets import TARGETS
    else:
        from tests.mine.targets import TARGETS
    from tests.mine.oracle import without_network

    # Perceval tells of what it meets, in the words of whoever wrote it.
    logging.disable()
    scratch = tempfile.TemporaryDirectory(prefix="fuzz-")
    target, corpus = TARGETS[name], sorted((CORPUS / name).glob("*"))

    def over() -> bool:
        return time.monotonic() - begin > options.seconds

    def end() -> None:
        figures.seconds = round(time.monotonic() - begin, 1)
        figures.megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        options.figures.write_text(json.dumps(asdict(figures)))

    def one(content: bytes) -> None:
        attempt(figures, target, content, options.keep)
        if over() or figures.inputs % 50 == 0:
            end()

    with scratch as place, without_network(Path(place)):
        seeds = [path.read_bytes() for path in corpus]
        for seed in seeds:
            one(seed)
        if options.engine == "random" or not seeds:
            figures.engine = "random"
            for content in inputs(seeds, options.seed):
                if over():
                    break
                one(content)
            end()
        else:
            arguments = [f"-seed={options.seed}", f"-max_total_time={options.seconds:.0f}"]
            arguments += [f"-max_len={LONGEST}", "-timeout=0", "-rss_limit_mb=0", "-verbosity=0"]
            atheris.Setup([sys.argv[0], *arguments, str(copied(place, corpus))], one)
            atheris.Fuzz()


def copied(place: str, corpus: list[Path]) -> Path:
    """A folder for what Atheris adds to the corpus."""
    folder = Path(place) / "corpus"
    folder.mkdir()
    for path in corpus:
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def inputs(seeds: list[bytes], seed: int) -> Iterator[bytes]:
    """Garbled texts, or decisions when there is no text to begin with."""
    from tests.mine.hostile import Choices, garbled

    chance = random.Random(seed)  # noqa: S311  # no secret
    while True:
        decisions = chance.randbytes(chance.choice(DECISIONS))
        yield garbled(chance.choice(seeds), Choices(decisions)) if seeds else decisions


def attempt(
    figures: Figures, target: Callable[[bytes, Path], object], content: bytes, keep: Path
) -> None:
    """Give one input to a target, and count what became of it."""
    from tests.mine.oracle import LossError, Tally

    def hang(*_: object) -> None:
        raise HangError(f"longer than {SECONDS} s")

    signal.signal(signal.SIGALRM, hang)
    figures.inputs += 1
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        try:
            signal.alarm(SECONDS)
            tally = target(content, Path(place))
            signal.alarm(0)
            if isinstance(tally, Tally):
                figures.refused += bool(tally.refused)
                figures.items += tally.items
                figures.rows += tally.rows
                figures.reasons += tally.reasons
        except Exception as error:
            signal.alarm(0)
            figures.losses += isinstance(error, LossError)
            figures.crashes += not isinstance(error, LossError)
            frames = [
                f for f in traceback.extract_tb(error.__traceback__) if str(ROOT) in f.filename
            ]
            last = frames[-1]
            what = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {error}"
            kept = keep / f"{figures.target}-{hashlib.sha256(content).hexdigest()[:12]}"
            if figures.mistakes.setdefault(what[:200], str(kept)) == str(kept):
                kept.write_bytes(content)


def tell(found: list[Figures]) -> None:
    """Print the table of figures, and what went wrong."""
    columns = ("inputs", "refused", "items", "rows", "reasons", "crashes", "losses", "seconds")
    print(f"{'target':14} {'engine':8} " + " ".join(f"{c:>8}" for c in (*columns, "MB")))
    total: Counter[str] = Counter()
    for figures in found:
        values = {c: getattr(figures, c) for c in columns}
        total.update(values)
        cells = " ".join(f"{v:>8}" for v in (*values.values(), figures.megabytes))
        print(f"{figures.target:14} {figures.engine:8} {cells}")
    print(f"{'all':23} " + " ".join(f"{round(total[c]):>8}" for c in columns))
    print("items may be part of an input that is refused as a whole; losses are silent ones")
    for figures in found:
        for what, kept in figures.mistakes.items():
            print(f"{figures.target}: {what} ({kept})")


if __name__ == "__main__":
    sys.exit(main())
