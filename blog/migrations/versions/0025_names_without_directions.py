"""Names and titles lose bidi controls, by which a reader's name was drawn as an editor's."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0024'
branch_labels = None
depends_on = None

CONTROLS = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
COLUMNS = (('comments', 'name'), ('editors', 'name'), ('posts', 'author_name'), ('posts', 'title'))


def upgrade() -> None:
    for table_name, column_name in COLUMNS:
        column = sa.column(column_name, sa.String)
        table = sa.table(table_name, column)
        clean: sa.ColumnElement[str] = column
        for control in CONTROLS:
            clean = sa.func.replace(clean, control, '')
        found = sa.or_(*(column.contains(control) for control in CONTROLS))
        op.execute(table.update().values({column_name: clean}).where(found))
