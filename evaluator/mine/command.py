"""Git as a command: addresses checked, time and output bounded, nothing of the caller leaking in.

A catalogue is untrusted input and so is a repository.  Only https, ssh and git addresses are
taken (plain paths when asked for).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO

QUERY_SECONDS = 300
LOG_SECONDS = 3600
KILLED = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that say nothing about what git was reading."""
LONGEST_TEXT = 2000
"""In characters; longer texts of others are cut before anything is searched in them."""
BLOCK = 1 << 16
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


class SourceError(Exception):
    """A source could not be mined; the text is the reason, fit to be shown."""

    def __init__(self, reason: str) -> None:
        super().__init__(shown(reason))


class GitError(SourceError):
    """Git itself said no; the text is its message."""


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
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
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
        # What waits is not cancelled, since nobody would tell who waits for it: it ends by itself.
        self.readers.shutdown()

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
        """Lines of output as they come, without their ends; ``errors`` as a codec takes it."""
        # Many at a time: a call for each line would take as long as git itself.
        for block in self._chunks(arguments, given, LOG_SECONDS, _bounded_lines):
            yield from block.decode("utf-8", errors).split("\n")

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
    """Blocks of whole lines, the last without its end; what is too long of a line is left out."""
    begun = b""
    while block := stream.read(BLOCK):
        lines, end, rest = block.rpartition(b"\n")
        if end:
            yield begun[:LONGEST_LINE] + lines
            begun = rest
        elif len(begun) < LONGEST_LINE:
            begun += rest
    if begun:
        yield begun[:LONGEST_LINE]
