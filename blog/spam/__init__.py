"""Classify texts as spam or not, by features, weights and metrics.

Integer arithmetic gives the same result in every process, and a lesson can be undone exactly.
"""
