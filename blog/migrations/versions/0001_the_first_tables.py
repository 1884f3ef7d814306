"""the first tables"""

import sqlalchemy as sa
from alembic import op

from blog.db import Moment, now

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('labels',
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_labels')),
    sa.UniqueConstraint('name', name=op.f('uq_labels_name'))
    )
    op.create_table('posts',
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('path', sa.String(length=300), nullable=True),
    sa.Column('title', sa.String(length=500), nullable=False),
    sa.Column('published_at', Moment(timezone=True), nullable=True),
    sa.Column('author_name', sa.String(length=200), nullable=False),
    sa.Column('author_ref', sa.String(length=500), nullable=True),
    sa.Column('standfirst', sa.Text(), nullable=False),
    sa.Column('photo_url', sa.String(length=2000), nullable=False),
    sa.Column('photo_alt', sa.String(length=1000), nullable=False),
    sa.Column('photo_caption', sa.Text(), nullable=False),
    sa.Column('photo_credit', sa.String(length=500), nullable=False),
    sa.Column('source_name', sa.String(length=300), nullable=False),
    sa.Column('source_title', sa.String(length=500), nullable=False),
    sa.Column('source_url', sa.String(length=2000), nullable=False),
    sa.Column('quote', sa.Text(), nullable=False),
    sa.Column('quote_html', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('note_html', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('excerpt', sa.Text(), nullable=False),
    sa.Column('thumbnail', sa.String(length=2000), nullable=False),
    sa.Column('comments_closed_at', Moment(timezone=True), nullable=True),
    sa.Column('comment_count', sa.Integer(), nullable=False),
    sa.Column('thread_version', sa.Integer(), nullable=False),
    sa.Column('site_version', sa.Integer(), nullable=False),
    sa.Column('import_ref', sa.String(length=200), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_posts')),
    sa.UniqueConstraint('import_ref', name=op.f('uq_posts_import_ref')),
    sa.UniqueConstraint('path', name=op.f('uq_posts_path'))
    )
    with op.batch_alter_table('posts', schema=None) as batch_op:
        batch_op.create_index('ix_posts_newest', ['kind', 'published_at', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_posts_site_version'), ['site_version'], unique=False)

    site = op.create_table('site',
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('tagline', sa.String(length=500), nullable=False),
    sa.Column('note_label', sa.String(length=80), nullable=False),
    sa.Column('language', sa.String(length=20), nullable=False),
    sa.Column('timezone', sa.String(length=80), nullable=False),
    sa.Column('comments_open', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_site_one_row')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_site'))
    )
    op.create_table('comments',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('branch_id', sa.Integer(), nullable=True),
    sa.Column('depth', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=8), nullable=False),
    sa.Column('status_at', Moment(timezone=True), nullable=False),
    sa.Column('status_reason', sa.String(length=500), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('website', sa.String(length=500), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('body_html', sa.Text(), nullable=False),
    sa.Column('submission_key', sa.String(length=64), nullable=True),
    sa.Column('address_key', sa.String(length=64), nullable=True),
    sa.Column('reader_key', sa.String(length=64), nullable=True),
    sa.Column('import_ref', sa.String(length=200), nullable=True),
    sa.Column('anchor', sa.String(length=40), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['branch_id'], ['comments.id'], name=op.f('fk_comments_branch_id_comments')),
    sa.ForeignKeyConstraint(['parent_id'], ['comments.id'], name=op.f('fk_comments_parent_id_comments')),
    sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_comments_post_id_posts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_comments')),
    sa.UniqueConstraint('import_ref', name=op.f('uq_comments_import_ref')),
    sa.UniqueConstraint('submission_key', name=op.f('uq_comments_submission_key')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('comments', schema=None) as batch_op:
        batch_op.create_index('ix_comments_address', ['address_key', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_comments_parent_id'), ['parent_id'], unique=False)
        batch_op.create_index('ix_comments_reader', ['reader_key', 'created_at'], unique=False)
        batch_op.create_index('ix_comments_thread', ['post_id', 'version'], unique=False)

    op.create_table('post_labels',
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('label_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['label_id'], ['labels.id'], name=op.f('fk_post_labels_label_id_labels'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_post_labels_post_id_posts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('post_id', 'label_id', name=op.f('pk_post_labels'))
    )
    with op.batch_alter_table('post_labels', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_post_labels_label_id'), ['label_id'], unique=False)

    # every blog has exactly one row of settings from its first moment
    op.bulk_insert(site, [{
        'id': 1, 'title': 'Talkback', 'tagline': '', 'note_label': 'Editor:', 'language': 'en', 'timezone': 'UTC',
        'comments_open': True, 'version': 0, 'created_at': now(), 'updated_at': now(),
    }])
