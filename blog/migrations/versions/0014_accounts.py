"""Accounts: removed editors keep their name, links that are good once, failures by account and by browser."""

from alembic import op
import sqlalchemy as sa

from blog.db import Moment

revision = '0014'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('editors', sa.Column('generation', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('editors', sa.Column('removed_at', Moment(timezone=True), nullable=True))
    op.add_column('sign_in_failures', sa.Column('device_key', sa.String(length=64), nullable=True))
    op.create_index('ix_sign_in_failures_account', 'sign_in_failures', ['account_key', 'created_at'])
    op.create_index('ix_sign_in_failures_created_at', 'sign_in_failures', ['created_at'])
    op.create_table('account_links',
    sa.Column('editor_id', sa.Integer(), nullable=True),
    sa.Column('purpose', sa.String(length=20), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('expires_at', Moment(timezone=True), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['editor_id'], ['editors.id'], name=op.f('fk_account_links_editor_id_editors'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account_links')),
    sa.UniqueConstraint('key', name=op.f('uq_account_links_key'))
    )
    op.create_index('ix_account_links_editor_id', 'account_links', ['editor_id'])
