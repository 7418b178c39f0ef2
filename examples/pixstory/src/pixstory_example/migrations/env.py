"""Runs the migrations on the connection that pixstory_example.migrate hands over."""

from alembic import context

from pixstory_example.database import Base

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=Base.metadata,
    on_version_apply=attributes["on_version_apply"],
)
with context.begin_transaction():
    context.run_migrations()
