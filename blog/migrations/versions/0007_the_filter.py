"""the filter: its dial, what it said, its lessons, and which domains comments lead to"""

import re
from html import unescape

import sqlalchemy as sa
from alembic import op

from blog.db import Moment
from blog.html.urls import host_of

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

LINK = re.compile(r'<a [^>]*?href="(https?://[^"]*)"', re.IGNORECASE)
AT_ONCE = 2000
LINKED = """
SELECT id, website, body_html FROM comments
WHERE id > :last AND (website != '' OR body_html LIKE '%<a %') ORDER BY id LIMIT :most
"""


def upgrade() -> None:
    op.add_column('comments', sa.Column('filter_score', sa.Integer(), nullable=True))
    op.add_column('comments', sa.Column('filter_signs', sa.String(length=500), nullable=False, server_default=''))
    op.add_column('site', sa.Column('filter_strictness', sa.String(length=10), nullable=False, server_default='usual'))
    op.create_table('lessons',
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.Column('spam', sa.Boolean(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('takes_back', sa.Integer(), nullable=True),
    sa.Column('vector', sa.LargeBinary(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('created_at', Moment(timezone=True), nullable=False),
    sa.Column('updated_at', Moment(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(
        ['comment_id'], ['comments.id'], name=op.f('fk_lessons_comment_id_comments'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_lessons')),
    sqlite_autoincrement=True
    )
    op.create_index('ix_lessons_comment_id', 'lessons', ['comment_id'], unique=False)
    domains = op.create_table('comment_domains',
    sa.Column('domain', sa.String(length=254), nullable=False),
    sa.Column('comment_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(
        ['comment_id'], ['comments.id'], name=op.f('fk_comment_domains_comment_id_comments'), ondelete='CASCADE'
    ),
    sa.PrimaryKeyConstraint('domain', 'comment_id', name=op.f('pk_comment_domains'))
    )
    op.create_index('ix_comment_domains_comment_id', 'comment_domains', ['comment_id'], unique=False)
    _find_domains(domains)


def _find_domains(domains: sa.Table) -> None:
    """Of the comments that stand, so many at once, so that a large blog needs no more memory than a small one."""
    last = 0
    while rows := op.get_bind().execute(sa.text(LINKED), {'last': last, 'most': AT_ONCE}).all():
        found = [
            {'comment_id': number, 'domain': domain}
            for number, website, body_html in rows
            for domain in {
                host_of(link).removeprefix('www.') for link in (website, *map(unescape, LINK.findall(body_html)))
            }
            if domain and len(domain) <= 254
        ]
        if found:
            op.bulk_insert(domains, found)
        last = rows[-1][0]
