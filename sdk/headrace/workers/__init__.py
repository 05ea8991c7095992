"""Workers: processes that execute the runs of a work pool."""
