"""What is read from the ledger: one module per table, each function one or a few statements.

Every function takes the database first, so that it can be handed to `Ledger.read`, which runs it
in one transaction. Lists are keyset pages: a page costs the same wherever it stands.
"""
