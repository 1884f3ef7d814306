"""Fetch addresses that others chose, from public servers only."""

from __future__ import annotations

from blog.web.safe_fetch.fetch_errors import FetchError
from blog.web.safe_fetch.fetching import Fetched, Limits, fetch
from blog.web.safe_fetch.network import INTERNET, Network

__all__ = ["INTERNET", "FetchError", "Fetched", "Limits", "Network", "fetch"]
