"""Whether each invoice of the source and each of its payments is in QuickBooks once."""

from collections import Counter

from command_line import PATIENCE, Desk, Done, Practice

SETTLED_SOON = {"QBDESK_SETTLE_SECONDS": "1"}
MOST_PASSES = 10


def forgets(practice: Practice) -> Practice:
    """QuickBooks, which carries out whatever it is sent, be it for the second time."""
    practice.change("switches", {"request_ids": "ignored"})
    return practice


def wrong_in_quickbooks(practice: Practice) -> list[str]:
    """What is missing, doubled or not paid in full by its own payments; nothing, if all is well."""
    shown = {row["number"]: row for row in practice.documents()}
    wrong = [f"{number} has a balance" for number in open_numbers(practice)]
    if practice.numbers() != sorted(shown):
        counted = Counter(practice.numbers())
        wrong += [f"{number} is there {n} times" for number, n in counted.items() if n > 1]
        wrong += [f"{number} is not there" for number in shown.keys() - counted.keys()]
    numbers = {entry["Id"]: entry["DocNumber"] for entry in practice.look("entities/invoice")}
    paid = Counter(
        numbers.get(link["TxnId"], link["TxnId"])
        for entry in practice.look("entities/payment")
        for line in entry["Line"]
        for link in line["LinkedTxn"]
    )
    owed = Counter({number: len(row["payments"]) for number, row in shown.items()})
    if paid != owed:
        wrong += [f"{number} paid {count} times" for number, count in (paid - owed).items()]
        wrong += [f"{number} lacks {count} payments" for number, count in (owed - paid).items()]
    for kind, name in (("customer", "DisplayName"), ("item", "Name"), ("paymentmethod", "Name")):
        names = Counter(entry[name] for entry in practice.look(f"entities/{kind}"))
        wrong += [f"{kind} {each} twice" for each, count in names.items() if count > 1]
    return wrong


def open_numbers(practice: Practice) -> list[str]:
    return [entry["DocNumber"] for entry in practice.look("books")["open_invoices"]]


def at_rest(desk: Desk, patience: float = PATIENCE) -> Done:
    """The pass that leaves nothing waiting; a settle time is never sat out in one.

    `patience`: seconds that one pass may take.
    """
    for _ in range(MOST_PASSES):
        done = desk.end(desk.start("sync", "--json", **SETTLED_SOON), patience=patience)
        if done.json()["waiting"] == 0:
            return done
    raise AssertionError(f"Something waits still: {done.out}")
