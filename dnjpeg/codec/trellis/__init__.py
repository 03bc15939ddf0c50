"""Rate–distortion optimised quantization: levels of the least error plus bits, not those nearest to the coefficients.

A trellis over the AC coefficients of each block (`blocks`), one over the DC differences of a scan (`differences`), the
bits that Huffman tables make of them (`rates`), and passes until tables and levels suit each other (`search`).
"""
