"""Private bare mirrors of repositories.

Every command ends its options before it names anything, and nothing of a repository is ever checked
out or run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from evaluator.mine.cache import Cache, Mirror
from evaluator.mine.command import Git, GitError, SourceError, shown

CLONE_SECONDS = 3600
DAMAGED = "damaged"
"""File that marks a mirror which git could not read."""
STRAIGHT = ("-c", "http.followRedirects=false")


class DamagedError(SourceError):
    """A mirror that git can no longer read; the next to open it has a new one."""


@dataclass(frozen=True)
class Origin:
    """What a repository's origin advertises: its branches, tags, and which branch is the first."""

    url: str
    heads: dict[str, str]
    refs: frozenset[str]
    """Branches and tags as lines of object and name."""
    default: str | None
    digest: str
    """Of everything advertised; the same as last time means that there is nothing new."""
    note: str
    transport: tuple[str, ...]
    """Options that git needs to reach it."""
    reached: str
    """Its address after redirections; whoever fetches from it follows no further one."""

    def branch(self, wanted: str | None) -> tuple[str, str]:
        """Name and newest commit of the wanted branch, or of the default one.

        Raises
        ------
        SourceError
            When there is no such branch.
        """
        name = wanted or self.default
        if name is None:
            raise SourceError("the repository's HEAD names no branch; give one as 'branch'")
        if name not in self.heads:
            raise SourceError(f"the repository has no branch {name!r}")
        return name, self.heads[name]


def ask_origin(git: Git, url: str) -> Origin:
    """Ask the origin what it has; nothing is downloaded.

    Raises
    ------
    SourceError
        When it cannot be reached, is empty, or sends us to another host.
    """
    asked = ("--", url, "HEAD", "refs/heads/*", "refs/tags/*")
    transport: tuple[str, ...] = ()
    try:
        raw, warnings = git.run("ls-remote", "--symref", *asked)
    except GitError as error:
        if "safe.directory" not in str(error):
            raise
        # A repository of another user on this machine.  Serving it is safe whoever owns it, since
        # upload-pack runs nothing of it.
        transport = ("--upload-pack=git -c safe.directory='*' upload-pack",)
        raw, warnings = git.run("ls-remote", "--symref", *transport, *asked)
    reached = _redirected(url, warnings)
    note = "" if reached == url else f"The address redirects to {shown(reached)}"
    heads: dict[str, str] = {}
    refs: set[str] = set()
    default = None
    # By newlines alone: names may hold what Unicode takes for the end of a line.
    for line in raw.decode("utf-8", "replace").split("\n"):
        value, _, ref = line.partition("\t")
        if ref.startswith(("refs/heads/", "refs/tags/")) and not ref.endswith("^{}"):
            refs.add(line)
        if ref.startswith("refs/heads/"):
            heads[ref.removeprefix("refs/heads/")] = value
        elif ref == "HEAD" and value.startswith("ref: refs/heads/"):
            default = value.removeprefix("ref: refs/heads/")
    if not heads:
        raise SourceError("the repository is empty")
    digest = hashlib.sha256(raw).hexdigest()
    return Origin(url, heads, frozenset(refs), default, digest, note, transport, reached)


def _redirected(url: str, warnings: str) -> str:
    """The address to which git followed a redirection; to another host is refused."""
    match = re.search(r"^warning: redirecting to (\S+)$", warnings, re.MULTILINE)
    if not match:
        return url
    if urlsplit(match[1]).hostname != urlsplit(url).hostname:
        raise SourceError(f"the address redirects to {match[1]}; give that one if it is meant")
    return match[1]


