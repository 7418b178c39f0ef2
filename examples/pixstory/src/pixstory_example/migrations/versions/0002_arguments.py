"""The debate around a story."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "arguments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("story_id", sa.BigInteger(), sa.ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
        sa.Column("stance", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint("stance IN ('support', 'challenge')", name="arguments_stance"),
        sa.CheckConstraint("stance = 'support' OR evidence IS NOT NULL", name="arguments_challenge_has_evidence"),
    )
    op.create_index("ix_arguments_story_id", "arguments", ["story_id"])


def downgrade() -> None:
    op.drop_table("arguments")
