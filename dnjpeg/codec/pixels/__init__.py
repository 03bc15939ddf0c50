"""Pixels to quantized blocks and back: colour, sampling, DCT, quantization (T.81 A.1.1, A.3)."""
