"""One module per validator, each with its ``VALIDATOR``."""
