"""Fencing has the time that its devices take."""

from __future__ import annotations

from collections.abc import Iterator

from evaluator.findings import Finding, Severity
from evaluator.formats.cib import Cib
from evaluator.formats.units import seconds
from evaluator.lint.fencing import MANAGEMENT_CONTROLLER, devices
from evaluator.lint.registry import found, rule

USUAL_SECONDS = 60.0
POWER_SECONDS = 20.0
"""``power_timeout`` of fence-agents: how long they wait for the switch to do as told."""
ATTEMPTS = 2
"""``pcmk_reboot_retries``: the tries that Pacemaker makes within the timeout."""
SWITCHINGS = 2
"""A reboot is off and on."""


@rule(
    "fencing-timeout",
    severity=Severity.WARNING,
    rationale="A slow controller needs its power timeout for off and again for on, and fails now "
    "and then: without time for a second try the fencing fails and nothing is recovered.",
    remedy="set stonith-timeout (or pcmk_reboot_timeout of the device) to at least that",
    source=("pacemaker-explained", "fence-agents-repo", "ours"),
)
def check(cib: Cib) -> Iterator[Finding]:
    """``stonith-timeout`` ≥ two tries × off and on × ``power_timeout`` of each controller."""
    written = cib.property("stonith-timeout")
    usual = seconds(written.value) if written else USUAL_SECONDS
    for device in devices(cib):
        if not MANAGEMENT_CONTROLLER.fullmatch(device.agent):
            continue
        power, own = (device.parameters.get(n) for n in ("power_timeout", "pcmk_reboot_timeout"))
        single = (seconds(power.value) or POWER_SECONDS) if power else POWER_SECONDS
        needed = ATTEMPTS * SWITCHINGS * single
        given = (seconds(own.value) if own else usual) or 0.0
        if given < needed:
            where = own or written
            yield found(
                f"{device.id} may need {needed:g} s for two tries, but is given {given:g} s",
                where.where if where else cib.where(device.element),
            )
