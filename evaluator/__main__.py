"""``python -m evaluator`` is ``evaluate``."""

from evaluator.cli import main

main()
