"""Generators of small labelled pictures."""
