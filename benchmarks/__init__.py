"""Speed, memory and start-up against peers, as ratios measured in one run: ``python -m benchmarks``."""
