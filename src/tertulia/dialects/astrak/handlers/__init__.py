"""What each call does: parameters in, one or two calls to the core, an answer out."""
