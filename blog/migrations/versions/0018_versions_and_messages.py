"""A version for cached pages; reasons are stored as messages, which may be longer than 500 characters."""

import sqlalchemy as sa
from alembic import op

revision = '0018'
down_revision = '0017'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('site', sa.Column('content_version', sa.Integer(), nullable=False, server_default='0'))
    if op.get_context().dialect.name == 'postgresql':  # SQLite stores texts of any length
        op.alter_column('comments', 'status_reason', type_=sa.Text())
        op.alter_column('audit', 'reason', type_=sa.Text())
