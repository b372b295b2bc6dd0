"""Git as mining uses it: checked addresses, bounded commands, private bare mirrors.

A catalogue is untrusted input and so is a repository.  Only https, ssh and git addresses are
taken (plain paths when asked for), every command ends its options before it names anything, and
nothing of a repository is ever checked out or run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from evaluator.mine.cache import Cache, Mirror

CLONE_SECONDS = 3600
QUERY_SECONDS = 300
LOG_SECONDS = 3600
KILLED = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that say nothing about what git was reading."""
DAMAGED = "damaged"
"""File that marks a mirror which git could not read."""
LONGEST_TEXT = 2000
"""In characters; longer texts of others are cut before anything is searched in them."""
LONGEST_LINE = 1 << 16
"""In bytes; what a line of a log has beyond it is left out, lest one line fill the memory."""

ADDRESS = re.compile(r"(?:https|ssh|git)://(?!-)[^\s/]+/\S+", re.ASCII)
LOCAL = re.compile(r"(?:file://)?/|http://(?:127\.0\.0\.1|localhost|\[::1\])[:/]")
ALLOWED = "allowed: https://, ssh:// and git:// addresses"
OPTIONS = (
    "--no-replace-objects",
    "--literal-pathspecs",
    *("-c", "core.quotePath=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.attributesFile=/dev/null"),
    *("-c", "diff.algorithm=myers"),
    *("-c", "gc.autoDetach=false"),
    *("-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true"),
    *("-c", "http.lowSpeedLimit=1000"),
    *("-c", "http.lowSpeedTime=60"),
)
STRAIGHT = ("-c", "http.followRedirects=false")


class SourceError(Exception):
    """A source could not be mined; the text is the reason, fit to be shown."""

    def __init__(self, reason: str) -> None:
        super().__init__(shown(reason))


class GitError(SourceError):
    """Git itself said no; the text is its message."""


class DamagedError(SourceError):
    """A mirror that git can no longer read; the next to open it has a new one."""


def shown(text: str) -> str:
    """Text of others made fit to show: no credentials, no control characters, not endless."""
    text = text[:LONGEST_TEXT]
    text = re.sub(r"(\w+://)[^/@\s]*@", r"\1", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:500]


def checked_url(url: str, *, allow_local: bool) -> str:
    """The address itself when it is one that mining may use.

    Raises
    ------
    SourceError
        For any other protocol (``ext::``, ``file:``, plain paths, …) or an option in disguise.
    """
    if ADDRESS.fullmatch(url) and "::" not in url.partition("://")[0]:
        return url
    if allow_local and LOCAL.match(url) and url.isprintable():
        return url
    raise SourceError(f"the address {url!r} is refused; {ALLOWED}")


def _environment(*, allow_local: bool) -> dict[str, str]:
    # A caller's own repository must not leak in (hooks set GIT_DIR); the user's configuration
    # must: url.<base>.insteadOf leads to mirrors.
    env = {k: v for k, v in os.environ.items() if not re.match(r"GIT_(DIR|WORK|INDEX|OBJ|ALT)", k)}
    env |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        # Plain http is for a server on this machine; else a redirection could lead to it.
        "GIT_ALLOW_PROTOCOL": "file:git:https:ssh" + (":http" if allow_local else ""),
        # No question about a password or a host key: nobody is there to answer.
        "SSH_ASKPASS": "false",
        "SSH_ASKPASS_REQUIRE": "force",
        # A reader of diffs allocates and frees megabytes for every commit: glibc gives each back to
        # the system and gets it again, page by page, which takes a third of a short reader's time.
        "MALLOC_TOP_PAD_": str(64 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(512 << 20),
        "MALLOC_MMAP_THRESHOLD_": str(256 << 20),
    }
    return env


