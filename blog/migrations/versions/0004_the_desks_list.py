"""the desk's list of posts, newest change first"""

from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_posts_changed', 'posts', ['kind', 'updated_at', 'id'], unique=False)
