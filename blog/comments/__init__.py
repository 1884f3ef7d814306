"""Handle comments: posting, threads, moderation, reactions, subscriptions and privacy."""
