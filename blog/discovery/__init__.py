"""Describe the blog's pages to search engines, social networks and other programs."""
