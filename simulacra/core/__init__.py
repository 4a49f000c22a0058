"""The core types: what every room, guard and command shares, and nothing that loads a heavy library."""
