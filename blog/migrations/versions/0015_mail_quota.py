"""Mail is counted by its kind, and an address is asked to confirm once the comment that asked for it is visible."""

from alembic import op
import sqlalchemy as sa

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('follows', sa.Column('awaits_id', sa.Integer(), nullable=True))
    awaits = sa.text('awaits_id IS NOT NULL')
    op.create_index('ix_follows_awaits', 'follows', ['awaits_id'], sqlite_where=awaits, postgresql_where=awaits)
    op.create_index('ix_mails_kind', 'mails', ['kind', 'created_at'])
