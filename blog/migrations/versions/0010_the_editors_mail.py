"""The editors' mail: how each is told of what waits, and what they are to be told of."""

from alembic import op
import sqlalchemy as sa

from blog.db import Moment

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('holds',
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_holds_comment_id_comments'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_holds')),
    sqlite_autoincrement=True
    )
    op.add_column('editors', sa.Column('held_mail', sa.String(length=10), nullable=False, server_default='never'))
    op.add_column('editors', sa.Column('held_told_id', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('editors', sa.Column('held_told_at', Moment(timezone=True), nullable=True))
    op.execute("UPDATE editors SET held_mail = 'at_once' WHERE role = 'owner'")
    op.create_index('ix_mails_recipient', 'mails', ['recipient', 'created_at'])
