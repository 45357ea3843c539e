"""Makes `openapi.json` and `asyncapi.json` out of the pages of docs/wire, which the tests play.

It runs while a server is built, so it imports nothing that is not in this repository or in Python.
"""
