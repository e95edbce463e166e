"""Importers, one module a data set's official tree: each lists its scans from file names and reads no image."""
