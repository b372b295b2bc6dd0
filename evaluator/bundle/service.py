"""``cluster-service``: starts, stops and judges the service for keepalived and for Heartbeat.

Both know programs to call, not resource agents.  The script calls the declared agent with the
declared parameters and turns its answers into those of an init script (LSB: 0 runs, 3 stopped,
4 unknown), which Heartbeat reads as a word on its output.  HAProxy goes with the service, unless
both run on all nodes.

For keepalived with replicated storage it also acquires and releases the whole chain.  keepalived
starts its notify scripts without waiting for the one before, so each first writes down what is
wanted and then queues for a lock; whoever gets it does what was wanted last.
"""

from __future__ import annotations

import shlex

from evaluator.cluster.model import Application, ClusterModel, Storage

PATH = "/usr/local/sbin/cluster-service"
RELEASE_FLOOR_SECONDS = 60
"""Beyond the service's own stop: for the peer to unmount, demote and be missed by DRBD.  Ours."""

HEAD = """\
#!/bin/sh
# cluster-service: what {manager} calls to start, stop and judge the service.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH

"""

STATUS = """\
status() {
    state
    code=$?
    # a service that half runs must not be taken for stopped
    case $code in
        0) echo running ;;
        3) echo stopped ;;
        *) echo "running, but failed" ;;
    esac
    return $code
}

"""

SERVICE_ALONE = """\
start() {
    start_service
}

stop() {
    stop_service
}

state() {
    service_state
}

"""

SERVICE_AND_HAPROXY = """\
start() {
    start_service && systemctl start haproxy
}

stop() {
    systemctl stop haproxy && stop_service
}

state() {
    service_state
    service=$?
    if systemctl is-active --quiet haproxy; then
        [ $service -eq 0 ] || return 4
    else
        [ $service -ne 0 ] || return 4
    fi
    return $service
}

"""

MONITOR = """\
monitor() {
    state
}

monitor_haproxy() {
    systemctl is-active --quiet haproxy
}

"""

CHAIN = """\
resource={resource}
device={device}
directory={directory}
wanted=/run/cluster-service.wanted
exec 9>/run/cluster-service.lock

say() {{
    logger -t cluster-service -- "$*"
}}

is_wanted() {{
    [ "$(cat "$wanted" 2>/dev/null)" = "$1" ]
}}

# waits for the transition before; false when something else is wanted by now
begin() {{
    echo "$1" >"$wanted"
    flock 9
    is_wanted "$1"
}}

acquire() {{
    begin acquire || return 0
    left={patience}
    until drbdadm primary "$resource" 9>&-; do
        # the peer may still be letting go
        if ! is_wanted acquire || [ "$left" -le 0 ]; then
            say "cannot promote $resource"
            return 1
        fi
        left=$((left - 1))
        sleep 1
    done
    mountpoint -q "$directory" ||
        mount -t {filesystem} -o noatime "$device" "$directory" ||
        return 1
    start
}}

release() {{
    begin release || return 0
    if let_go; then
        return 0
    fi
    # nobody powers off a node that cannot let go, so it does so itself
    say "cannot let go of $resource: this node restarts"
    systemctl reboot --force
    return 1
}}

let_go() {{
    stop || return 1
    if mountpoint -q "$directory"; then
        umount "$directory" || {{
            fuser -k -m "$directory"
            sleep 1
            umount "$directory" || return 1
        }}
    fi
    case $(drbdadm role "$resource") in
        Primary*) drbdadm secondary "$resource" 9>&- ;;
    esac
}}

# true where the chain is not meant to be up, or is on its way up or down
at_rest() {{
    flock --nonblock 9 || return 0
    flock --unlock 9
    ! is_wanted acquire
}}

monitor() {{
    if ! at_rest; then
        state
    elif ! is_wanted acquire; then
        # only a copy that is up to date may take over
        case $(drbdadm dstate "$resource") in
            UpToDate*) return 0 ;;
            *) return 1 ;;
        esac
    fi
}}

monitor_haproxy() {{
    at_rest || systemctl is-active --quiet haproxy
}}

# DRBD has lost its peer and asks whether to go on alone: 5 says that the peer is taken for dead.
# A peer that still answers may still write, and nobody can power it off: then no.
fence_peer() {{
    case $(uname -n) in
{peers}        *) return 1 ;;
    esac
    asked=""
    for address in $addresses; do
        ping -c 1 -W 1 "$address" >/dev/null 2>&1 9>&- &
        asked="$asked $!"
    done
    for process in $asked; do
        if wait "$process"; then
            say "$resource: the peer is not connected, but answers"
            return 1
        fi
    done
    return 5
}}

"""


