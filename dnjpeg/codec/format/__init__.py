"""What a file says besides its entropy-coded data: marker segments, the frame's geometry, tables, scans (T.81 A, B)."""
