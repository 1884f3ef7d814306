"""Telling wanted texts from unwanted ones by what was decided before: features, weights, measures.

Pure Python over integers, so that every process comes to the same numbers and a lesson can be taken back to the bit.
"""
