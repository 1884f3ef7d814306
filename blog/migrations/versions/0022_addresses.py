"""Old addresses, indexes that find posts by their slug and comments by their old anchor, and pings to a hub."""

from alembic import op
import sqlalchemy as sa

from blog.db import Moment

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

HAS_ANCHOR = sa.text('anchor IS NOT NULL')


def upgrade() -> None:
    op.create_table(
        'old_paths',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('created_at', Moment(timezone=True), nullable=False),
        sa.Column('updated_at', Moment(timezone=True), nullable=False),
        sa.Column('path', sa.String(500), nullable=False),
        sa.Column('post_id', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ['post_id'], ['posts.id'], name=op.f('fk_old_paths_post_id_posts'), ondelete='CASCADE'
        ),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_old_paths')),
        sa.UniqueConstraint('path', name=op.f('uq_old_paths_path')),
    )
    op.create_index('ix_old_paths_post_id', 'old_paths', ['post_id'])
    op.create_index('ix_posts_slug', 'posts', [sa.text('substr(path, 10)')])
    op.create_index(
        'ix_comments_anchor', 'comments', ['post_id', 'anchor'], sqlite_where=HAS_ANCHOR, postgresql_where=HAS_ANCHOR
    )
    for name in ('websub_hub', 'security_contact'):
        op.add_column('site', sa.Column(name, sa.String(500), nullable=False, server_default=''))
    op.create_table(
        'hub_pings',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('created_at', Moment(timezone=True), nullable=False),
        sa.Column('updated_at', Moment(timezone=True), nullable=False),
        sa.Column('hub', sa.String(500), nullable=False),
        sa.Column('changed_at', Moment(timezone=True), nullable=False),
        sa.Column('due_at', Moment(timezone=True)),
        sa.Column('tries', sa.Integer(), nullable=False),
        sa.Column('first_tried_at', Moment(timezone=True)),
        sa.Column('leased_until', Moment(timezone=True)),
        sa.Column('failed_at', Moment(timezone=True)),
        sa.Column('last_error', sa.String(500), nullable=False),
        sa.Column('sent_at', Moment(timezone=True)),
        sa.Column('given_up_at', Moment(timezone=True)),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_hub_pings')),
        sa.UniqueConstraint('hub', name=op.f('uq_hub_pings_hub')),
    )
