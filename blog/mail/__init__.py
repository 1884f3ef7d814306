"""Mail: an outbox in the database, and whoever sends what waits in it. It knows nothing of blogs."""
