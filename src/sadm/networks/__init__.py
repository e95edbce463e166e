"""Layers only: tensors come in, tensors go out."""
