"""Verify, normalize and store uploaded and imported pictures in two sizes."""
