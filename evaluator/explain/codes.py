"""What the codes mean that a command gives which bundles, checks, simulates or deploys.

Rules of lint and refusals of a declaration tell that themselves; a code is here when its message
cannot say it all.
"""

from __future__ import annotations

MEANINGS = {
    "backing-disk-missing": "The disk of the volume is not on the node.",
    "cib-patch": "The running cluster did not take the change; nothing of it was changed.",
    "cib-unreadable": "The running configuration could not be read, so it is not changed.",
    "clock-skew": "Clocks that differ make logs and timers of the nodes contradict each other.",
    "cluster-down": "Pacemaker does not run, or does not answer.",
    "corosync-full-stop": (
        "Corosync takes some options only at its start, and members that differ in them do not "
        "find each other: the whole cluster has to stop for the change."
    ),
    "disk-full": "A build that runs out of space leaves a node neither old nor new.",
    "disk-not-empty": "The build would overwrite data that it did not make.",
    "failed-action": "A resource failed and has not been cleaned up since.",
    "fence-device-missing": "A fence device of the bundle is not in the running cluster.",
    "fence-device-silent": "Fencing would fail: the device does not say its state.",
    "fencing-pending": "A node is being powered off; nothing of it is taken over before.",
    "file-changed": "A file of the bundle is not the one that was rendered and linted.",
    "file-differs": "A file on the node is not the bundle's; 'evaluate deploy plan' shows how.",
    "file-missing": "A file of the bundle is not where it belongs.",
    "link-down": "A link between nodes is broken; the next one that breaks splits the cluster.",
    "maintenance-mode": "The cluster watches nothing and mends nothing until the mode is left.",
    "no-plan": "Only what a plan has shown is applied.",
    "no-reliability": (
        "Minutes without service a year need how often a node fails, how soon it is mended and how "
        "soon somebody is there: the site states that under 'reliability', with its source."
    ),
    "no-winner": (
        "Every stack was removed by a need, by the site's state or by a light; 'evaluate rank' "
        "says which one removed which stack."
    ),
    "node-in-another-cluster": "A build would take the node away from another cluster.",
    "node-offline": "A node is not among the members.",
    "not-quorate": "Without a majority of the votes the cluster starts nothing.",
    "not-built-from-a-bundle": "Only what was built from a bundle can be read back into one.",
    "not-simulated": "The event cannot be rehearsed with this bundle.",
    "only-trials": (
        "Without trials nothing of the study would be left to weigh, since all its criteria with a "
        "weight read the laboratory's records."
    ),
    "operating-system": "Every file is written for the versions that one system ships.",
    "output-failed": "A file could not be written; the old one, if any, is as it was.",
    "plan-of-another": "The plan was made for another bundle, or the bundle was changed since.",
    "quorum-device": "The witness is not connected, so its vote does not count.",
    "replication": "The copies of the volume are not both connected and up to date.",
    "resource-not-started": "A resource of the service does not run on exactly one node.",
    "secret-missing": (
        "A password that the bundle names is neither in the file of --secrets nor on the node "
        "already. The bundle never has it: it names a variable, which that file gives a value."
    ),
    "secrets-file": "The file of --secrets is no YAML mapping of names to passwords.",
    "service-silent": "The service runs, but does not answer its clients' protocol.",
    "simulate-unexpected": "Pacemaker would do something else than the scenario expects.",
    "simulator-missing": "crm_simulate of the package pacemaker-cli-utils is not installed here.",
    "trial-record": (
        "A line of the laboratory's records cannot be counted: it is damaged, of another version, "
        "or a copy of a line before. Nothing of the file is used; '--without-trials' ranks without."
    ),
    "unit-not-running": "A daemon that the cluster needs does not run.",
    "unreachable": (
        "Ansible could not log in, or found no Python there: try ssh with the address of "
        "ansible/inventory.yml, and give --ssh-config or --user if that needs them."
    ),
    "unsafe-bundle": (
        "Lint found an error in what was rendered. It is not written unless each such code is "
        "accepted by --accept; then the bundle says so in its README."
    ),
    "vault-locked": "The file of --secrets is encrypted, and no password file was given for it.",
    "vault-password": "The password file does not open the file of --secrets.",
    "vip-holders": "Not exactly one node has the virtual address.",
    "votes-missing": "A member or the witness does not vote; one loss more may cost the quorum.",
}
"""By code; each in our words."""

FAMILIES = {
    "validate-": (
        "The stock validator of that name does not accept a file, and the program that the file is "
        "for would not either. Where it is not installed, that is said as information."
    ),
    "simulate-": "Pacemaker's planned transition breaks a rule of all scenarios.",
    "unknown-": "A name that nothing has; the message lists what is allowed.",
}
"""By the beginning of a code."""


def meaning(code: str) -> str:
    """What a code means; empty for what is none of these."""
    families = (FAMILIES[start] for start in FAMILIES if code.startswith(start) and code != start)
    return MEANINGS.get(code) or next(families, "")
