"""HTTP and WebSockets on one port, and what a dialect is."""
