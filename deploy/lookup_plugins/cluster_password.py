"""The operator's passwords, as they were typed: no template, and nothing but text.

``ansible.builtin.vars`` evaluates what it finds, and makes "None" of nothing and 42798 of 0123456.
"""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: cluster_password
short_description: passwords by the names of their variables, '' for those that are not given
description: A value that is not the text of one line is refused; it is never repeated.
options:
  _terms: {description: names of variables, required: true}
"""


class LookupModule(LookupBase):
    """Passwords by name."""

    def run(self, terms, variables=None, **kwargs):
        """Give the text of each variable."""
        return [self._password(name, variables or {}) for name in terms]

    def _password(self, name, variables):
        if name not in variables:
            return ""
        value = variables[name]
        fault = ""
        if isinstance(value, bool | int | float) or value is None or not hasattr(value, "encode"):
            kind = "empty" if value is None else "a number" if isinstance(value, int) else "no text"
            fault = f"is {kind}"
        # a copy without what Ansible notes about where it comes from and whether it is a template
        text = "" if fault else str(value).encode().decode()
        if not fault and not text:
            fault = "is empty"
        if any(ord(c) < 32 or ord(c) == 127 for c in text):
            fault = "holds an end of line or another control character"
        if fault:
            raise AnsibleError(
                f"[password-unusable] {name} {fault}: write its password in quotes, in one line"
            )
        return text
