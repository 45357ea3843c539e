"""From a committed event to bytes in somebody's queue."""
