"""Rules, one module each; they register themselves by :func:`evaluator.lint.registry.rule`.

A rule's parameters say what it needs: ``def check(corosync: Entry, cib: Cib)`` is asked where both
are there; ``configuration: Configuration`` is all of it, and then ``formats=`` says what it needs.
"""
