"""The ledger's tables: portable SQL, nothing only one database can do."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from qbdesk.sync.ledger.columns import Amount, Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row per (name, QuickBooks company): switching to another company leaves the old ledger whole.
company = Table(
    "company",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("source", String(40), nullable=False),
    Column("source_url", Text, nullable=False),
    Column("from_date", Date, nullable=False),
    Column("tenant_id", String(128), nullable=False),
    Column("tenant_name", Text, nullable=False),
    Column("tenant_environment", String(20), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("cursor", Text),
    Column("cursor_etag", Text),  # of the last answer at this very cursor, whose rows are stored
    Column("tenant_at", Instant),  # when the source last said whose invoices these are
    Column("client_id", Text),
    Column("redirect_uri", Text),
    Column("realm_id", String(64)),
    Column("environment", String(20)),
    Column("company_name", Text),
    Column("country", String(8)),
    Column("home_currency", String(3)),
    Column("income_account_id", String(64)),
    Column("income_account_name", Text),
    Column("connected", Boolean, nullable=False),
    Column("test_server", Boolean, nullable=False),
    Column("mismatch_agreed", Boolean, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("trouble", Text),  # why the last pass could not serve this company
    Column("trouble_kind", String(20)),  # a State: signed_out, offline, attention
    Column("access_expires_at", Instant),
    Column("refresh_expires_at", Instant),
    Column("last_refresh_at", Instant),
    Column("last_pass_at", Instant),
    Column("compared_at", Instant),  # when the last whole comparison with the source began
    Column("comparing_since", Instant),  # when the one under way began
    Column("comparing_cursor", Text),
    Column("appointed_at", Instant),  # when it was said that the next pass is due at due_at
    Column("due_at", Instant),
    Column("failures", Integer, nullable=False),  # passes in a row that could not be served
    Column("preflight_at", Instant),
    Column("findings", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("name", "realm_id", "environment"),
)

paid_invoice = Table(
    "paid_invoice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("company.id"), nullable=False),
    Column("source_id", String(140), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("status", String(24), nullable=False),
    Column("reason", String(40)),
    Column("message", Text, nullable=False),
    Column("choices", JSON, nullable=False),
    Column("answers", JSON, nullable=False),  # what a person decided: {reason: choice}
    Column("number", Text, nullable=False),
    Column("number_key", Text, nullable=False),  # as QuickBooks compares it: without case
    Column("customer", Text, nullable=False),
    Column("customer_key", Text, nullable=False),
    Column("amount", Amount),
    Column("currency", String(3), nullable=False),
    Column("paid_on", Date),
    Column("method", Text, nullable=False),
    Column("fees", Text, nullable=False),  # kept and shown; not posted
    Column("source_link", Text),
    Column("quickbooks_customer_id", String(64)),
    Column("quickbooks_invoice_id", String(64)),
    Column("quickbooks_payment_ids", JSON, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("shown_at", Instant, nullable=False),  # by the source, as far as it was compared
    Column("gone_at", Instant),  # when the source knew it no more
    # The long columns come last: SQLite reads a row up to the last column that it needs.
    Column("document", Text, nullable=False),  # the source's newest word, as it came
    Column("posted_document", Text),  # what stood there when it was posted
    UniqueConstraint("company_id", "source_id"),
    Index(None, "company_id", "status", "id"),
    Index(None, "company_id", "number_key"),
    Index(None, "company_id", "paid_on", "id"),
    # Sorts by customer, and holds all that a search looks into.
    Index("ix_paid_invoice_search", "company_id", "customer_key", "id", "number_key", "source_id"),
    Index(None, "company_id", "amount", "id"),
    # Whose figures in the control totals are out of date: asked at the end of every pass.
    Index(None, "company_id", "id", "changed_at"),
)

# One write to QuickBooks. The row is committed before the first byte leaves: it is the intent.
step = Table(
    "step",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("company.id"), nullable=False),
    Column("invoice_id", ForeignKey("paid_invoice.id")),  # the invoice that first needed it
    Column("kind", String(20), nullable=False),
    Column("operation", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("request_id", String(50), nullable=False),
    Column("path", String(80), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(12), nullable=False),
    Column("sent_at", Instant),
    Column("ended_at", Instant),
    Column("absent_at", Instant),  # when it was last looked for and not found
    Column("quickbooks_id", String(64)),
    Column("answer", JSON),
    Column("fault_code", String(20)),
    Column("fault_text", Text),
    UniqueConstraint("company_id", "operation", "generation"),
    Index(None, "invoice_id"),
    Index(None, "company_id", "state"),
)

# Append-only: every attempt to send a step, and how it ended.
attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("step_id", ForeignKey("step.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("intuit_tid", Text),
    Column("request_hash", String(64), nullable=False),  # SHA-256 of the bytes it is about
    Column("text", Text, nullable=False),
    Index(None, "step_id"),
)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("company_id", ForeignKey("company.id"), nullable=False),
    Column("invoice_id", ForeignKey("paid_invoice.id")),
    Column("at", Instant, nullable=False),
    Column("who", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("details", Text, nullable=False),
    Index(None, "invoice_id"),
    Index(None, "company_id", "invoice_id"),
)

# What each invoice brings to the control totals, as it stood at `changed_at`.
control = Table(
    "control",
    metadata,
    Column("invoice_id", ForeignKey("paid_invoice.id"), primary_key=True),
    Column("company_id", ForeignKey("company.id"), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("month", String(7), nullable=False),  # "" where it has no date
    Column("open_amount", Amount, nullable=False),
    Column("marked", Boolean, nullable=False),  # still open, or source and QuickBooks differ
    Column("figures", JSON, nullable=False),
    Index(None, "company_id", "invoice_id", "changed_at"),
    Index(None, "company_id", "marked", "invoice_id"),
)

# Their sums, moved whenever an invoice's figures change: asked without reading any invoice.
control_total = Table(
    "control_total",
    metadata,
    Column("company_id", ForeignKey("company.id"), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("currency", String(3), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("source", Amount, nullable=False),
    Column("quickbooks", Amount, nullable=False),
    Column("in_source", Integer, nullable=False),
    Column("in_quickbooks", Integer, nullable=False),
)

# What was learnt of a company: customers, items, payment methods. Reads are metered.
memory = Table(
    "memory",
    metadata,
    Column("company_id", ForeignKey("company.id"), primary_key=True),
    Column("kind", String(30), primary_key=True),
    Column("key", String(600), primary_key=True),
    Column("value", JSON, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("company_id", ForeignKey("company.id"), primary_key=True),
    Column("key", String(220), primary_key=True),
    Column("value", Text, nullable=False),
)

# The last minute's requests: the limits count across restarts.
recent_request = Table(
    "recent_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("realm_id", String(64), nullable=False),
    Column("at", Float, nullable=False),
    Column("kind", String(10), nullable=False),
    Index(None, "realm_id", "at"),
)

request_count = Table(
    "request_count",
    metadata,
    Column("realm_id", String(64), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("count", Integer, nullable=False),
)
