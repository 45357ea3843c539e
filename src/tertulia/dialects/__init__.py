"""The APIs Tertulia speaks, one folder each; none knows the others."""
