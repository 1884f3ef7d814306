"""The outbox: mail that waits to be sent."""

from alembic import op
import sqlalchemy as sa

from blog.db import Moment

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    due = sa.text('due_at IS NOT NULL')
    op.create_table('mails',
    sa.Column('recipient', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('html', sa.Text(), nullable=False),
    sa.Column('headers', sa.Text(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('message_id', sa.String(length=300), nullable=False),
    sa.Column('due_at', Moment(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('first_tried_at', Moment(timezone=True), nullable=True),
    sa.Column('leased_until', Moment(timezone=True), nullable=True),
    sa.Column('failed_at', Moment(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(length=500), nullable=False),
    sa.Column('sent_at', Moment(timezone=True), nullable=True),
    sa.Column('given_up_at', Moment(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mails')),
    sa.UniqueConstraint('message_id', name=op.f('uq_mails_message_id'))
    )
    op.create_index('ix_mails_due', 'mails', ['due_at', 'id'], sqlite_where=due, postgresql_where=due)
    op.create_index('ix_mails_sent_at', 'mails', ['sent_at'], unique=False)
