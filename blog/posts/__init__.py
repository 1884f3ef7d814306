"""What is written: posts and pages, their labels, and publishing them."""
