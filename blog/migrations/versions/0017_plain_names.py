"""Name columns by the terms of the field. Rows and indexes stay as they are."""

from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None

# both engines rename in place, without writing a row anew
RENAMED = [
    ('comments', 'branch_id', 'display_parent_id'),
    ('comments', 'top_id', 'root_id'),
    ('site', 'steps', 'max_indent'),
    ('audit', 'together', 'action_id'),
    ('notices', 'told_at', 'mailed_at'),
    ('editors', 'held_told_id', 'last_alerted_hold_id'),
    ('editors', 'held_told_at', 'last_alerted_at'),
    ('lessons', 'takes_back', 'undone_lesson_id'),
]


def upgrade() -> None:
    for table, old, new in RENAMED:
        op.execute(f'ALTER TABLE {table} RENAME COLUMN {old} TO {new}')
    op.drop_index("ix_audit_together", "audit")
    op.create_index("ix_audit_action_id", "audit", ["action_id"])
