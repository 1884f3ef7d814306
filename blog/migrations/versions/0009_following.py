"""Following by mail: who is told of what, of what they are still to be told, and who never is."""

from alembic import op
import sqlalchemy as sa

from blog.db import Moment

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('follows',
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('email_key', sa.String(length=64), nullable=False),
    sa.Column('post_id', sa.Integer(), nullable=False),
    sa.Column('comment_id', sa.Integer(), nullable=True),
    sa.Column('reader_key', sa.String(length=64), nullable=True),
    sa.Column('address_key', sa.String(length=64), nullable=True),
    sa.Column('asked_at', Moment(timezone=True), nullable=True),
    sa.Column('confirmed_at', Moment(timezone=True), nullable=True),
    sa.Column('same_browser', sa.Boolean(), nullable=False),
    sa.Column('link_sent_at', Moment(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_follows_comment_id_comments'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['post_id'], ['posts.id'], name=op.f('fk_follows_post_id_posts'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_follows'))
    )
    op.create_index('ix_follows_post', 'follows', ['post_id', 'comment_id'], unique=False)
    op.create_index('ix_follows_email', 'follows', ['email_key', 'post_id'], unique=False)
    op.create_index('ix_follows_address', 'follows', ['address_key', 'asked_at'], unique=False)
    op.create_index(op.f('ix_follows_comment_id'), 'follows', ['comment_id'], unique=False)
    untold = sa.text('told_at IS NULL')
    op.create_table('notices',
    sa.Column('follow_id', sa.Integer(), nullable=False),
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.Column('mail_id', sa.Integer(), nullable=True),
    sa.Column('told_at', Moment(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['comment_id'], ['comments.id'], name=op.f('fk_notices_comment_id_comments'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['follow_id'], ['follows.id'], name=op.f('fk_notices_follow_id_follows'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['mail_id'], ['mails.id'], name=op.f('fk_notices_mail_id_mails'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notices')),
    sa.UniqueConstraint('follow_id', 'comment_id', name=op.f('uq_notices_follow_id_comment_id'))
    )
    op.create_index('ix_notices_untold', 'notices', ['created_at', 'id'], sqlite_where=untold, postgresql_where=untold)
    op.create_index('ix_notices_created_at', 'notices', ['created_at'], unique=False)
    op.create_index(op.f('ix_notices_comment_id'), 'notices', ['comment_id'], unique=False)
    op.create_index(op.f('ix_notices_mail_id'), 'notices', ['mail_id'], unique=False)
    op.create_table('silenced',
    sa.Column('email_key', sa.String(length=64), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_silenced')),
    sa.UniqueConstraint('email_key', name=op.f('uq_silenced_email_key'))
    )
