"""Tada's objects in the document's words, as msgspec structs.

The v3 object has exactly the fields of the document; the v4 object inherits them and adds its own. A
field that is left out when it is empty is typed `T | UnsetType = UNSET`; `or_unset` makes it.
"""
