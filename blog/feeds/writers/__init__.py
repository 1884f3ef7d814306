"""Write a feed as text, one module per format."""
