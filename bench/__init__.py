"""The benchmarks: `python -m bench`, or `make bench`.

Every figure is the median of several runs in processes of their own and stands beside a baseline
measured in the same run. The programs in `bench/programs` are ordinary user scripts; for a peer
that offers the same programming model they run unchanged but for the name in their imports.
"""
