"""`python -m simulacra` is the command line."""

from simulacra.cli.main import main

raise SystemExit(main())
