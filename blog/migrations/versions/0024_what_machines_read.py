"""The licence of a photo, drawn card pictures, and what the site says of itself to other programs."""

from alembic import op
import sqlalchemy as sa

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ('photo_license', 'photo_license_page'):
        op.add_column('posts', sa.Column(name, sa.String(length=2000), nullable=False, server_default=''))
    op.add_column('posts', sa.Column('card_url', sa.String(length=300), nullable=True))
    undrawn = sa.text("card_url IS NULL AND thumbnail = ''")
    op.create_index('ix_posts_undrawn', 'posts', ['updated_at'], sqlite_where=undrawn, postgresql_where=undrawn)
    op.add_column('site', sa.Column('fediverse_creator', sa.String(length=200), nullable=False, server_default=''))
    op.add_column('site', sa.Column('profile_links', sa.Text(), nullable=False, server_default=''))
    op.add_column('site', sa.Column('ai_choice', sa.String(length=10), nullable=False, server_default=''))
    op.add_column('site', sa.Column('card_url', sa.String(length=300), nullable=True))
