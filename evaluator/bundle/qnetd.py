"""``/etc/default/corosync-qnetd``: the quorum device's server on the witness.

Options: corosync-qnetd(8) of 3.0.
"""

from __future__ import annotations

from evaluator.cluster.model import Witness

PORT = 5403


def qnetd_default(witness: Witness) -> bytes:
    """Render it: one address only, and TLS with the members' certificates required."""
    return f"""\
# Listens where the members ask it, and takes nobody without a certificate of this cluster.
COROSYNC_QNETD_OPTIONS="-l {witness.address} -p {PORT} -s req -c on"
COROSYNC_QNETD_RUNAS=""
""".encode()
