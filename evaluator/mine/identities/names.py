"""Names and addresses: what of them tells a person apart, and what only looks like it."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 200
"""Characters of a name or address that are looked at."""

PLACEHOLDER = re.compile(
    r"""
    .*@(?:localhost|localhost\.localdomain|localdomain|none|unknown|\(none\)|example\.(?:com|org))
    |(?:root|devnull|nobody|noreply|no-reply|donotreply|none|unknown|invalid)@.*
    |(?:user|admin|administrator|ubuntu|debian|centos|vagrant|pi|dev|build|builder|test|git|svn|me)
     @(?:[^.]*|.*\.(?:\(none\)|localdomain|local|lan|home|internal))
    |noreply@github\.com
    |[^@]*|@.*|.*@
    """,
    re.VERBOSE,
)
GENERIC_WORDS = frozenset(
    {"root", "user", "admin", "administrator", "unknown", "author", "nobody", "none", "no"}
    | {"name", "devnull", "system", "default", "test", "the", "team", "developer", "developers"}
    | {"maintainer", "maintainers", "commit", "commits", "anonymous", "guest", "list", "mailing"}
)
GENERIC_LOCALS = GENERIC_WORDS | {
    "info",
    "mail",
    "dev",
    "contact",
    "office",
    "support",
    "webmaster",
    "github",
    "spam",
}
_LETTER = r"[^\W\d_]"
PROGRAM_WORD = re.compile(
    rf"\[bot\]|(?<!{_LETTER})(?:bot|robot|dependabot|renovate|buildbot|weblate|syzbot|patchwork"
    rf"|patchew|github-actions|gitlab-ci|codacy|lgtm-com|kbuild)(?!{_LETTER})|[_-]ci\Z"
)
PROGRAM_NAME = re.compile(
    r"(?:jenkins|travis|hudson|zuul|gerrit|bugzilla|mailman|majordomo)(?:[ _-](?:ci|daemon))?"
    r"|mailer-daemon|convert-repo"
)
"""Programs only when they stand alone: Jenkins and Travis are names of people too."""

FORGE = re.compile(r"(?:\d+\+)?([^@+]+)@(users\.noreply\.[^@]+)")
NUMBERED = re.compile(r"\d+-(?=.)")
"""Before the login in GitLab's private addresses; on GitHub a login may begin so."""
VIA = re.compile(r"\s+via\s+\S.*", re.IGNORECASE)
HIDDEN_AT = re.compile(r"\s+at\s+")
BESIDE_NAME = re.compile(r"\([^()]*\)?|\S*@\S*")
APOSTROPHE = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
    | {"ħ": "h", "ŧ": "t", "ŋ": "ng", "ĸ": "k", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ə": "e"}
)
"""Latin letters that Unicode does not take apart into a base and a mark."""
DIGRAPHS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
"""How German and the Nordic languages write such letters where a keyboard lacks them."""

SHARED_BY = 5
"""An address used with this many unlike full names belongs to nobody (a list, a service)."""


@dataclass(frozen=True, order=True)
class Identity:
    """A name and address as used in a source, and what its ``.mailmap`` makes of them."""

    source: str
    name: str
    address: str
    mapped_name: str
    mapped_address: str


@lru_cache(maxsize=65536)
def normalised_name(name: str) -> str:
    """Accents, case, punctuation and order of the words taken away; initials dropped.

    Only Latin and Greek letters lose their marks: in other scripts a mark makes another letter, and
    no script is written in the letters of another, so that nobody is fused by a transliteration.
    What a mailing list adds (``… via Users``) is not of the name.

    Examples
    --------
    >>> normalised_name("Doe, Jané Q.") == normalised_name("jane doe")
    True
    """
    return _words(_composed(name))


@lru_cache(maxsize=65536)
def name_keys(name: str) -> tuple[str, ...]:
    """The normalised name, and the one with *oe* for *ö* and its kind where that is another.

    *Müller* so meets both *Muller* and *Mueller*, and these meet only through a *Müller*.
    """
    composed = _composed(name)
    return tuple(dict.fromkeys((_words(composed), _words(composed.translate(DIGRAPHS)))))


