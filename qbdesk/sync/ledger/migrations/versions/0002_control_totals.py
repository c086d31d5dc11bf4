"""Control totals: what each invoice brings to them, and their sums."""

import sqlalchemy as sa
from alembic import op

from qbdesk.sync.ledger.columns import Amount, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_paid_invoice_company_id_id_changed_at"),
        "paid_invoice",
        ["company_id", "id", "changed_at"],
        unique=False,
    )
    op.create_table(
        "control",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("open_amount", Amount(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_control_company_id")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["paid_invoice.id"], name=op.f("fk_control_invoice_id")
        ),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_control")),
    )
    op.create_index(
        op.f("ix_control_company_id_invoice_id_changed_at"),
        "control",
        ["company_id", "invoice_id", "changed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_control_company_id_marked_invoice_id"),
        "control",
        ["company_id", "marked", "invoice_id"],
        unique=False,
    )
    op.create_table(
        "control_total",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("source", Amount(), nullable=False),
        sa.Column("quickbooks", Amount(), nullable=False),
        sa.Column("in_source", sa.Integer(), nullable=False),
        sa.Column("in_quickbooks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_control_total_company_id")
        ),
        sa.PrimaryKeyConstraint(
            "company_id", "month", "currency", "kind", "key", name=op.f("pk_control_total")
        ),
    )
