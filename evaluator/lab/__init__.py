"""A laboratory for clusters: systemd-nspawn nodes, switches, fence devices, a shared disk.

See Also
--------
evaluator.lab.laboratory : what is made, and its removal
evaluator.lab.image : the nodes' disk
evaluator.lab.power : the out-of-band power controllers, asked by ``deploy/lab/fence_lab``
"""

from __future__ import annotations

from evaluator.lab.laboratory import Laboratory, Node
from evaluator.lab.removal import clean, in_use, place
from evaluator.lab.spec import LabSpec, Outlet

__all__ = ["LabSpec", "Laboratory", "Node", "Outlet", "clean", "in_use", "place"]
