"""Counts of visible posts by month, author and label, and related posts. The counts of existing posts are made here; a job finds related posts. The site's icon."""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from blog.db import Moment

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None

VISIBLE = 'trashed_at IS NULL AND published_at IS NOT NULL AND unpublished_at IS NULL'
UNRELATED = f'related_at IS NULL AND {VISIBLE}'
HIDDEN = 'trashed_at IS NOT NULL OR published_at IS NULL OR unpublished_at IS NOT NULL'


def upgrade() -> None:
    months = op.create_table(
        'archive_months',
        sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('month', sa.Integer(), autoincrement=False, nullable=False),
        sa.Column('post_count', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('year', 'month', name='pk_archive_months'),
    )
    op.create_table(
        'authors',
        sa.Column('name', sa.String(length=200), nullable=False),
        sa.Column('post_count', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_authors'),
    )
    op.create_index('ix_authors_post_count', 'authors', ['post_count'])
    op.add_column('labels', sa.Column('post_count', sa.Integer(), nullable=False, server_default='0'))
    op.create_index('ix_labels_post_count', 'labels', ['post_count'])
    op.create_index('ix_post_labels_newest', 'post_labels', ['label_id', 'post_id'])
    op.drop_index('ix_post_labels_label_id', 'post_labels')
    some = sa.text(HIDDEN)
    op.create_index('ix_posts_hidden', 'posts', ['id'], sqlite_where=some, postgresql_where=some)
    op.create_table(
        'related_posts',
        sa.Column('post_id', sa.Integer(), nullable=False),
        sa.Column('related_id', sa.Integer(), nullable=False),
        sa.Column('score', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['post_id'], ['posts.id'], name='fk_related_posts_post_id_posts', ondelete='CASCADE'
        ),
        sa.ForeignKeyConstraint(
            ['related_id'], ['posts.id'], name='fk_related_posts_related_id_posts', ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('post_id', 'related_id', name='pk_related_posts'),
    )
    op.create_index('ix_related_posts_related_id', 'related_posts', ['related_id'])
    op.add_column('posts', sa.Column('related_at', Moment(timezone=True), nullable=True))
    op.create_index('ix_posts_source', 'posts', ['source_name', 'kind', 'published_at', 'id'])
    some = sa.text(UNRELATED)
    op.create_index('ix_posts_unrelated', 'posts', ['id'], sqlite_where=some, postgresql_where=some)
    op.add_column('site', sa.Column('icon', sa.String(length=200), nullable=False, server_default=''))
    count_posts(months)


def count_posts(months: sa.Table) -> None:
    connection = op.get_bind()
    posts = sa.table('posts', sa.column('kind'), sa.column('published_at', Moment()), sa.column('author_name'))
    visible = sa.text(f'NOT ({HIDDEN})'), posts.c.kind == 'post'
    zone = ZoneInfo(connection.scalar(sa.text('SELECT timezone FROM site')) or 'UTC')
    moments = connection.execute(sa.select(posts.c.published_at).where(*visible).execution_options(yield_per=1000))
    found = Counter(local_month(at, zone) for (at,) in moments)
    rows = [{'year': year, 'month': month, 'post_count': count} for (year, month), count in found.items()]
    if rows:
        connection.execute(months.insert(), rows)
    op.execute(
        'INSERT INTO authors (name, post_count) SELECT author_name, count(*) FROM posts '
        f"WHERE NOT ({HIDDEN}) AND kind = 'post' AND author_name != '' GROUP BY author_name"
    )
    op.execute(
        'UPDATE labels SET post_count = (SELECT count(*) FROM post_labels WHERE label_id = labels.id '
        f'AND post_id NOT IN (SELECT id FROM posts WHERE {HIDDEN}))'
    )


def local_month(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    try:
        local = at.astimezone(zone)
    except OverflowError:
        local = at
    return local.year, local.month