def release_seconds(app: Application) -> int:
    """Longest time in seconds that a node takes to let go of everything."""
    return app.stop_timeout + RELEASE_FLOOR_SECONDS


def cluster_service(cluster: ClusterModel) -> bytes:
    """Render the script; the same bytes on every node."""
    app, keepalived = cluster.application, cluster.manager == "keepalived"
    together = cluster.load_balancer and not cluster.everywhere
    parts = [
        HEAD.format(manager="keepalived" if keepalived else "Heartbeat"),
        _agent(app),
        SERVICE_AND_HAPROXY if together else SERVICE_ALONE,
        STATUS,
    ]
    actions = ["start", "stop", "status", "monitor"]
    if keepalived and cluster.storage:
        parts.append(_chain(cluster, cluster.storage))
        actions += ["acquire", "release", "fence-peer"]
    else:
        parts.append(MONITOR)
    if keepalived and cluster.load_balancer:
        actions.append("monitor-haproxy")
    parts.append('case "${1:-}" in\n')
    parts += [f"    {action}) {action.replace('-', '_')} ;;\n" for action in actions]
    usage = "|".join(actions)
    parts.append(f"    *) echo 'usage: cluster-service {usage}' >&2 && exit 2 ;;\nesac\n")
    return "".join(parts).encode()


def _agent(app: Application) -> str:
    """Functions that start, stop and judge the service alone, each within its time."""
    standard, *provider, kind = app.agent.split(":")
    if standard == "systemd":
        unit = shlex.quote(kind)
        return f"""\
start_service() {{
    timeout {app.start_timeout} systemctl start {unit}
}}

stop_service() {{
    timeout {app.stop_timeout} systemctl stop {unit}
}}

service_state() {{
    case $(systemctl is-active {unit}) in
        active) return 0 ;;
        inactive | failed) return 3 ;;
        *) return 4 ;;
    esac
}}

"""
    words = {
        "OCF_ROOT": "/usr/lib/ocf",
        "OCF_RA_VERSION_MAJOR": "1",
        "OCF_RA_VERSION_MINOR": "0",
        "OCF_RESOURCE_INSTANCE": app.name,
        "OCF_RESOURCE_PROVIDER": provider[0],
        "OCF_RESOURCE_TYPE": kind,
        **{f"OCF_RESKEY_{name}": value for name, value in app.parameters},
    }
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in words.items())
    return f"""\
{exports}
# the service's processes must not hold this script's lock
agent() {{
    timeout "$2" "/usr/lib/ocf/resource.d/$OCF_RESOURCE_PROVIDER/$OCF_RESOURCE_TYPE" "$1" 9>&-
}}

start_service() {{
    agent start {app.start_timeout}
}}

stop_service() {{
    agent stop {app.stop_timeout}
}}

service_state() {{
    agent monitor {app.monitor_timeout} >/dev/null 2>&1
    case $? in
        0) return 0 ;;
        7) return 3 ;;
        *) return 4 ;;
    esac
}}

"""


def _chain(cluster: ClusterModel, storage: Storage) -> str:
    peers = ""
    for own in cluster.carriers:
        others = [a for m in cluster.carriers if m is not own for a in m.addresses.values()]
        peers += f'        {own.name}) addresses="{" ".join(others)}" ;;\n'
    return CHAIN.format(
        resource=shlex.quote(storage.name),
        device=shlex.quote(storage.device),
        directory=shlex.quote(storage.mount),
        filesystem=storage.filesystem,
        patience=release_seconds(cluster.application),
        peers=peers,
    )
