"""Tertulia: one messenger, several APIs, one port."""

__version__ = "0.1.0"
