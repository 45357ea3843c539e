"""The port, over real sockets."""
