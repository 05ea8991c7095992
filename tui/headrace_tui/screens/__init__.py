"""The monitor's screens. They translate between feeds and widgets and decide nothing else."""
