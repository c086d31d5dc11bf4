"""Alembic runs this; the connection is the ledger's own."""

from alembic import context

from qbdesk.sync.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
