"""Addresses are found in any locale, a clock can be doubted, and databases of an early version get the column that they lack."""

import sqlalchemy as sa
from alembic import op

from blog.db import Moment, now

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == 'postgresql':
        # lower() by itself goes by the locale of the database
        some = sa.text("email != ''")
        op.drop_index('ix_comments_email', table_name='comments')
        op.create_index('ix_comments_email', 'comments', [sa.text('lower(email COLLATE "C")')], postgresql_where=some)
    for name in ('forgotten_at', 'doubted_at'):
        op.add_column('site', sa.Column(name, Moment(timezone=True), nullable=True))
    site = sa.table('site', sa.column('forgotten_at', Moment(timezone=True)))
    op.execute(site.update().values(forgotten_at=now()))
    # an early 0005 made no submission_key of posts
    columns = {column['name'] for column in sa.inspect(connection).get_columns('posts')}
    if 'submission_key' not in columns:
        op.add_column('posts', sa.Column('submission_key', sa.String(length=64), nullable=True))
        op.create_index('ix_posts_submission_key', 'posts', ['submission_key'], unique=True)
