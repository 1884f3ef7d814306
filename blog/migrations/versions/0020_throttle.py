"""The throttle of comments is a setting of the site."""

from alembic import op
import sqlalchemy as sa

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None

DEFAULTS = {
    'reader_per_10_seconds': '1',
    'reader_per_10_minutes': '10',
    'address_per_minute': '10',
    'address_per_10_minutes': '60',
}


def upgrade() -> None:
    for name, default in DEFAULTS.items():
        op.add_column('site', sa.Column(name, sa.Integer(), nullable=False, server_default=default))

