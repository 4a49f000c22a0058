"""Generators of text; each module is an address."""
