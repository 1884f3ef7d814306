"""Gather the tables of comments and of what readers do with them."""

from blog.comments.models.alert import PendingAlert
from blog.comments.models.ban import ADDRESS, DOMAIN, EMAIL, READER, Ban
from blog.comments.models.comment import (
    HELD,
    REMOVED,
    SPAM,
    VISIBLE,
    Comment,
    comment_domains,
    find_by_submission_key,
    newest_id,
)
from blog.comments.models.follow import Follow, Notice, Suppression
from blog.comments.models.lesson import Lesson
from blog.comments.models.reaction import Agreement, Report, is_reported

__all__ = [
    "ADDRESS",
    "DOMAIN",
    "EMAIL",
    "HELD",
    "READER",
    "REMOVED",
    "SPAM",
    "VISIBLE",
    "Agreement",
    "Ban",
    "Comment",
    "Follow",
    "Lesson",
    "Notice",
    "PendingAlert",
    "Report",
    "Suppression",
    "comment_domains",
    "find_by_submission_key",
    "is_reported",
    "newest_id",
]
