"""``haproxy.cfg`` for HAProxy 2.6: the public ports on the virtual address, the service behind.

Keywords: HAProxy 2.6 configuration manual.  HAProxy starts before the virtual address, so that
clients never meet an address without a listener; the kernel must let it bind an address that is
not there yet (``ip_nonlocal_bind``, in the Ansible variables).

A mail server judges its clients by their addresses.  An endpoint with ``proxy_protocol`` is told
them; to the others HAProxy connects *from* the virtual address, not from loopback: mail servers
trust loopback, and every client would be trusted with it.

Where keepalived drives a service that keeps nothing, service and HAProxy run on all nodes, and each
HAProxy balances over all of them; it then connects from its node's own address.
"""

from __future__ import annotations

import ipaddress

from evaluator.cluster.model import ClusterModel
from evaluator.study.site import Endpoint

HEAD = """\
global
    log /dev/log local0
    chroot /var/lib/haproxy
    user haproxy
    group haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin
    stats timeout 30s

defaults
    log global
    mode tcp
    option dontlognull
    retries 3
    timeout connect 5s
    timeout client {idle}
    timeout server {idle}
    timeout check 10s
    timeout http-request 10s
    timeout http-keep-alive 10s
"""
MAIL_PORTS = frozenset({25, 587})
"""Where a server greets in SMTP without TLS (RFC 5321, RFC 6409)."""
IDLE = "31m"
"""IMAP clients may stay silent for 29 minutes (RFC 2177)."""


def haproxy_cfg(cluster: ClusterModel) -> bytes:
    """Render ``haproxy.cfg``; the same bytes on every node."""
    endpoints = cluster.application.endpoints
    secure = any(e.port == 443 for e in endpoints)
    sections = [HEAD.format(idle=IDLE)]
    sections += [_endpoint(cluster, e, secure) for e in endpoints]
    return "\n".join(sections).encode()


def _endpoint(cluster: ClusterModel, endpoint: Endpoint, secure: bool) -> str:
    vip = cluster.vip
    http = endpoint.mode == "http"
    log = "httplog" if http else "tcplog"
    lines = [
        f"frontend public-{endpoint.name}",
        f"    bind {_host(vip.address)}:{endpoint.port}",
        f"    mode {endpoint.mode}",
        f"    option {log}",
    ]
    if http:
        lines.append("    option forwardfor")
    if http and secure and endpoint.port == 80:
        lines.append(
            "    http-request redirect scheme https code 301"
            " unless { path_beg /.well-known/acme-challenge/ }"
        )
    lines += [
        f"    default_backend service-{endpoint.name}",
        "",
        f"backend service-{endpoint.name}",
        f"    mode {endpoint.mode}",
    ]
    if cluster.everywhere:
        # a refused connection is tried at the other node at once
        lines += ["    balance roundrobin", "    option redispatch 1"]
        servers = {m.name: m.addresses[vip.network] for m in cluster.carriers}
    else:
        if not endpoint.proxy_protocol:
            lines.append(f"    source {_host(vip.address)}")
        servers = {cluster.application.name: vip.loopback}
    if http:
        lines.append("    option httpchk GET /")
    elif endpoint.port in MAIL_PORTS:
        # a check that hangs up unasked ends Postfix's smtpd, and a new one has to wait a minute
        lines.append(f"    option smtpchk EHLO {vip.name}.{cluster.domain}")
    proxy = " send-proxy-v2 check-send-proxy" if endpoint.proxy_protocol else ""
    lines += [
        f"    server {name} {_host(address)}:{endpoint.backend_port}{proxy}"
        # the first check after a start comes before the address does, and must not cost an interval
        f" check inter {2 * cluster.slowness}s downinter {500 * cluster.slowness}ms fall 3 rise 1"
        for name, address in servers.items()
    ]
    return "\n".join(lines) + "\n"


def _host(address: str) -> str:
    return f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
