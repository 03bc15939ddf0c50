"""``python -m dnjpeg`` is the command ``dnjpeg``."""

from dnjpeg.cli import main

main()
