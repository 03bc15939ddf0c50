"""Quantized blocks to entropy-coded data and back: Huffman and arithmetic, sequential and progressive (T.81 D, F, G)."""
