"""Small things that flows and tasks are written with."""
