"""What counts as source code, by file name (ours).

Code is what makes the program: programming languages, grammars and build logic.  Documentation,
translations, manual pages, images, data and plain configuration are not.
"""

from __future__ import annotations

import re
from functools import lru_cache

LANGUAGES = frozenset(
    {"asm", "awk", "bash", "c", "cc", "cocci", "cpp", "cs", "csh", "css", "cxx", "el", "erb", "go"}
    | {"h", "haml", "hh", "hpp", "hxx", "i", "java", "js", "jsx", "ksh", "l", "ll", "lua", "m"}
    | {"php", "pl", "pm", "py", "pyx", "rb", "rs", "s", "scss", "sed", "sh", "sql", "swig", "t"}
    | {"tcl", "ts", "tsx", "vala", "y", "yy", "zsh"}
)
BUILD_LOGIC = frozenset(
    {"ac", "am", "cmake", "gemspec", "init", "m4", "mak", "make", "mk", "ocf", "service", "socket"}
    | {"spec"}
)
CODE = LANGUAGES | BUILD_LOGIC
BUILD_NAMES = frozenset(
    {"autogen.sh", "cmakelists.txt", "configure", "configure.ac", "dockerfile", "gemfile"}
    | {"gnumakefile", "jenkinsfile", "kbuild", "kconfig", "makefile", "makefile.am", "meson.build"}
    | {"rakefile", "rules"}
)
DOCUMENT_NAME = re.compile(r"[A-Z][A-Z0-9_-]+|ChangeLog|Credits|Copying|Readme.*", re.ASCII)
DOCUMENT_FOLDER = re.compile(r"(^|/)(docs?|man|manpages|po|examples?)/", re.IGNORECASE)
TEMPLATE = (".in", ".template", ".j2")


@lru_cache(1 << 14)
def is_code(path: str) -> bool:
    """Whether the file at ``path`` counts as source code.

    In this field a file without suffix is mostly a script (resource agent, fence agent, init
    script), so it counts, except documents (names in capitals), hidden files and anything below a
    folder of documents.
    """
    path = path.strip('"')
    name = path.rpartition("/")[2]
    for ending in TEMPLATE:
        name = name.removesuffix(ending) or name
    if name.lower() in BUILD_NAMES:
        return True
    stem, dot, suffix = name.rpartition(".")
    if dot and stem:
        return suffix.lower() in CODE
    if dot or DOCUMENT_NAME.fullmatch(name):
        return False
    return not DOCUMENT_FOLDER.search(path)
