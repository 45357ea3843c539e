"""What is unread, as terms of a query over a member `b` of a chat `c`: subtractions, nothing is counted."""

UNREAD = "c.last_seq - b.read_seq - b.skipped"
"""Everything, also what the server itself said."""

UNREAD_OF_PEOPLE = f"{UNREAD} - (c.notices - b.noted)"
"""What people wrote."""
