"""Stories and their photos."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    # The bytes are compressed already: keep PostgreSQL from trying again.
    op.execute("ALTER TABLE photos ALTER COLUMN content SET STORAGE EXTERNAL")
    op.create_table(
        "stories",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), sa.ForeignKey("photos.id")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("stories_newest", "stories", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("stories")
    op.drop_table("photos")
