"""What the linter takes for ordered is what Pacemaker's scheduler orders."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evaluator.formats import cib
from evaluator.lint.placement import follows

GOLDENS = Path(__file__).parent / "rules" / "drbd-order-and-colocation"
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def transition(golden: Path, folder: Path) -> list[str]:
    """Starts and promotions that the scheduler plans, as 'id action', in their order."""
    if not shutil.which("crm_simulate", path=PATH):
        pytest.skip("crm_simulate is not here (Debian: pacemaker-cli-utils)")
    environment = {**os.environ, "PATH": PATH, "CIB_shadow_dir": str(folder)}

    def run(*words: str) -> str:
        return subprocess.run(
            ["crm_simulate", *words],
            env=environment, capture_output=True, check=True, text=True, timeout=30,
        ).stdout  # fmt: skip

    text = (golden / "cib.xml").read_text()
    if "stonith-enabled" not in text:  # the goldens hold no fence devices
        off = (
            '<crm_config><cluster_property_set id="o">'
            '<nvpair id="o-f" name="stonith-enabled" value="false"/>'
            "</cluster_property_set></crm_config>"
        )
        text = text.replace("<crm_config/>", off)
    # an agent's promotion score comes from the running agent; here a constraint stands for it
    score = (
        '<rsc_location id="here" rsc="drbd-clone"><rule id="here-r" role="Promoted" score="100">'
        '<expression id="here-e" attribute="#uname" operation="eq" value="alpha"/>'
        "</rule></rsc_location></constraints>"
    )
    text = text.replace("</constraints>", score).replace("<constraints/>", f"<constraints>{score}")
    (folder / "cib.xml").write_text(text)
    up = str(folder / "up.xml")
    online = [word for node in ("alpha", "beta") for word in ("-u", node)]
    run("-x", str(folder / "cib.xml"), "-Q", "--quorum=true", *online, "-O", up)
    actions = re.findall(r"Resource action: (\S+)\s+(start|promote) on", run("-S", "-x", up))
    return [f"{name.partition(':')[0]} {action}" for name, action in actions]


@pytest.mark.parametrize(
    ("golden", "waits"),
    [("pass", True), ("pass-sets", True), ("fail", False), ("fail-default-action", False)],
)
def test_a_start_waits_for_the_promotion_where_the_linter_says_so(
    golden: str, waits: bool, tmp_path: Path
) -> None:
    planned = transition(GOLDENS / golden, tmp_path)
    assert {"fs start", "drbd promote"} <= set(planned)
    assert (planned.index("drbd promote") < planned.index("fs start")) is waits
    read, _ = cib.read("cib.xml", (GOLDENS / golden / "cib.xml").read_bytes())
    assert read is not None
    assert (("fs", "start") in follows(read).after(("drbd", "promote"))) is waits
