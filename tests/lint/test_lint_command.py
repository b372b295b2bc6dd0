"""``evaluate lint`` and ``evaluate explain CODE``: output, exit codes, streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluator.cluster.check import REASONS
from evaluator.lint import all_rules
from tests.command import Evaluate

COROSYNC = "totem {\n    version: 2\n    token: 300\n}\n"
CIB = """\
<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">
  <configuration>
    <crm_config>
      <cluster_property_set id="options">
        <nvpair id="options-stonith" name="stonith-enabled" value="fal&#x200f;se[red]"/>
      </cluster_property_set>
    </crm_config>
  </configuration>
</cib>
"""
HERE = "token-per-environment"


@pytest.fixture
def evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evaluate: Evaluate) -> Evaluate:
    """Runs the command where ``etc mail`` holds a configuration."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "etc mail"
    folder.mkdir()
    (folder / "corosync.conf").write_text(COROSYNC)
    (folder / "cib.xml").write_text(CIB)
    (folder / "motd").write_text("hello\n")
    return evaluate


def only(*codes: str) -> list[str]:
    """Options that leave out every rule but these."""
    return [word for code in all_rules() if code not in codes for word in ("--ignore", code)]


def test_findings_are_lines_with_their_place_and_end_with_1(evaluate: Evaluate) -> None:
    done = evaluate("lint", "etc mail", *only("fencing-enabled", HERE))
    assert done.code == 1
    assert "etc mail/cib.xml:5:9: error [fencing-enabled] stonith-enabled is 'fal" in done.out
    assert "se[red]'" in done.out
    assert "\u200f" not in done.out
    assert f"etc mail/corosync.conf:3:5: warning [{HERE}] token is '300'" in done.out
    assert "1 error, 1 warning;" in done.out
    assert "not recognised: motd" in done.err
    told = json.loads(evaluate("lint", "etc mail", "--format", "json").out)
    not_asked = len(told["not_asked"])
    (note,) = [line for line in done.err.splitlines() if "rules are about files" in line]
    assert int(note.split()[1]) == not_asked


def test_files_that_the_manifest_lists_are_no_news(evaluate: Evaluate, tmp_path: Path) -> None:
    listed = [{"path": "motd"}, {"path": 3}, "x"]
    (tmp_path / "etc mail" / "manifest.json").write_text(json.dumps({"files": listed}))
    (tmp_path / "etc mail" / "own-notes").write_text("hello\n")
    err = evaluate("lint", "etc mail").err
    assert "motd" not in err
    assert "not recognised: own-notes." in err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((HERE, "--fail-on", "error"), 0),
        ((HERE, "--fail-on", "warning"), 1),
        ((HERE, "--fail-on", "info"), 1),
        (("fencing-enabled",), 1),
        ((), 0),
    ],
)
def test_the_exit_code_follows_the_gravest_finding(
    evaluate: Evaluate, options: tuple[str, ...], code: int
) -> None:
    kept = [word for word in options if word in all_rules()]
    rest = [word for word in options if word not in all_rules()]
    assert evaluate("lint", "etc mail", *rest, *only(*kept)).code == code


def test_json_says_everything_and_is_ascii(evaluate: Evaluate) -> None:
    done = evaluate("lint", "etc mail", "--format", "json", *only(HERE))
    assert done.out.isascii()
    told = json.loads(done.out)
    (finding,) = told["findings"]
    rule = all_rules()[HERE]
    assert finding == {
        "code": HERE,
        "severity": "warning",
        "message": "token is '300'",
        "file": "corosync.conf",
        "line": 3,
        "column": 5,
        "remedy": rule.remedy,
        "source": list(rule.source),
    }
    assert {"path": "motd", "kind": None} in told["files"]
    assert {"path": "cib.xml", "kind": "cib"} in told["files"]
    codes = {rule["code"] for rule in told["not_asked"]} | set(told["asked"])
    assert codes == set(all_rules())
    assert all(rule["needs"] for rule in told["not_asked"])


def test_sarif_has_what_its_schema_demands(evaluate: Evaluate, tmp_path: Path) -> None:
    (tmp_path / "etc mail" / "r0.res").write_text("resource r0 {\n")
    done = evaluate("lint", "etc mail", "--format", "sarif")
    log = json.loads(done.out)
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    for rule in driver["rules"]:
        assert rule["id"] in all_rules()
        for part in ("shortDescription", "fullDescription", "help"):
            assert rule[part]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert rule.get("helpUri", "https://").startswith(("https://", "http://"))
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    for result in run["results"]:
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        if "ruleIndex" in result:
            assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        for location in result["locations"]:
            place = location["physicalLocation"]
            assert " " not in place["artifactLocation"]["uri"]
            region = place.get("region", {"startLine": 1, "startColumn": 1})
            assert min(region["startLine"], region["startColumn"]) >= 1
    (fencing,) = [r for r in run["results"] if r["ruleId"] == "fencing-enabled"]
    place = fencing["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "etc%20mail/cib.xml"
    assert place["region"] == {"startLine": 5, "startColumn": 9}
    assert "syntax" in {r["ruleId"] for r in run["results"]}
    assert run["invocations"][0]["executionSuccessful"] is True


def test_an_absolute_folder_gives_file_addresses(evaluate: Evaluate, tmp_path: Path) -> None:
    done = evaluate("lint", str(tmp_path / "etc mail"), "--format", "sarif", *only(HERE))
    (result,) = json.loads(done.out)["runs"][0]["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == (tmp_path / "etc mail" / "corosync.conf").as_uri()


def test_one_file_can_be_linted(evaluate: Evaluate) -> None:
    done = evaluate("lint", "etc mail/corosync.conf", "--fail-on", "warning", *only(HERE))
    assert done.code == 1
    assert done.out.startswith("etc mail/corosync.conf:3:5: ")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("lint", "nowhere"), "unreadable-file"),
        (("lint", "etc mail/motd"), "nothing-to-lint"),
        (("lint", "etc mail", "--ignore", "fencing-enable"), "unknown-rule"),
    ],
)
def test_a_mistake_of_the_user_ends_with_2_and_a_remedy(
    evaluate: Evaluate, arguments: tuple[str, ...], code: str
) -> None:
    done = evaluate(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert f"[{code}]" in done.err


@pytest.mark.parametrize("command", [("lint", "etc mail", "--ignore"), ("explain",)])
def test_a_misspelt_code_is_named(evaluate: Evaluate, command: tuple[str, ...]) -> None:
    done = evaluate(*command, "fencing-enable")
    assert done.code == 2
    assert "did you mean 'fencing-enabled'?" in done.err


def test_explain_says_why_what_to_write_and_where_that_is_from(evaluate: Evaluate) -> None:
    rule = all_rules()["fencing-enabled"]
    done = evaluate("explain", "fencing-enabled")
    assert done.code == 0
    assert rule.rationale in done.out
    assert rule.remedy in done.out
    assert "ClusterLabs. Pacemaker Explained." in done.out
    told = json.loads(evaluate("explain", "fencing-enabled", "--format", "json").out)
    assert (told["code"], told["severity"]) == ("fencing-enabled", "error")
    assert evaluate("explain", "fencing-enabled", "--format", "csv").out.startswith("code,")


def test_explain_knows_refusals_too(evaluate: Evaluate) -> None:
    code = sorted(set(REASONS) - set(all_rules()))[0]
    done = evaluate("explain", code)
    assert done.code == 0
    assert REASONS[code] in done.out