@dataclass(frozen=True)
class Repository:
    """A bare mirror at one commit of one branch."""

    git: Git
    path: Path
    branch: str
    head: str
    refs: str
    """Digest of what the origin advertised."""
    fresh: bool
    """Whether it was cloned just now: what git cannot read in it is the origin's own."""

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        return self.git.run(f"--git-dir={self.path}", *arguments, given=given)[0]

    def lines(self, *arguments: str, given: bytes = b"", errors: str = "replace") -> Iterator[str]:
        with self._doubted():
            asked = (f"--git-dir={self.path}", *arguments)
            yield from self.git.lines(*asked, given=given, errors=errors)

    @property
    def shallow(self) -> bool:
        """Whether the beginning of its history is missing, as in its origin."""
        return (self.path / "shallow").exists()

    @contextmanager
    def _doubted(self) -> Iterator[None]:
        try:
            yield
        except GitError as error:
            if self.fresh:
                raise
            with suppress(OSError):
                (self.path / DAMAGED).touch()
            problem = f"its mirror is damaged, and is cloned anew by the next run: {error}"
            raise DamagedError(problem) from error

    def blobs(self, identifiers: list[str]) -> Iterator[bytes]:
        """Contents of objects in the order asked for, one at a time in memory."""
        given = "".join(f"{i}\n" for i in identifiers).encode()
        with self._doubted():
            lines = self.git.raw_lines(f"--git-dir={self.path}", "cat-file", "--batch", given=given)
            for header in lines:
                size = int(header.split()[2])
                content = bytearray()
                while len(content) <= size:
                    content += next(lines)
                yield bytes(content[:size])

    def tags(self) -> Iterator[tuple[str, int | None]]:
        """Tags and the date of the commit that each marks, in seconds since 1970.

        None where git tells no date: of a file, a folder, another tag, a commit without one.

        The date of the tag itself is not used: whole series were tagged years later in bulk
        (crmsh 1.2, corosync 0.9x), and tags of old imports have no date at all.
        """
        form = "%(refname:lstrip=2)%00%(committerdate:unix)%00%(*committerdate:unix)"
        for line in self.lines("for-each-ref", f"--format={form}", "refs/tags"):
            tag, direct, peeled = line.rstrip("\n").split("\0")
            yield tag, int(peeled or direct) if direct or peeled else None

    def mailmap(self, identities: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
        """What the branch's ``.mailmap`` makes of names and addresses, by git's own rules."""
        typed = [f"{name} <{address}>" for name, address in identities]
        said = self.run(
            *("-c", f"mailmap.blob={self.head}:.mailmap"),
            *("check-mailmap", "--stdin"),
            given=("\n".join(typed) + "\n").encode() if typed else b"",
        )
        answers = said.decode("utf-8", "replace").split("\n")[:-1]
        if len(answers) != len(identities):
            raise SourceError("git check-mailmap did not answer for every identity")
        return dict(zip(identities, map(split_identity, answers), strict=True))


def split_identity(text: str) -> tuple[str, str]:
    """Name and address of ``Name <address>``; either may be empty."""
    name, _, rest = text.rpartition("<") if "<" in text else (text, "", "")
    return name.strip(" <>"), rest.strip(" <>")


def open_mirror(
    git: Git, cache: Cache, url: str, branch: str | None, origin: Origin | None = None
) -> Repository:
    """Bring the private mirror of ``url`` up to date and stand on its branch.

    Nothing is fetched when the mirror has what the origin advertises, and a mirror that is damaged
    is replaced.

    Raises
    ------
    SourceError
        When the repository cannot be reached, is empty, or has no such branch.
    """
    origin = origin or ask_origin(git, url)
    name, head = origin.branch(branch)
    with cache.mirror_of(url, lambda: git.stopped) as mirror:
        fresh = not mirror.path.exists() or (mirror.path / DAMAGED).exists()
        if not fresh:
            try:
                if _refs_of(git, mirror) != origin.refs:
                    _fetch(git, origin, mirror)
            except GitError:
                fresh = not _connected(git, mirror)
                if not fresh:
                    raise
        if fresh:
            _clone(git, origin, mirror)
    return Repository(git, mirror.path, name, head, origin.digest, fresh)


def _refs_of(git: Git, mirror: Mirror) -> set[str]:
    form = "--format=%(objectname)%09%(refname)"
    asked = ("for-each-ref", form, "refs/heads", "refs/tags")
    said, _ = git.run(f"--git-dir={mirror.path}", *asked)
    return set(said.decode("utf-8", "replace").rstrip("\n").split("\n"))


def _connected(git: Git, mirror: Mirror) -> bool:
    """Whether all commits and trees can be read; asked when a fetch has failed."""
    asked = ("fsck", "--connectivity-only", "--no-dangling", "--no-progress")
    try:
        git.run(f"--git-dir={mirror.path}", *asked)
    except GitError:
        return False
    return True


def _clone(git: Git, origin: Origin, mirror: Mirror) -> None:
    """Clone aside; only then is a damaged mirror taken away."""
    aside = mirror.path.with_suffix(".partial")
    shutil.rmtree(aside, ignore_errors=True)
    options = ("--no-local", *origin.transport) if origin.transport else ()
    try:
        git.run(
            *(*STRAIGHT, "clone", "--quiet", "--mirror", "--template="),
            *(*options, "--", origin.reached, str(aside)),
            seconds=CLONE_SECONDS,
            holding=(mirror.lock,),
        )
        shutil.rmtree(mirror.path, ignore_errors=True)
        aside.rename(mirror.path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _fetch(git: Git, origin: Origin, mirror: Mirror) -> None:
    # Left by a git that was killed: we hold the mirror's own lock, so they are nobody's.
    for stale in (*mirror.path.rglob("*.lock"), *mirror.path.glob("objects/**/tmp_*")):
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink(missing_ok=True)
    wanted = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
    git.run(
        *(*STRAIGHT, f"--git-dir={mirror.path}", "fetch", "--quiet", "--prune", "--force"),
        *(*origin.transport, "--", origin.reached, *wanted),
        seconds=CLONE_SECONDS,
        holding=(mirror.lock,),
    )
