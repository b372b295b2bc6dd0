"""A site: the organisation, its machines and its people."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from evaluator.evidence import availability
from evaluator.study.candidate import BusinessKind
from evaluator.study.fact import Address, Cidr, Fact, Identifier, Model, Range, Sourced, Text

Circuit = Annotated[Identifier, Field(description="name of the circuit that feeds it")]


class Network(Model):
    """A network; ``interface`` is the name of its card, the same on all nodes.

    Only keepalived and Heartbeat must be told it.
    """

    name: Identifier
    purpose: Literal["service", "ring", "replication", "management"]
    cidr: Cidr
    interface: str = ""


class Node(Model):
    """A machine: ``data`` carries the service, ``voter`` has a vote only, ``witness`` is apart.

    A voter is a full member of the cluster, with links and a fence device; a witness only runs the
    quorum device's server.
    """

    name: Identifier
    role: Literal["data", "voter", "witness"]
    addresses: dict[Identifier, Address] = Field(description="address by name of the network")
    power: Circuit


class FenceDevice(Model):
    """Out-of-band power switch; ``plugs`` maps each node that it can switch to its outlet.

    A management controller (``fence_ipmilan`` and its kin) switches its own server only, whatever
    the outlet is called.  ``delay_seconds`` holds a shot back so that two nodes do not kill each
    other; a cluster with a witness needs none, since only one half can have a majority.
    ``switch_seconds`` is the longest time from an order to a node without power.
    ``level`` orders the devices of a node: the next level is tried when one has failed, and the
    devices of one level are used together, as the strips of a node with two supplies must be.
    Without levels each device is one of its own, in their order.
    ``options`` are parameters of the agent.  A password is never among them: ``secret`` names the
    variable of the vault from which it is filled in when the cluster is built.
    """

    name: Identifier
    agent: Identifier
    address: Address
    network: Identifier
    power: Circuit
    plugs: dict[Identifier, Text] = Field(description="outlet by name of the node")
    level: int | None = None
    delay_seconds: int = 0
    switch_seconds: int = Field(default=5, ge=1)
    options: dict[Identifier, str] = {}
    username: str = ""
    secret: Identifier = Field(description="name of its password in the vault")


class Volume(Model):
    """Where the service keeps its data.

    ``drbd``: each data node has ``backing_disk``, and DRBD keeps the copies equal; ``drbd`` is the
    version of its kernel module.  ``shared``: ``backing_disk`` is one and the same disk on all data
    nodes (SAN, iSCSI); only fencing keeps two of them from writing to it.
    """

    name: Identifier
    kind: Literal["drbd", "shared"] = "drbd"
    drbd: Literal["8.4", "9"] = "8.4"
    backing_disk: Text
    size_gib: int
    minor: int = 0
    port: int = 7788
    filesystem: Literal["ext4", "xfs"]
    mount: Text


class Sbd(Model):
    """Self-fencing by a watchdog; without ``devices`` it is diskless and trusts quorum alone."""

    watchdog: Text = "/dev/watchdog"
    watchdog_timeout_seconds: int
    devices: list[Text] = []
    msgwait_timeout_seconds: int | None = None


class VirtualAddress(Model):
    name: Identifier
    address: Address
    network: Identifier


class Endpoint(Model):
    """A TCP port that clients use; ``backend_port`` is where the service itself listens.

    ``proxy_protocol`` tells the service each client's address ahead of the connection (PROXY
    protocol, version 2); the service must be set to expect it, or it answers nobody.
    """

    name: Identifier
    port: int = Field(ge=1, le=65535)
    backend_port: int = Field(ge=1, le=65535)
    mode: Literal["tcp", "http"]
    proxy_protocol: bool = False


class Service(Model):
    """The service to keep up, as a cluster resource agent sees it.

    Without a ``volume`` it keeps nothing that outlives it.  ``stand_in`` asks the automation to
    install the stand-in of ``deploy/`` in place of the real suite: for laboratories only.
    """

    name: Identifier
    agent: Text
    parameters: dict[Identifier, str] = {}
    stand_in: bool = False
    volume: Identifier | None = None
    virtual_address: Identifier
    start_timeout_seconds: int
    stop_timeout_seconds: int
    monitor_interval_seconds: int
    monitor_timeout_seconds: int
    endpoints: list[Endpoint]


class Software(Sourced):
    name: Text
    purpose: Text
    spdx: str = ""


class ServiceLevel(Sourced):
    availability_percent: float = Field(gt=0, lt=100)
    recovery_time_seconds: int
    acknowledged_data_loss: Literal["none", "tolerated"]


class Reliability(Sourced):
    """Of one node: mean hours between failures, until repair, and until somebody has stepped in.

    The last is how long the service stays away when the cluster did not bring it back by itself.
    """

    mtbf_hours: float = Field(gt=0, le=1e7)
    mttr_hours: float = Field(gt=0, le=1e5)
    manual_recovery_hours: float = Field(gt=0, le=1e5)

    @property
    def node(self) -> availability.Reliability:
        """What the model of availability takes."""
        return availability.Reliability(
            self.mtbf_hours, self.mttr_hours, self.manual_recovery_hours
        )


class Staff(Sourced):
    """Who runs the service; ``skilled`` says how many have a skill that not all of them have."""

    administrators: int = Field(ge=0)
    skills: list[Identifier]
    skilled: dict[Identifier, int] = {}
    rate_eur_per_hour: Range

    @model_validator(mode="after")
    def _skilled_staff(self) -> Self:
        for skill, number in self.skilled.items():
            if skill not in self.skills:
                raise ValueError(f"skilled has {skill!r}, which is not among the skills")
            if not 0 <= number <= self.administrators:
                raise ValueError(
                    f"{number} administrators have {skill!r}, but there are {self.administrators}"
                )
        return self


class Business(Sourced):
    """Class in the taxonomy of the SME guide, chapter 6; ``user`` only uses what others make."""

    kind: Literal[BusinessKind, "user"]


class Organisation(Sourced):
    name: Text
    summary: Text
    business_model: Business


class Timing(Sourced):
    """How soon a node counts as lost, in milliseconds.

    ``token_ms`` is Corosync's token; the other managers' timers are derived from it, so that all
    have the same detection budget.  ``dc_deadtime_seconds`` is how long Pacemaker waits for others
    before its first election (its own default: 20).  ``slowness`` is for machines that are too slow
    for the usual checks: all but those of the service, which has times of its own, may take so many
    times as long, and are made so many times more rarely.
    """

    token_ms: int
    token_retransmits_before_loss_const: int = 10
    dc_deadtime_seconds: int | None = None
    slowness: int = Field(default=1, ge=1, le=10)


class Topology(Model):
    """The technical part of a site: machines, networks, devices and the service."""

    id: Identifier
    operating_system: Fact
    domain: Text
    networks: list[Network]
    nodes: list[Node]
    fence_devices: list[FenceDevice] = []
    sbd: Sbd | None = None
    volumes: list[Volume] = []
    virtual_addresses: list[VirtualAddress]
    services: list[Service]
    timing: Timing


class Site(Topology):
    """The organisation: the Lazy User's state, and what a bundle is rendered for."""

    organisation: Organisation
    supporting_software: list[Software]
    service_level: ServiceLevel
    reliability: Reliability | None = None
    staff: Staff
    constraints: list[Fact] = []
    state: dict[Identifier, Fact] = {}

    @property
    def start_seconds(self) -> int:
        """The longest that the start of a service may take."""
        return max((service.start_timeout_seconds for service in self.services), default=0)
