"""Configure Alembic on the connection and transaction of migrate()."""

from alembic import context

import blog.comments.models
import blog.editors.models
import blog.importing.models
import blog.mail.models
import blog.media.models
import blog.posts.models
import blog.site.models  # noqa: F401
from blog.db import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
