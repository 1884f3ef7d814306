"""Ids of feeds and their entries, and indexes for feeds."""

import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

from blog.settings import load

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None

VISIBLE = sa.text('trashed_at IS NULL AND unpublished_at IS NULL AND published_at IS NOT NULL')


def upgrade() -> None:
    op.add_column('site', sa.Column('tag_prefix', sa.String(300), nullable=False, server_default=''))
    op.add_column('site', sa.Column('atom_id', sa.String(200), nullable=False, server_default=''))
    op.add_column('posts', sa.Column('atom_id', sa.String(200)))
    site = sa.table('site', sa.column('tag_prefix', sa.String))
    op.execute(site.update().values(tag_prefix=make_tag_prefix(load().blog_url)))
    indexes = {
        'ix_posts_published': (VISIBLE, ['kind', 'published_at', 'id']),
        'ix_posts_updated': (VISIBLE, ['kind', 'updated_at', 'id', 'published_at']),
        'ix_posts_author': (VISIBLE, ['author_name', 'kind', 'published_at', 'id']),
    }
    for name, (condition, columns) in indexes.items():
        op.create_index(name, 'posts', columns, sqlite_where=condition, postgresql_where=condition)
    op.drop_index('ix_posts_newest', 'posts')
    op.drop_index('ix_comments_counted', 'comments')
    op.create_index('ix_comments_counted', 'comments', ['post_id', 'status', 'created_at', 'id'])


def make_tag_prefix(blog_url: str) -> str:
    """Make the prefix of tag URIs; without a domain of its own a blog gets a random one that nobody has."""
    name, host = secrets.token_hex(6), urlsplit(blog_url).hostname or ''
    if not host or ':' in host or '.' not in host:
        host = f'{name}.invalid'
    else:
        host = host.encode('idna').decode()
    return f'tag:{host},{datetime.now(UTC):%Y-%m-%d}:blog-{name}'
