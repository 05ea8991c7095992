"""What happens by the clock. Each loop may run in any number of processes on one ledger."""
