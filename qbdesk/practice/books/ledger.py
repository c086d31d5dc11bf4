"""Double entry: what every transaction did to every account. Debits positive, credits negative."""

from collections import defaultdict
from decimal import Decimal

from qbdesk.practice.wire import ZERO

Posting = dict[str, Decimal]


class Ledger:
    """Account balances in home currency, kept by transaction so that a change replaces its past."""

    def __init__(self) -> None:
        self._by_transaction: dict[str, Posting] = {}
        self._balances: defaultdict[str, Decimal] = defaultdict(Decimal)

    def post(self, transaction: str, posting: Posting) -> None:
        """Replaces whatever this transaction had posted; refuses what does not balance."""
        if sum(posting.values(), ZERO) != ZERO:
            raise AssertionError(f"transaction {transaction} does not balance: {posting}")
        for account, amount in self._by_transaction.pop(transaction, {}).items():
            self._balances[account] -= amount
        kept = {account: amount for account, amount in posting.items() if amount}
        for account, amount in kept.items():
            self._balances[account] += amount
        if kept:
            self._by_transaction[transaction] = kept

    def balance(self, account: str) -> Decimal:
        return self._balances.get(account, ZERO)

    def balances(self) -> dict[str, Decimal]:
        return {account: amount for account, amount in self._balances.items() if amount}
