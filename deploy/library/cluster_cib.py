#!/usr/bin/python3
"""Bring the live CIB to the bundle's by the difference, never by replacing it.

What others put there stays: Pacemaker's own properties, attributes of nodes (standby), constraints
of DRBD's fencing handler and of ``crm_resource --move``.  They are reported.
"""

from __future__ import annotations

import copy
import difflib
import os
import re
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: cluster_cib
short_description: Patch the live CIB by its difference from the wanted one
options:
  xml: {type: str, required: true, description: the wanted CIB}
  backup: {type: path, required: true, description: where the live one is saved before a patch}
"""

# set by Pacemaker itself, or by an operator for a while
FOREIGN_PROPERTIES = frozenset(
    [
        "have-watchdog",
        "dc-version",
        "cluster-infrastructure",
        "last-lrm-refresh",
        "maintenance-mode",
    ]
)
FOREIGN_CONSTRAINTS = ("drbd-fence-by-handler-", "cli-ban-", "cli-prefer-", "cli-standby-")
ORDERED = ("group", "resource_set", "fencing-topology")
"""Elements whose children's order means something."""


def merged(live, wanted):
    """The wanted configuration with what is not ours kept; and the names of what was kept."""
    target, kept = copy.deepcopy(wanted), []

    def keep(parent, child):
        """Put a copy in; what the wanted one has under the same id makes room."""
        for same in [e for e in parent if e.get("id") == child.get("id")]:
            parent.remove(same)
        parent.append(copy.deepcopy(child))

    mine = {n.get("id"): n for n in target.findall("nodes/node")}
    for node in live.findall("nodes/node"):
        own = mine.get(node.get("id"))
        if own is None:
            keep(part(target, "nodes"), node)
            kept.append(f"node {node.get('uname')}")
            continue
        if node.get("type"):
            own.set("type", node.get("type"))
        for child in node:
            keep(own, child)
            kept += [f"{node.get('uname')}: {v.get('name')}={v.get('value')}" for v in child]
    for constraint in live.findall("constraints/*"):
        if (constraint.get("id") or "").startswith(FOREIGN_CONSTRAINTS):
            keep(part(target, "constraints"), constraint)
            kept.append(f"constraint {constraint.get('id')}")
    sets = {s.get("id"): s for s in target.findall("crm_config/cluster_property_set")}
    for block in live.findall("crm_config/cluster_property_set"):
        foreign = [v for v in block.findall("nvpair") if v.get("name") in FOREIGN_PROPERTIES]
        if not foreign:
            continue
        own = sets.get(block.get("id"))
        if own is None:
            own = ET.SubElement(part(target, "crm_config"), block.tag, dict(block.attrib))
        for value in foreign:
            keep(own, value)
        kept += [
            f"{v.get('name')}={v.get('value')}"
            for v in foreign
            if v.get("name") == "maintenance-mode"
        ]
    align(live, target)
    return target, kept


def align(live, target):
    """Give the target the live order where order means nothing: a patch of moves is not taken."""
    places = {(e.tag, e.get("id")): number for number, e in enumerate(live)}
    if target.tag not in ORDERED:
        target[:] = sorted(target, key=lambda e: places.get((e.tag, e.get("id")), len(places)))
    for child in target:
        number = places.get((child.tag, child.get("id")))
        if number is not None:
            align(live[number], child)


def part(configuration, name):
    found = configuration.find(name)
    return ET.SubElement(configuration, name) if found is None else found


def canonical(element):
    """Pretty text of an element in which only meaningful order is left."""
    element = copy.deepcopy(element)
    for each in element.iter():
        each.text = each.tail = None
        if each.tag not in ORDERED:
            each[:] = sorted(each, key=lambda e: (e.tag, e.get("id", ""), e.get("name", "")))
        for name in sorted(each.attrib):
            each.attrib[name] = each.attrib.pop(name)
    # an empty section says the same as none
    element[:] = [child for child in element if len(child)]
    ET.indent(element)
    return ET.tostring(element, encoding="unicode") + "\n"


def difference(before, after):
    lines = (masked(text).splitlines(keepends=True) for text in (before, after))
    return "".join(difflib.unified_diff(*lines, "live", "wanted"))


