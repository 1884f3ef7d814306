"""Queue mail in the database and send it by SMTP."""
