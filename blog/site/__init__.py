"""Store the site's settings and check the clock."""
