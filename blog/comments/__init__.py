"""What is answered: comments, how they are posted, and the thread they make."""
