"""Trials: what a cluster built from a bundle does under real faults, and what that is worth."""
