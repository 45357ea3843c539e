"""Plays the pages of docs/wire against a running server."""
