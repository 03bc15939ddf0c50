"""The formats of shards, one file each.

Each has ``convert(source, target, conversion)``, which makes one shard of another and returns how many items the new
one has by its own count, and ``images(source, selection)``, which reads the images alone.
"""
