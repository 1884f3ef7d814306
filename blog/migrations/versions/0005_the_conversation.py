"""the conversation: branches that pages hold, rules, bans, the audit log"""

import sqlalchemy as sa
from alembic import op

from blog.db import Moment

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

REFERENCE = 'ALTER TABLE comments ADD COLUMN {column} INTEGER CONSTRAINT fk_comments_{column}_{table} REFERENCES {table} (id)'
# a step deeper each time, until nothing is left without its top
NEXT_STEP = """
UPDATE comments SET top_id = (SELECT coalesce(above.top_id, above.id) FROM comments above WHERE above.id = comments.parent_id)
WHERE top_id IS NULL AND parent_id IN (SELECT id FROM comments WHERE id != parent_id AND top_id IS NOT NULL OR parent_id IS NULL)
"""
COUNT_BRANCHES = """
UPDATE comments SET branch_count = (status = 'visible')::int + (SELECT count(*) FROM comments under
WHERE under.top_id = comments.id AND under.status = 'visible') WHERE top_id IS NULL
"""
COUNT_TOPS = """
UPDATE posts SET top_count = (SELECT count(*) FROM comments WHERE comments.post_id = posts.id AND comments.branch_count > 0)
"""


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == 'sqlite'
    # not in batch mode: it would rebuild the table and forget the highest id that was ever given
    op.execute(REFERENCE.format(column='top_id', table='comments'))
    op.execute(REFERENCE.format(column='editor_id', table='editors'))
    op.add_column('comments', sa.Column('branch_count', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('comments', sa.Column('edited_at', Moment(timezone=True), nullable=True))
    op.add_column('comments', sa.Column('seconds', sa.Integer(), nullable=True))
    op.add_column('posts', sa.Column('top_count', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('posts', sa.Column('comment_rule', sa.String(length=10), nullable=True))
    op.add_column('posts', sa.Column('submission_key', sa.String(length=64), nullable=True))
    op.create_index('ix_posts_submission_key', 'posts', ['submission_key'], unique=True)
    for column in (
        sa.Column('comment_rule', sa.String(length=10), nullable=False, server_default='open'),
        sa.Column('approvals', sa.Integer(), nullable=False, server_default='1'),
        sa.Column('hold_after_days', sa.Integer(), nullable=True),
        sa.Column('most_links', sa.Integer(), nullable=True, server_default='3'),
        sa.Column('muted', sa.Text(), nullable=False, server_default=''),
        sa.Column('steps', sa.Integer(), nullable=False, server_default='4'),
        sa.Column('edit_minutes', sa.Integer(), nullable=False, server_default='15'),
        sa.Column('address_days', sa.Integer(), nullable=False, server_default='30'),
        sa.Column('queue_version', sa.Integer(), nullable=False, server_default='0'),
    ):
        op.add_column('site', column)
    op.create_index('ix_comments_top_id', 'comments', ['top_id'], unique=False)
    while op.get_bind().execute(sa.text(NEXT_STEP)).rowcount > 0:
        pass
    op.execute(COUNT_BRANCHES.replace('::int', '') if sqlite else COUNT_BRANCHES)
    op.execute(COUNT_TOPS)
    some = sa.text('branch_count > 0')
    op.create_index(
        'ix_comments_tops', 'comments', ['post_id', 'created_at', 'id'], sqlite_where=some, postgresql_where=some
    )
    op.create_index('ix_comments_counted', 'comments', ['post_id', 'status'], unique=False)
    op.create_index('ix_comments_queue', 'comments', ['status', 'created_at', 'id'], unique=False)
    op.create_table('bans',
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('value', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('editor_name', sa.String(length=80), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bans')),
    sa.UniqueConstraint('kind', 'value', name=op.f('uq_bans_kind_value'))
    )
    op.create_table('audit',
    sa.Column('editor_id', sa.Integer(), nullable=True),
    sa.Column('editor_name', sa.String(length=80), nullable=False),
    sa.Column('verb', sa.String(length=20), nullable=False),
    sa.Column('comment_id', sa.Integer(), nullable=True),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('before', sa.Text(), nullable=False),
    sa.Column('after', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('together', sa.String(length=32), nullable=True),
    sa.Column('undone_at', Moment(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit'))
    )
    op.create_index('ix_audit_comment', 'audit', ['comment_id', 'id'], unique=False)
    op.create_index('ix_audit_together', 'audit', ['together'], unique=False)
