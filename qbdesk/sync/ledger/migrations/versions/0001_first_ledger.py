"""The first ledger."""

import sqlalchemy as sa
from alembic import op

from qbdesk.sync.ledger.columns import Amount, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("tenant_id", sa.String(length=128), nullable=False),
        sa.Column("tenant_name", sa.Text(), nullable=False),
        sa.Column("tenant_environment", sa.String(length=20), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("cursor_etag", sa.Text(), nullable=True),
        sa.Column("tenant_at", Instant(), nullable=True),
        sa.Column("client_id", sa.Text(), nullable=True),
        sa.Column("redirect_uri", sa.Text(), nullable=True),
        sa.Column("realm_id", sa.String(length=64), nullable=True),
        sa.Column("environment", sa.String(length=20), nullable=True),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("country", sa.String(length=8), nullable=True),
        sa.Column("home_currency", sa.String(length=3), nullable=True),
        sa.Column("income_account_id", sa.String(length=64), nullable=True),
        sa.Column("income_account_name", sa.Text(), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=False),
        sa.Column("test_server", sa.Boolean(), nullable=False),
        sa.Column("mismatch_agreed", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("trouble_kind", sa.String(length=20), nullable=True),
        sa.Column("access_expires_at", Instant(), nullable=True),
        sa.Column("refresh_expires_at", Instant(), nullable=True),
        sa.Column("last_refresh_at", Instant(), nullable=True),
        sa.Column("last_pass_at", Instant(), nullable=True),
        sa.Column("compared_at", Instant(), nullable=True),
        sa.Column("comparing_since", Instant(), nullable=True),
        sa.Column("comparing_cursor", sa.Text(), nullable=True),
        sa.Column("appointed_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("preflight_at", Instant(), nullable=True),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
        sa.UniqueConstraint(
            "name", "realm_id", "environment", name=op.f("uq_company_name_realm_id_environment")
        ),
    )
    op.create_table(
        "recent_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recent_request")),
    )
    op.create_index(
        op.f("ix_recent_request_realm_id_at"), "recent_request", ["realm_id", "at"], unique=False
    )
    op.create_table(
        "request_count",
        sa.Column("realm_id", sa.String(length=64), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("realm_id", "month", "kind", name=op.f("pk_request_count")),
    )
    op.create_table(
        "memory",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("key", sa.String(length=600), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_memory_company_id")),
        sa.PrimaryKeyConstraint("company_id", "kind", "key", name=op.f("pk_memory")),
    )
    op.create_table(
        "paid_invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=140), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("number_key", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("customer_key", sa.Text(), nullable=False),
        sa.Column("amount", Amount(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("fees", sa.Text(), nullable=False),
        sa.Column("source_link", sa.Text(), nullable=True),
        sa.Column("quickbooks_customer_id", sa.String(length=64), nullable=True),
        sa.Column("quickbooks_invoice_id", sa.String(length=64), nullable=True),
        sa.Column("quickbooks_payment_ids", sa.JSON(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("shown_at", Instant(), nullable=False),
        sa.Column("gone_at", Instant(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("posted_document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["company.id"], name=op.f("fk_paid_invoice_company_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paid_invoice")),
        sa.UniqueConstraint(
            "company_id", "source_id", name=op.f("uq_paid_invoice_company_id_source_id")
        ),
    )
    op.create_index(
        op.f("ix_paid_invoice_company_id_amount_id"),
        "paid_invoice",
        ["company_id", "amount", "id"],
        unique=False,
    )
    op.create_index(
        "ix_paid_invoice_search",
        "paid_invoice",
        ["company_id", "customer_key", "id", "number_key", "source_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_paid_invoice_company_id_number_key"),
        "paid_invoice",
        ["company_id", "number_key"],
        unique=False,
    )
    op.create_index(
        op.f("ix_paid_invoice_company_id_paid_on_id"),
        "paid_invoice",
        ["company_id", "paid_on", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_paid_invoice_company_id_status_id"),
        "paid_invoice",
        ["company_id", "status", "id"],
        unique=False,
    )
    op.create_table(
        "setting",
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=220), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_setting_company_id")),
        sa.PrimaryKeyConstraint("company_id", "key", name=op.f("pk_setting")),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_journal_company_id")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["paid_invoice.id"], name=op.f("fk_journal_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_invoice_id"), "journal", ["invoice_id"], unique=False)
    op.create_index(
        op.f("ix_journal_company_id_invoice_id"),
        "journal",
        ["company_id", "invoice_id"],
        unique=False,
    )
    op.create_table(
        "step",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.String(length=50), nullable=False),
        sa.Column("path", sa.String(length=80), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("absent_at", Instant(), nullable=True),
        sa.Column("quickbooks_id", sa.String(length=64), nullable=True),
        sa.Column("answer", sa.JSON(), nullable=True),
        sa.Column("fault_code", sa.String(length=20), nullable=True),
        sa.Column("fault_text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_step_company_id")),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["paid_invoice.id"], name=op.f("fk_step_invoice_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        sa.UniqueConstraint(
            "company_id",
            "operation",
            "generation",
            name=op.f("uq_step_company_id_operation_generation"),
        ),
    )
    op.create_index(op.f("ix_step_company_id_state"), "step", ["company_id", "state"], unique=False)
    op.create_index(op.f("ix_step_invoice_id"), "step", ["invoice_id"], unique=False)
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("intuit_tid", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["step.id"], name=op.f("fk_attempt_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_step_id"), "attempt", ["step_id"], unique=False)
