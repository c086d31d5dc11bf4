"""The few pages that Intuit's sign-in shows; whatever comes from outside is escaped."""

import json
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from qbdesk.practice.switches import RedirectBy

PERMISSIONS = {
    "com.intuit.quickbooks.accounting": "Read and change customers, invoices, payments and lists",
    "com.intuit.quickbooks.payment": "Take payments by card",
    "openid": "Know who you are",
    "profile": "Know your name",
    "email": "Know your email address",
    "phone": "Know your phone number",
    "address": "Know your postal address",
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f5f8; color: #21262a; }
main { max-width: 30rem; margin: 8vh auto; padding: 2rem; background: #fff; border-radius: 8px;
  box-shadow: 0 1px 4px #0003; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
.note { background: #fff4d6; border: 1px solid #b07b00; border-radius: 4px; padding: .5rem .75rem; }
button { font: inherit; padding: .5rem 1.25rem; border-radius: 4px; border: 1px solid #6b6c72;
  background: #fff; color: inherit; }
button[value=connect] { background: #10701b; border-color: #10701b; color: #fff; }
button:focus-visible { outline: 3px solid #0077c5; outline-offset: 2px; }
"""


def _page(title: str, content: str, *, head: str = "", status: int = 200) -> HTMLResponse:
    return HTMLResponse(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">{head}'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{content}</main></body></html>",
        status_code=status,
        headers={"cache-control": "no-store", "referrer-policy": "no-referrer"},
    )


def consent(company_name: str, scopes: list[str]) -> Response:
    """Asks whether the app may use the company; the form goes back to its own address."""
    wishes = "".join(f"<li>{escape(PERMISSIONS[scope])}</li>" for scope in scopes)
    return _page(
        "Connect to a practice company",
        "<h1>Connect to QuickBooks?</h1>"
        '<p class="note">This is a practice company. Nothing leaves this machine.</p>'
        f"<p>The app asks for permission to use <strong>{escape(company_name)}</strong>:</p>"
        f'<ul>{wishes}</ul><form method="post">'
        '<button name="decision" value="connect">Connect</button> '
        '<button name="decision" value="cancel">Cancel</button></form>',
    )


def invoice(company_name: str, entity: dict[str, Any]) -> Response:
    """An invoice as its bookkeeper sees it in QuickBooks, in short."""
    rows = "".join(
        f"<tr><td>{escape(line.get('Description', ''))}</td><td>{line['Amount']}</td></tr>"
        for line in entity["Line"]
        if line["DetailType"] != "SubTotalLineDetail"
    )
    facts = {
        "Customer": entity["CustomerRef"].get("name", ""),
        "Date": entity["TxnDate"],
        "Total": str(entity["TotalAmt"]),
        "Balance": str(entity["Balance"]),
        "Note": entity.get("PrivateNote", ""),
    }
    told = "".join(f"<tr><th>{name}</th><td>{escape(v)}</td></tr>" for name, v in facts.items())
    title = f"Invoice {escape(str(entity.get('DocNumber', '')))}"
    return _page(
        "Practice company",
        f'<h1>{title}</h1><p class="note">{escape(company_name)}: a practice company. Nothing '
        f"leaves this machine.</p><table>{told}</table><h2>Lines</h2><table>{rows}</table>",
    )


def problem(text: str) -> Response:
    """Intuit answers a wrong app or redirect address with a page, never with a redirect."""
    title = "Sorry, but the app cannot connect"
    return _page(title, f"<h1>{title}</h1><p>{escape(text)}</p>", status=400)


def leave_for(address: str, by: RedirectBy) -> Response:
    """Sends the browser to the app's redirect address."""
    if by == "302":
        return RedirectResponse(address, status_code=302, headers={"cache-control": "no-store"})
    if by == "meta":
        head = f'<meta http-equiv="refresh" content="0;url={escape(address)}">'
        return _page("Returning to the app", "<p>Returning to the app.</p>", head=head)
    literal = json.dumps(address).replace("<", "\\u003c")
    script = f"<p>Returning to the app.</p><script>location.replace({literal})</script>"
    return _page("Returning to the app", script)
