"""Importers, one a file: a tree of scans comes in, the list of its scans with their source files goes out."""
