"""Chapters of the report, one module for each or a few."""
