from __future__ import annotations

from evaluator.findings import Where
from evaluator.formats.haproxy import read

TEXT = r"""
global
    log /dev/log local0 # where
    description "mail # of 'all'" and\ more
defaults
  option httpchk GET / "HTTP/1.1\r\nHost: x"
  no option dontlognull
	timeout client 30s
frontend smtp
    bind 10.0.0.10:25
backend smtp
    server a 10.0.0.1:10025 check
    server b 10.0.0.2:10025 check backup
"""


def test_sections_lines_words_and_places() -> None:
    root, mistakes = read("haproxy.cfg", TEXT)
    assert mistakes == []
    sections = [(c.key, c.value) for c in root.children]
    assert sections == [("global", ""), ("defaults", ""), ("frontend", "smtp"), ("backend", "smtp")]
    assert root.find("global", "log").values == ("/dev/log", "local0")
    assert root.text("global", "description") == "mail # of 'all' and more"
    assert root.find("global", "description").values == ("mail # of 'all'", "and more")
    assert root.text("defaults", "no") == "option dontlognull"
    assert [s.values[0] for s in root.all("backend", "server")] == ["a", "b"]
    assert root.find("defaults", "timeout").where == Where("haproxy.cfg", 8, 2)
    assert root.find("frontend", "bind").where == Where("haproxy.cfg", 10, 5)


def test_an_open_quote_and_a_line_outside_a_section_are_mistakes() -> None:
    root, mistakes = read("h", 'bind :80\nglobal\n  log "x\n  maxconn 5\n')
    assert [str(f.where) for f in mistakes] == ["h:1:1", "h:3:3"]
    assert root.text("global", "maxconn") == "5"
