"""Quantized blocks to entropy-coded data and back: Huffman, arithmetic, sequential and progressive (T.81 D, F, G)."""
