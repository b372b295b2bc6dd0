"""From a declaration to a folder of configuration.

:func:`render` is pure; :func:`write` puts the result on disk, :func:`verify` compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluator.bundle import ansible, diagrams, folder
from evaluator.bundle.cib import cib_xml
from evaluator.bundle.corosync import corosync_conf
from evaluator.bundle.drbd import global_common_conf, resource
from evaluator.bundle.folder import MANIFEST, read_manifest, verify
from evaluator.bundle.haproxy import haproxy_cfg
from evaluator.bundle.heartbeat import ha_cf, haresources
from evaluator.bundle.hosts import hosts
from evaluator.bundle.keepalived import keepalived_conf, unit_settings
from evaluator.bundle.nftables import rulesets
from evaluator.bundle.qnetd import qnetd_default
from evaluator.bundle.readme import readme
from evaluator.bundle.sbd import sbd_default
from evaluator.bundle.service import cluster_service
from evaluator.bundle.system_roles import ha_cluster
from evaluator.cluster import ClusterModel, Declaration, build, written
from evaluator.findings import EvaluationError, Finding, Severity, Where
from evaluator.lint import lint, of

__all__ = ["Bundle", "ClusterModel", "read_manifest", "render", "verify", "write"]

DECLARATION = "cluster.yml"


@dataclass(frozen=True)
class Bundle:
    """A rendered bundle: contents by relative path, and the cluster that they describe."""

    files: Mapping[str, bytes]
    cluster: ClusterModel


def render(declaration: Declaration, places: Mapping[str, Where] | None = None) -> Bundle:
    """Render the deploy bundle of a declared cluster.

    Parameters
    ----------
    declaration : Declaration
        What the cluster is to be; its provenance goes into the manifest as it is.
    places : Mapping[str, Where], optional
        Where each value was written, so that findings can point there.

    Returns
    -------
    Bundle
        The same input gives the same bytes.

    Raises
    ------
    EvaluationError
        With everything that keeps the declaration from becoming a safe cluster, exit code 2.
    """
    cluster = build(declaration, places)
    files = {
        "README.md": readme(cluster),
        DECLARATION: written(declaration),
        "diagrams/stack.svg": diagrams.stack(cluster),
        "diagrams/network.svg": diagrams.network(cluster),
        "ansible/inventory.yml": ansible.inventory(cluster),
        "ansible/group_vars/all.yml": ansible.group_vars(cluster),
    }
    for host, content in ansible.host_vars(cluster).items():
        files[f"ansible/host_vars/{host}.yml"] = content
    for host, content in hosts(cluster).items():
        files[f"hosts/{host}"] = content
    for host, content in rulesets(cluster).items():
        files[f"nftables/{host}.nft"] = content
    files |= _manager(cluster)
    if cluster.replicated:
        files["drbd/global_common.conf"] = global_common_conf()
        files[f"drbd/{cluster.replicated.name}.res"] = resource(cluster, cluster.replicated)
    if cluster.load_balancer:
        files["haproxy/haproxy.cfg"] = haproxy_cfg(cluster)
    files[MANIFEST] = folder.manifest(files, declaration.provenance)
    return Bundle(dict(sorted(files.items())), cluster)


def _manager(cluster: ClusterModel) -> dict[str, bytes]:
    """Files of the cluster manager."""
    if cluster.manager == "keepalived":
        files = {f"keepalived/{n}.conf": conf for n, conf in keepalived_conf(cluster).items()}
        if cluster.storage:
            files["service/unit.conf"] = unit_settings(cluster)
        return {**files, "service/cluster-service": cluster_service(cluster)}
    if cluster.manager == "heartbeat":
        return {
            "heartbeat/ha.cf": ha_cf(cluster),
            "heartbeat/haresources": haresources(cluster),
            "service/cluster-service": cluster_service(cluster),
        }
    cib = cib_xml(cluster)
    files = {
        "corosync/corosync.conf": corosync_conf(cluster),
        "pacemaker/cib.xml": cib,
        "system-roles/ha_cluster.yml": ha_cluster(cluster, cib),
    }
    if cluster.watchdog:
        files["sbd/sbd"] = sbd_default(cluster.watchdog)
    if cluster.quorum.witness:
        files["qnetd/corosync-qnetd"] = qnetd_default(cluster.quorum.witness)
    return files


def write(bundle: Bundle, target: Path) -> Path:
    """Write a bundle to the folder ``target``, whole or not at all; gives its absolute path.

    Raises
    ------
    EvaluationError
        With every error that the linter finds in it and whose risk is not accepted; and as
        :func:`evaluator.bundle.folder.write`.
    """
    errors = [finding for finding in lint(of(bundle.files)) if finding.severity is Severity.ERROR]
    if errors:
        codes = " ".join(f"--accept {code}" for code in sorted({f.code for f in errors}))
        message = "no bundle is written: its configuration could lose data or the service"
        remedy = f"mend the above, choose another stack, or take the risk knowingly: {codes}"
        raise EvaluationError([*errors, Finding("unsafe-bundle", message, remedy=remedy)])
    return folder.write(bundle.files, target)
