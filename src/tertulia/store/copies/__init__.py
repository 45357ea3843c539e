"""Whole stores, copied: what a backup takes, what a restore fills, and whether all fits together."""