class Git:
    """Runs git, no more than so many readers of histories at once; :meth:`stop` ends them all."""

    def __init__(self, jobs: int | None = None, *, allow_local: bool = False) -> None:
        self.jobs = jobs or os.cpu_count() or 1
        self.readers = ThreadPoolExecutor(self.jobs, "reader")
        self._environment = _environment(allow_local=allow_local)
        self._live: set[subprocess.Popen[bytes]] = set()
        self._stopped = threading.Event()

    def version(self) -> str:
        """Version of the installed git."""
        said = subprocess.run(["git", "version"], capture_output=True, check=False).stdout
        return said.decode("utf-8", "replace").split(" ")[2].strip() if said else ""

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """End all running commands and refuse new ones."""
        self._stopped.set()
        for process in list(self._live):
            process.kill()
        self.readers.shutdown(cancel_futures=True)

    def run(
        self,
        *arguments: str,
        given: bytes = b"",
        seconds: int = QUERY_SECONDS,
        holding: tuple[int, ...] = (),
    ) -> tuple[bytes, str]:
        """What a git command wrote to standard output, and what to standard error.

        Parameters
        ----------
        arguments
            The command and its arguments.
        given
            Its standard input.
        seconds
            How long it may take.
        holding
            Open locks that must stay locked for as long as the command lives, even after us.

        Raises
        ------
        GitError
            With git's own message when it fails.
        SourceError
            When it takes longer, or git cannot be run.
        """
        warnings: list[str] = []
        chunks = self._chunks(arguments, given, seconds, _whole, holding, warnings)
        return b"".join(chunks), "".join(warnings)

    def lines(self, *arguments: str, given: bytes = b"", errors: str = "replace") -> Iterator[str]:
        """Lines of output as they come, decoded with ``errors`` as a codec takes it."""
        for line in self._chunks(arguments, given, LOG_SECONDS, _bounded_lines):
            yield line.decode("utf-8", errors)

    def raw_lines(self, *arguments: str, given: bytes) -> Iterator[bytes]:
        """Lines of output as bytes, for a command that is told on its input what to give."""
        yield from self._chunks(arguments, given, LOG_SECONDS, iter)

    def _chunks(
        self,
        arguments: tuple[str, ...],
        given: bytes,
        seconds: int,
        split: Callable[[IO[bytes]], Iterator[bytes]],
        holding: tuple[int, ...] = (),
        warnings: list[str] | None = None,
    ) -> Iterator[bytes]:
        if self.stopped:
            raise SourceError("interrupted")
        with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as feed:
            feed.write(given)
            feed.seek(0)
            try:
                process = subprocess.Popen(
                    ["git", *OPTIONS, *arguments],
                    stdin=feed,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=self._environment,
                    pass_fds=holding,
                )
            except OSError as error:
                raise SourceError(f"git cannot be run: {error.strerror}") from error
            late = threading.Event()

            def give_up() -> None:
                late.set()
                process.kill()

            timer = threading.Timer(seconds, give_up)
            timer.daemon = True
            timer.start()
            self._live.add(process)
            if self.stopped:
                process.kill()
            try:
                with process:
                    if process.stdout:
                        yield from split(process.stdout)
            finally:
                timer.cancel()
                process.kill()
                self._live.discard(process)
            errors.seek(0)
            said = errors.read(4000).decode("utf-8", "replace")
            if late.is_set():
                raise SourceError(f"git took longer than {seconds} s and was ended")
            if self.stopped:
                raise SourceError("interrupted")
            if -process.returncode in KILLED:
                raise SourceError(f"git was ended by signal {-process.returncode}")
            if process.returncode:
                raise GitError(said or f"git ended with status {process.returncode}")
            if warnings is not None:
                warnings.append(said)


def _whole(stream: IO[bytes]) -> Iterator[bytes]:
    yield stream.read()


def _bounded_lines(stream: IO[bytes]) -> Iterator[bytes]:
    while line := stream.readline(LONGEST_LINE):
        yield line
        while not line.endswith(b"\n") and line:
            line = stream.readline(LONGEST_LINE)


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