def _composed(name: str) -> str:
    name = BESIDE_NAME.sub(" ", VIA.sub("", repaired(name[:LONGEST])))
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", APOSTROPHE.sub("", folded))


def repaired(name: str) -> str:
    """A name that was UTF-8 and was read as Latin-1, read again; any other one as it is."""
    try:
        return name if name.isascii() else name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def _words(composed: str) -> str:
    plain = []
    folds = False
    for char in unicodedata.normalize("NFKD", composed):
        mark = unicodedata.combining(char)
        if not mark:
            folds = unicodedata.name(char, "").startswith(("LATIN", "GREEK"))
        if not (mark and folds):
            plain.append(char if unicodedata.category(char)[0] in "LNM" else " ")
    text = unicodedata.normalize("NFKC", "".join(plain)).translate(LETTERS).casefold()
    words = text.split()
    return " ".join(sorted(w for w in words if not _is_initial(w)) or sorted(words))


def _is_initial(word: str) -> bool:
    return len(word) == 1 and unicodedata.name(word, "").startswith(("LATIN", "GREEK", "CYRILLIC"))


def is_full_name(normalised: str) -> bool:
    """Whether a normalised name tells a person apart: two words or more, none of them generic."""
    words = set(normalised.split())
    return len(words) > 1 and not GENERIC_WORDS & words


def login(name: str) -> str:
    """A name as it stands, but for case and spaces: what tells logins of one source apart.

    Examples
    --------
    >>> login("  A.Example ")
    'a.example'
    """
    return " ".join(unicodedata.normalize("NFKC", name[:LONGEST]).casefold().split())


def is_placeholder(address: str) -> bool:
    """Whether an address stands for nobody."""
    return PLACEHOLDER.fullmatch(normalised_address(address)) is not None


@lru_cache(maxsize=65536)
def normalised_address(address: str) -> str:
    """Lower case, without what follows a plus sign: programs add an identifier there.

    Of a forge's private addresses the login stays; ``ann at example.net`` is how archives hide one.

    Examples
    --------
    >>> normalised_address("Reporter+04b9@Example.net")
    'reporter@example.net'
    >>> normalised_address("12345+ann@users.noreply.github.com")
    'ann@users.noreply.github.com'
    """
    plain = address[:LONGEST].strip().casefold()
    if "@" not in plain:
        plain = HIDDEN_AT.sub("@", plain, count=1)
    if forge := FORGE.fullmatch(plain):
        used = forge[1] if forge[2].endswith(".github.com") else NUMBERED.sub("", forge[1], count=1)
        return f"{used}@{forge[2]}"
    local, at, domain = plain.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" if at else domain


def is_relayed(name: str) -> bool:
    """Whether a mailing list wrote its own address in place of the author's."""
    return VIA.search(name[:LONGEST]) is not None


def is_bot(identity: Identity) -> bool:
    """Whether the identity is a program, by its name or the local part of its address."""
    local = normalised_address(identity.address).partition("@")[0]
    texts = (identity.name[:LONGEST].casefold().strip(), local)
    return any(PROGRAM_WORD.search(text) or PROGRAM_NAME.fullmatch(text) for text in texts)


def shared_addresses(identities: Iterable[Identity]) -> frozenset[str]:
    """Addresses that at least :data:`SHARED_BY` people use, by their full names."""
    names: dict[str, set[str]] = defaultdict(set)
    for identity in identities:
        name = normalised_name(identity.name)
        if is_full_name(name):
            names[normalised_address(identity.address)].add(name)
    return frozenset(a for a, used in names.items() if unlike(used) >= SHARED_BY)


def unlike(names: Iterable[str]) -> int:
    """How many of the normalised names share no word with one counted before."""
    seen: set[str] = set()
    count = 0
    for name in sorted(names):
        words = set(name.split())
        count += not words & seen
        seen |= words
    return count
