"""Who may write: accounts, sessions, signing in, and the first account."""
