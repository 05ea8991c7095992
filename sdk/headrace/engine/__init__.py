"""How a run goes from its creation to its end: one lifecycle, run by either of two drivers."""
