"""The books behind the practice company: its entities, its ledger, its chart of accounts."""
