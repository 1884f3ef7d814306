"""Define who may use which desk route; others are forbidden."""

from __future__ import annotations

from blog.editors.models import OWNER, Editor

EVERYBODY, EDITORS, OWNERS = "everybody", "editors", "owners"

ACCESS = {
    # signing in, and one-time links
    "editors.new_session": EVERYBODY,
    "editors.create_session": EVERYBODY,
    "account_links.new_owner": EVERYBODY,
    "account_links.create_owner": EVERYBODY,
    "account_links.show_sign_in": EVERYBODY,
    "account_links.create_sign_in": EVERYBODY,
    "account_links.edit_password": EVERYBODY,
    "account_links.update_password": EVERYBODY,
    # the editor's account
    "editors.destroy_session": EDITORS,
    "editors.edit_password": EDITORS,
    "editors.update_password": EDITORS,
    "mail_desk.show": EDITORS,
    "mail_desk.update_choice": EDITORS,
    "overview_desk.show": EDITORS,
    # posts, pages and labels
    "posts_desk.index": EDITORS,
    "posts_desk.new": EDITORS,
    "posts_desk.create": EDITORS,
    "posts_desk.show": EDITORS,
    "posts_desk.edit": EDITORS,
    "posts_desk.update": EDITORS,
    "posts_desk.show_preview": EDITORS,
    "posts_desk.create_publication": EDITORS,
    "posts_desk.destroy_publication": EDITORS,
    "posts_desk.create_trash": EDITORS,
    "posts_desk.destroy_trash": EDITORS,
    "posts_desk.index_labels": EDITORS,
    "posts_desk.edit_label": EDITORS,
    "posts_desk.update_label": EDITORS,
    "posts_desk.destroy_label": EDITORS,
    # responses
    "comments_desk.index": EDITORS,
    "comments_desk.show": EDITORS,
    "comments_desk.show_live": EDITORS,
    "comments_desk.create_approval": EDITORS,
    "comments_desk.create_hold": EDITORS,
    "comments_desk.create_removal": EDITORS,
    "comments_desk.create_spam": EDITORS,
    "comments_desk.create_decisions": EDITORS,
    "comments_desk.new_answer": EDITORS,
    "comments_desk.create_answer": EDITORS,
    "comments_desk.new_ban": EDITORS,
    "comments_desk.create_ban": EDITORS,
    "comments_desk.index_bans": EDITORS,
    "comments_desk.destroy_ban": EDITORS,
    "comments_desk.create_reversal": EDITORS,
    "privacy_desk.new": EDITORS,
    "privacy_desk.create": EDITORS,
    # the site as a whole
    "site_desk.edit": OWNERS,
    "site_desk.update": OWNERS,
    "icon_desk.edit": OWNERS,
    "icon_desk.update": OWNERS,
    "icon_desk.destroy": OWNERS,
    "mail_desk.show_outbox": OWNERS,
    "mail_desk.create_test": OWNERS,
    "jobs_desk.index": OWNERS,
    "screening_desk.show": OWNERS,
    "screening_desk.update": OWNERS,
    "audit_desk.index": OWNERS,
    "importing_desk.index": OWNERS,
    "importing_desk.create": OWNERS,
    "importing_desk.show": OWNERS,
    "accounts_desk.index": OWNERS,
    "accounts_desk.create": OWNERS,
    "accounts_desk.show": OWNERS,
    "accounts_desk.update_role": OWNERS,
    "accounts_desk.create_link": OWNERS,
    "accounts_desk.destroy_sessions": OWNERS,
    "accounts_desk.confirm_removal": OWNERS,
    "accounts_desk.destroy": OWNERS,
}


def may_use(editor: Editor | None, endpoint: str) -> bool:
    """Return whether this editor (None: a visitor) may use a route."""
    group = ACCESS.get(endpoint)
    if editor is None:
        return group == EVERYBODY
    return group in {EVERYBODY, EDITORS} or (group == OWNERS and editor.role == OWNER)
