"""Long threads: the replies of a branch by their time, what stands directly under a comment, and when somebody agreed."""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_comments_in_branch', 'comments', ['top_id', 'status', 'created_at', 'id'])
    op.drop_index('ix_comments_top_id', 'comments')
    op.create_index('ix_comments_replies', 'comments', ['branch_id', 'status'])
    op.add_column('agreements', sa.Column('version', sa.Integer(), nullable=False, server_default='0'))
