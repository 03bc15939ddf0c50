"""What kernels are made of: compilation, its cache on disk, scratch memory, and the vector vocabulary."""
