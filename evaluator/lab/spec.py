"""What a laboratory has: networks, nodes, power outlets, a client; frozen, nothing is made yet."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from evaluator.findings import EvaluationError, Finding

if TYPE_CHECKING:  # the power daemon reads specifications too and has no use for the study's models
    from evaluator.study.site import Topology

# a container's name, made of the laboratory's and the node's, has to be a host name too
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?")
_PATH = re.compile(r"/dev(/[A-Za-z0-9][A-Za-z0-9._-]*)+")
GUEST_DISK = "/dev/vdb"
"""A guest's own disk, as its kernel calls the second one."""

_LONGEST_INTERFACE = 15  # IFNAMSIZ of Linux without the final zero


@dataclass(frozen=True)
class Outlet:
    """An out-of-band controller: one address, one account, the nodes behind its plugs."""

    device: str
    address: str
    username: str
    password: str = field(repr=False)
    plugs: Mapping[str, str]


@dataclass(frozen=True)
class LabSpec:
    """The wiring of a laboratory.

    Attributes
    ----------
    networks
        Network name to CIDR; each is a switch of its own.
    nodes
        Node name to its address on each network that it has a card in.
    outlets
        Power controllers; their addresses lie in one of the networks.
    client
        Address of the client on each network that it can reach.
    operator
        Address of the operator's seat on each network that it can reach.  Empty: the last free
        address of the network ``management``, else of the first network that all nodes share.
    shared_disk
        Path at which every node sees one and the same disk, or None.
    shared_disk_mib
        Its size in MiB; only what is written takes room.
    guests
        Names of the nodes that are machines with a kernel of their own, in place of containers.
        Each has a disk to itself, :data:`GUEST_DISK`.
    guest_disk_mib
        Its size in MiB; only what is written takes room.
    accelerator
        How guests are run: QEMU's ``kvm`` or ``tcg``.  Empty: what this machine can, see
        :func:`evaluator.lab.guest.accelerator`.
    boot_delay
        Seconds between the end of a node's power cycle and its next start (firmware, boot loader).
        A node must not be back before the others have told each other that it was off: Pacemaker
        that hears of its own fencing stops for good.  So :meth:`of` adds that time.

    Raises
    ------
    EvaluationError
        When a name cannot be a host's name, an address is outside its network or used twice, a
        plug has no node or the disk no path below /dev.
    """

    networks: Mapping[str, str]
    nodes: Mapping[str, Mapping[str, str]]
    outlets: tuple[Outlet, ...] = ()
    client: Mapping[str, str] = field(default_factory=dict)
    operator: Mapping[str, str] = field(default_factory=dict)
    shared_disk: str | None = None
    shared_disk_mib: int = 256
    guests: tuple[str, ...] = ()
    guest_disk_mib: int = 160
    accelerator: str = ""
    boot_delay: float = 6.0

    def __post_init__(self) -> None:
        if findings := list(_mistakes(self)):
            raise EvaluationError(findings)
        if not self.operator:
            object.__setattr__(self, "operator", _seat(self))

    @classmethod
    def of(
        cls,
        topology: Topology,
        passwords: Mapping[str, str],
        *,
        client: Mapping[str, str] | None = None,
        shared_disk: str | None = None,
        guests: tuple[str, ...] = (),
    ) -> Self:
        """The laboratory of a site.

        Parameters
        ----------
        topology
            The technical part of a site.
        passwords
            Password of each fence device, by the name of the device.
        client
            Addresses of the client; by default the last free one of each service network.
        shared_disk
            As the attribute; by default the backing disk of the first shared volume.
        guests
            As the attribute.
        """
        from evaluator.cluster.model import UNHEARD_TOKENS  # as above: not for the power daemon

        networks = {network.name: network.cidr for network in topology.networks}
        nodes = {node.name: dict(node.addresses) for node in topology.nodes}
        virtual = {(v.network, v.address) for v in topology.virtual_addresses}
        outlets = tuple(
            Outlet(
                device=device.name,
                address=device.address,
                username=device.username,
                password=passwords[device.name],
                plugs={plug: node for node, plug in device.plugs.items()},
            )
            for device in topology.fence_devices
        )
        used = {outlet.address for outlet in outlets} | {address for _, address in virtual}
        used |= {address for addresses in nodes.values() for address in addresses.values()}
        if client is None:
            client = {
                network.name: _last_free(network.cidr, used)
                for network in topology.networks
                if network.purpose == "service"
            }
        operator = {
            network.name: _last_free(network.cidr, used | set(client.values()))
            for network in topology.networks
            if network.purpose == "management"
        }
        disks = (v.backing_disk for v in topology.volumes if v.kind == "shared")
        return cls(
            networks=networks,
            nodes=nodes,
            outlets=outlets,
            client=client,
            operator=operator,
            shared_disk=shared_disk or next(disks, None),
            guests=guests,
            boot_delay=cls.boot_delay + UNHEARD_TOKENS * topology.timing.token_ms / 1000,
        )

    def interface(self, network: str) -> str:
        """Name of a node's card in a network: the network's, when the kernel takes it."""
        if len(network) <= _LONGEST_INTERFACE:
            return network
        return f"net{list(self.networks).index(network)}"

    def with_length(self, network: str, address: str) -> str:
        """The address as ``address/length of its network's prefix``."""
        return f"{address}/{ipaddress.ip_network(self.networks[network]).prefixlen}"

    def outlet_network(self, outlet: Outlet) -> str:
        return next(n for n, cidr in self.networks.items() if _inside(outlet.address, cidr))

    def hardware_address(self, node: str, network: str) -> str:
        """A card keeps its address when its node starts anew, as real ones do."""
        digest = hashlib.sha256(f"{node} {network}".encode()).digest()
        return ":".join(f"{byte:02x}" for byte in (0x02, *digest[:5]))


