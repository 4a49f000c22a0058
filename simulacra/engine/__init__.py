"""What needs both generators and guards: make, check, recipes."""
