"""Public helpers for authors of methods and guards: the contract, and small data whose truth is known."""
