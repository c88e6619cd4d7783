"""Reads: what the pages show, in a constant number of queries."""
