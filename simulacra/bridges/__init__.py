"""Bridges: methods of this library in the form that other libraries expect."""
