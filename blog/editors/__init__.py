"""Manage editors: accounts, sessions, sign-in, roles and the audit log."""
