"""Readers of other programs' configuration: text in, statements with their places out."""
