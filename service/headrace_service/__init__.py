"""The headrace service: a ledger of runs, and a GraphQL contract over it."""
