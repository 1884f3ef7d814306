"""Publish posts and comments as Atom, RSS, JSON Feed and Blogger's JSON."""
