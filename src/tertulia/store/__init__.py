"""Rows at rest: SQL, two engines that speak it, and group commit over both."""
