"""Asking an issue tracker: checked addresses, tokens that stay secret, bounded requests."""

from __future__ import annotations

import datetime as dt
import os
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
import urllib3

from evaluator.mine.command import Git, SourceError

CONNECT_SECONDS = 20
SILENT_SECONDS = 60
"""Without a byte from the tracker."""
ANSWER_SECONDS = 300
"""For the whole of one answer."""
LARGEST_BYTES = 64_000_000
"""Of one answer."""
REDIRECTIONS = 5
PAUSES: tuple[float, ...] = (0.5, 2.0)
"""Seconds before what may be a passing trouble of the tracker is asked for again."""
PASSING = frozenset({500, 502, 503, 504})

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?")
TOKEN = re.compile(r"[!-~]+")


class AbsentError(SourceError):
    """The tracker has no such thing."""


def checked_address(url: str, *, allow_local: bool) -> SplitResult:
    """The parts of a tracker's address.

    Raises
    ------
    SourceError
        Unless it is an ``https`` address, or an ``http`` one of this machine where that is
        allowed; and when it holds credentials, which belong into the environment.
    """
    if "@" in url:
        raise SourceError("a tracker's address with credentials is refused; set a token instead")
    try:
        parts = urlsplit(url)
        local = allow_local and parts.scheme == "http" and parts.hostname in LOOPBACK
        if (
            (local or parts.scheme == "https")
            and HOST.fullmatch(parts.netloc)
            and url.isascii()
            and url.isprintable()
            and not parts.fragment
        ):
            return parts
    except ValueError:
        pass
    raise SourceError(f"the address {url!r} is refused; allowed: https:// addresses")


def token(variable: str, host_variable: str, usual_host: str, host: str) -> str:
    """The token for a host, from the environment; empty when there is none.

    A catalogue is untrusted and names any host, so a token goes to one host only: that in
    ``host_variable``, else ``usual_host``.

    Raises
    ------
    SourceError
        When the variable holds what cannot be a token.
    """
    meant = os.environ.get(host_variable, "").strip() or usual_host
    value = os.environ.get(variable, "").strip()
    if not value or meant.casefold() != host.casefold():
        return ""
    if not TOKEN.fullmatch(value):
        raise SourceError(f"{variable} holds blanks or characters that are in no token")
    return value


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.removesuffix(":443") if parts.scheme == "https" else parts.netloc
    return f"{parts.scheme}://{host}".casefold()


class Session(requests.Session):
    """Asks one tracker and nobody else, within bounds of time and size."""

    def __init__(self, base_url: str, headers: Mapping[str, str], git: Git) -> None:
        super().__init__()
        self._origin = _origin(base_url)
        self._git = git
        self.headers.update(headers)
        # Else a password of ~/.netrc would take the token's place.
        self.auth = lambda request: request

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, so that requests follows nothing: :meth:`send` does, within the tracker."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """The answer to a request, read to its end.

        Raises
        ------
        SourceError
            When the tracker cannot be reached, leads elsewhere, refuses, or wants us to wait.
        AbsentError
            When it has no such thing.
        """
        for _ in range(REDIRECTIONS + 1):
            response = self._answer(request, options)
            if not response.is_redirect:
                _refusal(response, self._origin)
                return response
            request = request.copy()
            try:
                request.prepare_url(urljoin(response.url, response.headers["location"]), None)
            except ValueError:
                raise SourceError(f"{self._origin} redirects to what is no address") from None
        raise SourceError(f"{self._origin} redirects more than {REDIRECTIONS} times")

    def _answer(
        self, request: requests.PreparedRequest, options: dict[str, Any]
    ) -> requests.Response:
        where = _origin(request.url or "")
        if where != self._origin:
            raise SourceError(
                f"{self._origin} leads on to {where}, which is not asked; "
                "give that address if the tracker has moved there"
            )
        options |= {"timeout": (CONNECT_SECONDS, SILENT_SECONDS)}
        options |= {"stream": True, "allow_redirects": False}
        trouble = ""
        for pause in (0.0, *PAUSES):
            time.sleep(pause)
            if self._git.stopped:
                raise SourceError("interrupted")
            try:
                with super().send(request, **options) as response:
                    response._content = _body(response)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                trouble = f"{self._origin} cannot be read: {str(error)[:1000]}"
                continue
            response.encoding = "utf-8"
            if response.status_code not in PASSING or "retry-after" in response.headers:
                return response
            trouble = f"{self._origin} answers with status {response.status_code}"
        raise SourceError(trouble)


def _body(response: requests.Response) -> bytes:
    """Content of an answer, however slowly it comes or whatever it unpacks to."""
    content = bytearray()
    end = time.monotonic() + ANSWER_SECONDS
    while piece := response.raw.read1(1 << 16, decode_content=True):
        content += piece
        if len(content) > LARGEST_BYTES:
            raise SourceError(f"an answer is larger than {LARGEST_BYTES} bytes")
        if time.monotonic() > end:
            raise SourceError(f"an answer took longer than {ANSWER_SECONDS} s")
    return bytes(content)


def _refusal(response: requests.Response, origin: str) -> None:
    status, headers = response.status_code, response.headers
    if status < 400:
        return
    left = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining"))
    reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
    wait = headers.get("retry-after", "")
    if status == 429 or (status in (403, 503) and (left == "0" or wait)):
        when = "later"
        if wait:
            when = f"in {wait} s" if wait.isdecimal() else f"after {wait}"
        elif re.fullmatch(r"\d{1,11}", reset):
            moment = dt.datetime.fromtimestamp(int(reset), dt.UTC)
            when = f"after {moment:%Y-%m-%d %H:%M} UTC"
        raise SourceError(
            f"{origin} wants no more requests for now; what was read is kept, continue {when}"
        )
    if status in (404, 410):
        raise AbsentError(f"{origin} has no {urlsplit(response.url).path} ({status}), or hides it")
    if status in (401, 403):
        raise SourceError(
            f"{origin} refuses ({status}): it wants a token, or another one; see the variables "
            "GITHUB_TOKEN, GITLAB_TOKEN and BUGZILLA_API_KEY"
        )
    raise SourceError(f"{origin} answers with status {status}")
