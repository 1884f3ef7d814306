"""readers together: agreements and reports"""

import sqlalchemy as sa
from alembic import op

from blog.db import Moment

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('comments', sa.Column('agree_count', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('comments', sa.Column('agree_version', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('site', sa.Column('agreeing', sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column('site', sa.Column('reports_to_hold', sa.Integer(), nullable=True, server_default='3'))
    some, agreed = sa.text('branch_count > 0'), sa.text('agree_version > 0')
    op.create_index(
        'ix_comments_most_agreed', 'comments', ['post_id', 'agree_count', 'created_at', 'id'],
        sqlite_where=some, postgresql_where=some,
    )
    op.create_index(
        'ix_comments_agreed', 'comments', ['post_id', 'agree_version'], sqlite_where=agreed, postgresql_where=agreed
    )
    voices('agreements')
    voices('reports', sa.Column('reason', sa.String(length=300), nullable=False))


def voices(table: str, *more: sa.Column[str]) -> None:
    """One a reader and one an address for each comment."""
    op.create_table(table,
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.Column('reader_key', sa.String(length=64), nullable=False),
    sa.Column('address_key', sa.String(length=64), nullable=True),
    *more,
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(
        ['comment_id'], ['comments.id'], name=op.f(f'fk_{table}_comment_id_comments'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('id', name=op.f(f'pk_{table}')),
    sa.UniqueConstraint('comment_id', 'reader_key', name=op.f(f'uq_{table}_comment_id_reader_key')),
    sa.UniqueConstraint('comment_id', 'address_key', name=op.f(f'uq_{table}_comment_id_address_key')),
    )
    op.create_index(f'ix_{table}_address', table, ['address_key', 'created_at'], unique=False)
