"""Intuit's discovery document: where a client that others wrote learns the sign-in's addresses."""

from starlette.requests import Request
from starlette.responses import Response

from qbdesk.practice import wire
from qbdesk.practice.intuit.pages import PERMISSIONS


async def document(request: Request) -> Response:
    """Intuit: "openid_configuration", for sandbox and production keys alike."""
    root = str(request.base_url).rstrip("/")
    body = {
        "issuer": "https://oauth.platform.intuit.com/op/v1",
        "authorization_endpoint": f"{root}/appcenter/connect/oauth2",
        "token_endpoint": f"{root}/oauth/oauth2/v1/tokens/bearer",
        "revocation_endpoint": f"{root}/developer/v2/oauth2/tokens/revoke",
        "userinfo_endpoint": f"{root}/accounts/v1/openid_connect/userinfo",
        "jwks_uri": f"{root}/oauth/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "scopes_supported": list(PERMISSIONS),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }
    return Response(wire.dumps(body), media_type="application/json")
