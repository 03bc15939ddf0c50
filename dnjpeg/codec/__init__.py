"""Bytes to coefficients to pixels and back: ITU-T T.81 with NumPy and Numba, and nothing above it."""
