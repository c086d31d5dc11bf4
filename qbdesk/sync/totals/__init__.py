"""Control totals: what the source showed against what QuickBooks answered (rule 33)."""
