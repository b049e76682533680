"""Reproducible measurements: `python -m benchmarks` (or `make bench`) starts real servers on throw-away data."""
