"""The posts of a common label are read by time, pages among them."""

import sqlalchemy as sa
from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

VISIBLE = sa.text('trashed_at IS NULL AND unpublished_at IS NULL AND published_at IS NOT NULL')


def upgrade() -> None:
    op.create_index(
        'ix_posts_dated', 'posts', ['published_at', 'id'], sqlite_where=VISIBLE, postgresql_where=VISIBLE
    )
