"""How fast Tertulia is, measured: `make bench`, or `python -m benchmarks --help`."""
