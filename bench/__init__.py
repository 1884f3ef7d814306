"""Measure the speed and memory of this blog over real HTTP."""
