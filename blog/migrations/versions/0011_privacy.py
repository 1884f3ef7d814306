"""Privacy: for how long the log and hidden texts are kept; what was written under an e-mail address is found at once."""

from alembic import op
import sqlalchemy as sa

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('site', sa.Column('audit_days', sa.Integer(), nullable=False, server_default='365'))
    op.add_column('site', sa.Column('hidden_days', sa.Integer(), nullable=True))
    some = sa.text("email != ''")
    op.create_index('ix_comments_email', 'comments', [sa.text('lower(email)')], sqlite_where=some, postgresql_where=some)
