"""From the chosen stack and the site to a folder of configuration.

:func:`render` is pure; :func:`write` puts the result on disk, :func:`verify` compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from evaluator.bundle import ansible, folder
from evaluator.bundle.cib import cib_xml
from evaluator.bundle.cluster import ClusterModel, build
from evaluator.bundle.corosync import corosync_conf
from evaluator.bundle.drbd import global_common_conf, resource
from evaluator.bundle.folder import MANIFEST, read_manifest, verify
from evaluator.bundle.haproxy import haproxy_cfg
from evaluator.bundle.readme import readme
from evaluator.study.site import Site
from evaluator.study.stack import Stack

__all__ = ["Bundle", "ClusterModel", "read_manifest", "render", "verify", "write"]


@dataclass(frozen=True)
class Bundle:
    """A rendered bundle: contents by relative path, and the cluster that they describe."""

    files: Mapping[str, bytes]
    cluster: ClusterModel


def render(site: Site, stack: Stack, *, provenance: Mapping[str, str]) -> Bundle:
    """Render the deploy bundle of a stack at a site.

    Parameters
    ----------
    site : Site
        Where the cluster is to run.
    stack : Stack
        What it is to be made of.
    provenance : Mapping[str, str]
        What the bundle comes from (version, as-of date, hashes, ...); goes into the manifest
        as it is.

    Returns
    -------
    Bundle
        The same input gives the same bytes.

    Raises
    ------
    EvaluationError
        With everything that keeps the site from becoming a safe cluster, exit code 2.
    """
    cluster = build(site, stack)
    files = {
        "README.md": readme(cluster),
        "corosync/corosync.conf": corosync_conf(cluster),
        "pacemaker/cib.xml": cib_xml(cluster),
        "drbd/global_common.conf": global_common_conf(),
        f"drbd/{cluster.storage.name}.res": resource(cluster),
        "ansible/inventory.yml": ansible.inventory(cluster),
        "ansible/group_vars/all.yml": ansible.group_vars(cluster),
    }
    if cluster.load_balancer:
        files["haproxy/haproxy.cfg"] = haproxy_cfg(cluster)
    for host, content in ansible.host_vars(cluster).items():
        files[f"ansible/host_vars/{host}.yml"] = content
    files[MANIFEST] = folder.manifest(files, provenance)
    return Bundle(dict(sorted(files.items())), cluster)


def write(bundle: Bundle, target: Path) -> Path:
    """Write a bundle to the folder ``target``, whole or not at all; gives its absolute path.

    Raises
    ------
    EvaluationError
        As :func:`evaluator.bundle.folder.write`.
    """
    return folder.write(bundle.files, target)