def _inside(address: str, cidr: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


def _last_free(cidr: str, used: set[str]) -> str:
    network = ipaddress.ip_network(cidr)
    last = (str(network[-2 - i]) for i in range(network.num_addresses - 2))
    free = next((address for address in last if address not in used), None)
    if free is None:
        raise EvaluationError(Finding("lab-address", f"no address of {cidr} is left"))
    return free


def _seat(spec: LabSpec) -> dict[str, str]:
    """The operator's address on the network by which the nodes are reached."""
    shared = [n for n in spec.networks if all(n in having for having in spec.nodes.values())]
    network = "management" if "management" in shared else next(iter(shared), None)
    if network is None:
        return {}
    return {network: _last_free(spec.networks[network], {a for _, _, a in _addresses(spec)})}


def _addresses(spec: LabSpec) -> Iterator[tuple[str, str | None, str]]:
    """(owner, network or None, address) of everything that has an address."""
    for node, addresses in spec.nodes.items():
        yield from ((node, network, address) for network, address in addresses.items())
    for owner, addresses in (("client", spec.client), ("operator", spec.operator)):
        yield from ((owner, network, address) for network, address in addresses.items())
    yield from ((outlet.device, None, outlet.address) for outlet in spec.outlets)


def _mistakes(spec: LabSpec) -> Iterator[Finding]:
    for name in (*spec.networks, *spec.nodes):
        if not _NAME.fullmatch(name):
            yield Finding(
                "lab-name",
                f"{name!r} cannot name a machine or a network of the laboratory",
                remedy="use up to 48 small letters, digits and hyphens",
            )
    if spec.shared_disk is not None and not _PATH.fullmatch(spec.shared_disk):
        remedy = "give a path below /dev"
        yield Finding("lab-disk", f"{spec.shared_disk!r} cannot be a disk's path", remedy=remedy)
    for guest in spec.guests:
        if guest not in spec.nodes:
            yield Finding("lab-guest", f"no node {guest!r}", remedy=f"{', '.join(spec.nodes)}")
        elif not set(spec.operator or _seat(spec)) & set(spec.nodes[guest]):
            remedy = "give it an address on a network that the operator is on too"
            yield Finding("lab-guest", f"{guest} is out of the operator's reach", remedy=remedy)
    if spec.guests and spec.shared_disk is not None:
        remedy = "replicate the guests' own disks, or make all nodes containers"
        yield Finding("lab-guest", "guests do not see the shared disk", remedy=remedy)
    owners: dict[str, str] = {}
    for owner, network, address in _addresses(spec):
        around = [network] if network else list(spec.networks)
        if not any(n in spec.networks and _inside(address, spec.networks[n]) for n in around):
            yield Finding(
                "lab-address",
                f"{owner} has {address}, which is not in {network or 'any network'}",
                remedy="; ".join(f"{n}: {cidr}" for n, cidr in spec.networks.items()),
            )
        if other := owners.get(address):
            yield Finding("lab-address", f"{address} is both {other}'s and {owner}'s")
        owners[address] = owner
    for outlet in spec.outlets:
        for plug, node in outlet.plugs.items():
            if node not in spec.nodes:
                yield Finding("lab-outlet", f"plug {plug} of {outlet.device}: no node {node!r}")