def masked(text):
    """Without the values of passwords that somebody has put into the CIB by hand."""
    return re.sub(r'(<nvpair (?=[^>]*name="[^"]*passw[^"]*")[^>]*value=")[^"]*', r"\1***", text)


def identified(configuration):
    """Elements by kind and id, each with its parent's; what has no id has no attributes either."""
    found = {}

    def walk(element, parent):
        key = (element.tag, element.get("id")) if element.get("id") else parent
        if key != parent:
            found[key] = (element, parent)
        for child in element:
            walk(child, key)

    walk(configuration, None)
    return found


def deviations(live, target):
    """What is not as wanted, a line for each element; of what is missing or too much, the top."""
    now, due = identified(live), identified(target)
    found = []
    for key in sorted(now.keys() | due.keys()):
        name = " ".join(key)
        if key not in now or key not in due:
            here = now if key in now else due
            element, parent = here[key]
            if parent is None or parent in (due if here is now else now):
                what = element.get("name", "") if key[0] in ("nvpair", "op") else ""
                what = f"{name} ({what})" if what else name
                found.append(f"{what} {'is not in the model' if here is now else 'is missing'}")
            continue
        is_, due_ = now[key][0], due[key][0]
        for each in sorted(is_.attrib.keys() | due_.attrib.keys()):
            one, other = is_.get(each), due_.get(each)
            if one != other:
                secret = "passw" in (due_.get("name") or "")
                what = due_.get("name", each) if each == "value" else each
                values = "another" if secret else f"{one!r}, not {other!r}"
                found.append(f"{name}: {what} is {values}")
        orders = [[c.get("id") for c in e] for e in (is_, due_)]
        if key[0] in ORDERED and orders[0] != orders[1] and set(orders[0]) == set(orders[1]):
            found.append(f"{name}: its members are in another order")
    return found


def patch(module, live, target):
    with tempfile.TemporaryDirectory(dir=module.tmpdir) as folder:
        names = [os.path.join(folder, n) for n in ("live.xml", "wanted.xml", "patch.xml")]
        for name, configuration in zip(names, (live.find("configuration"), target), strict=False):
            document = ET.Element("cib", dict(live.attrib))
            document.append(configuration)
            ET.SubElement(document, "status")
            ET.ElementTree(document).write(name)
        command = ["crm_diff", "--no-version", "--original", names[0], "--new", names[1]]
        code, out, error = module.run_command(command)
        if code != 1:
            module.fail_json(msg=f"[cib-patch] crm_diff finds no difference: {error.strip()}")
        Path(names[2]).write_text(out)
        code, _, error = module.run_command(["cibadmin", "--patch", "--xml-file", names[2]])
        if code:
            module.fail_json(
                msg=f"[cib-patch] the cluster does not take the difference: {error.strip()}"
            )


def main():
    module = AnsibleModule(
        argument_spec={
            "xml": {"type": "str", "required": True},
            "backup": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    # both are from trusted hands: the bundle and the cluster itself
    wanted = ET.fromstring(module.params["xml"].encode()).find("configuration")  # noqa: S314
    live = None
    if module.get_bin_path("cibadmin"):
        code, out, error = module.run_command(["cibadmin", "--query"])
        if code == 0:
            live = ET.fromstring(out.encode())  # noqa: S314
        elif not module.check_mode:
            module.fail_json(msg=f"[cib-unreadable] cibadmin --query: {error.strip()}")
    elif not module.check_mode:
        module.fail_json(msg="[cib-unreadable] cibadmin is not installed")
    now = live.find("configuration") if live is not None else ET.Element("configuration")
    target, kept = merged(now, wanted)
    before, after = canonical(now), canonical(target)
    changed = before != after
    if changed and not module.check_mode:
        backup = Path(module.params["backup"])
        backup.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        backup.write_bytes(ET.tostring(live))
        patch(module, live, target)
    diff = {"prepared": difference(before, after)} if changed else {}
    found = deviations(now, target) if changed and live is not None else []
    module.exit_json(changed=changed, kept=kept, deviations=found, diff=diff)


if __name__ == "__main__":
    main()
