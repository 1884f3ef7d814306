"""Answer former, foreign and mistyped addresses of posts."""
