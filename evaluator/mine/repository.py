"""Git as mining uses it: checked addresses, bounded commands, private bare mirrors.

A catalogue is untrusted input and so is a repository.  Only https, ssh and git addresses are
taken (plain paths when asked for), every command ends its options before it names anything, and
nothing of a repository is ever checked out or run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from evaluator.mine.cache import Cache

CLONE_SECONDS = 3600
QUERY_SECONDS = 300
LOG_SECONDS = 3600

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


class SourceError(Exception):
    """A source could not be mined; the text is the reason, fit to be shown."""

    def __init__(self, reason: str) -> None:
        super().__init__(shown(reason))


def shown(text: str) -> str:
    """Text of others made fit to show: no credentials, no control characters, not endless."""
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


def _environment() -> dict[str, str]:
    # A caller's own repository must not leak in (hooks set GIT_DIR); the user's configuration
    # must: url.<base>.insteadOf leads to mirrors.
    env = {k: v for k, v in os.environ.items() if not re.match(r"GIT_(DIR|WORK|INDEX|OBJ|ALT)", k)}
    env |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PAGER": "cat",
        "GIT_ALLOW_PROTOCOL": "file:git:https:ssh",
        # No question about a password or a host key: nobody is there to answer.
        "SSH_ASKPASS": "false",
        "SSH_ASKPASS_REQUIRE": "force",
    }
    return env


@dataclass
class Git:
    """Runs git; :meth:`stop` ends whatever is still running."""

    _live: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def version(self) -> str:
        """Version of the installed git."""
        said = subprocess.run(["git", "version"], capture_output=True, check=False).stdout
        return said.decode("utf-8", "replace").split(" ")[2].strip() if said else ""

    def stop(self) -> None:
        """End all running commands and refuse new ones."""
        self._stopped.set()
        for process in list(self._live):
            process.kill()

    def run(self, *arguments: str, given: bytes = b"", seconds: int = QUERY_SECONDS) -> bytes:
        """Output of a git command.

        Raises
        ------
        SourceError
            With git's own message when it fails, or when it takes longer than ``seconds``.
        """
        with tempfile.TemporaryFile() as feed:
            feed.write(given)
            feed.seek(0)
            return b"".join(self._chunks(arguments, feed.fileno(), seconds))

    def lines(self, *arguments: str, seconds: int = LOG_SECONDS) -> Iterator[str]:
        """Lines of output as they come; bytes that are not UTF-8 are replaced."""
        for line in self._chunks(arguments, subprocess.DEVNULL, seconds):
            yield line.decode("utf-8", "replace")

    def raw_lines(self, *arguments: str, given: bytes) -> Iterator[bytes]:
        """Lines of output as bytes, for a command that is told on its input what to give."""
        with tempfile.TemporaryFile() as feed:
            feed.write(given)
            feed.seek(0)
            yield from self._chunks(arguments, feed.fileno(), LOG_SECONDS)

    def _chunks(self, arguments: tuple[str, ...], feed: int, seconds: int) -> Iterator[bytes]:
        if self._stopped.is_set():
            raise SourceError("interrupted")
        with tempfile.TemporaryFile() as errors:
            try:
                process = subprocess.Popen(
                    ["git", *OPTIONS, *arguments],
                    stdin=feed,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=_environment(),
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
            if self._stopped.is_set():
                process.kill()
            try:
                with process:
                    yield from process.stdout or ()
            finally:
                timer.cancel()
                process.kill()
                self._live.discard(process)
            if late.is_set():
                raise SourceError(f"git took longer than {seconds} s and was ended")
            if process.returncode:
                errors.seek(0)
                said = errors.read(4000).decode("utf-8", "replace")
                raise SourceError(said or f"git ended with status {process.returncode}")


@dataclass(frozen=True)
class Repository:
    """A bare mirror at one commit of one branch."""

    git: Git
    path: Path
    branch: str
    head: str

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        return self.git.run(f"--git-dir={self.path}", *arguments, given=given)

    def lines(self, *arguments: str) -> Iterator[str]:
        return self.git.lines(f"--git-dir={self.path}", *arguments)

    def blobs(self, identifiers: list[str]) -> Iterator[bytes]:
        """Contents of objects in the order asked for, one at a time in memory."""
        given = "".join(f"{i}\n" for i in identifiers).encode()
        lines = self.git.raw_lines(f"--git-dir={self.path}", "cat-file", "--batch", given=given)
        for header in lines:
            size = int(header.split()[2])
            content = bytearray()
            while len(content) <= size:
                content += next(lines)
            yield bytes(content[:size])

    def tags(self) -> Iterator[tuple[str, int]]:
        """Tags and the date of the commit that each marks, in seconds since 1970.

        The date of the tag itself is not used: whole series were tagged years later in bulk
        (crmsh 1.2, corosync 0.9x), and tags of old imports have no date at all.
        """
        form = "%(refname:lstrip=2)%00%(committerdate:unix)%00%(*committerdate:unix)"
        for line in self.lines("for-each-ref", f"--format={form}", "refs/tags"):
            tag, direct, peeled = line.rstrip("\n").split("\0")
            if direct or peeled:
                yield tag, int(peeled or direct)

    def mailmap(self, identities: list[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
        """What the branch's ``.mailmap`` makes of names and addresses, by git's own rules."""
        typed = [f"{name} <{address}>" for name, address in identities]
        said = self.run(
            *("-c", f"mailmap.blob={self.head}:.mailmap"),
            *("check-mailmap", "--stdin"),
            given=("\n".join(typed) + "\n").encode() if typed else b"",
        )
        answers = said.decode("utf-8", "replace").splitlines()
        if len(answers) != len(identities):
            raise SourceError("git check-mailmap did not answer for every identity")
        return dict(zip(identities, map(split_identity, answers), strict=True))


def split_identity(text: str) -> tuple[str, str]:
    """Name and address of ``Name <address>``; either may be empty."""
    name, _, rest = text.rpartition("<") if "<" in text else (text, "", "")
    return name.strip(" <>"), rest.strip(" <>")


def open_mirror(git: Git, cache: Cache, url: str, branch: str | None) -> Repository:
    """Bring the private mirror of ``url`` up to date and stand on its branch.

    Raises
    ------
    SourceError
        When the repository cannot be reached, is empty, or has no such branch.
    """
    with cache.mirror_of(url) as place:
        transport = _foreign_owner(git, url)
        default = _default_branch(git, url, transport)
        if place.exists():
            git.run(
                *(f"--git-dir={place}", "fetch", "--quiet", "--prune", "--force", *transport),
                *("--", url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"),
                seconds=CLONE_SECONDS,
            )
        else:
            _clone(git, url, place, transport)
    wanted = branch or default
    if wanted is None:
        raise SourceError("the repository's HEAD names no branch; give one as 'branch'")
    try:
        ref = f"refs/heads/{wanted}^{{commit}}"
        said = git.run(f"--git-dir={place}", "rev-parse", "--verify", "--end-of-options", ref)
    except SourceError:
        raise SourceError(f"the repository has no branch {wanted!r}") from None
    return Repository(git, place, wanted, said.decode().split()[-1])


def _foreign_owner(git: Git, url: str) -> list[str]:
    """Option to read a local repository of another user, which git else refuses.

    Serving a repository is safe whoever owns it, since ``upload-pack`` runs nothing of it.
    """
    actual = git.run("ls-remote", "--get-url", "--", url).decode().strip()
    place = Path(actual.removeprefix("file://"))
    if not place.is_absolute() or not place.exists() or place.stat().st_uid == os.geteuid():
        return []
    return ["--upload-pack=git -c safe.directory='*' upload-pack"]


def _default_branch(git: Git, url: str, transport: list[str]) -> str | None:
    said = git.run("ls-remote", "--symref", *transport, "--", url).decode("utf-8", "replace")
    match = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", said, re.MULTILINE)
    if match:
        return match[1]
    if "\trefs/heads/" not in said:
        raise SourceError("the repository is empty")
    return None


def _clone(git: Git, url: str, place: Path, transport: list[str]) -> None:
    aside = place.with_suffix(".partial")
    shutil.rmtree(aside, ignore_errors=True)
    local = ["--no-local"] if transport else []
    try:
        git.run(
            *("clone", "--quiet", "--mirror", *local, *transport, "--", url, str(aside)),
            seconds=CLONE_SECONDS,
        )
        aside.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
