"""Resources for sign-in to the API: a Cognito user pool, or none where the settings name an OIDC issuer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logctl.aws.place import Place
from logctl.core.access import PREFIX
from logctl.core.errors import UsageError
from logctl.stack.iam.policies import sub
from logctl.stack.names import CHINA, GOVCLOUD, Names
from logctl.stack.settings import Settings

RESOURCE_SERVER = "logctl"
"""Identifier of the resource server, with which the machine client's scopes begin: `logctl/app:checkout`."""
COGNITO_GROUPS = "cognito:groups"
"""The claim in which Cognito lists a user's groups."""
_ACCESS_MINUTES = 60
_REFRESH_HOURS = 12

Value = str | dict[str, Any]


@dataclass(frozen=True)
class SignIn:
    """Sign-in as authorizer, handler and page need it; an empty URL is in the issuer's own metadata."""

    issuer: Value
    audience: list[Value]
    client_id: Value
    groups_claim: str
    resource_server: str = RESOURCE_SERVER
    authorize_url: Value = ""
    token_url: Value = ""
    logout_url: Value = ""


def sign_in(settings: Settings, names: Names, endpoint: str | None, region: str | None) -> SignIn:
    """Return how people and machines sign in.

    Args:
        settings: the environment's.
        names: the environment's.
        endpoint: the sandbox's URL, where Cognito's pages are too; None on AWS.
        region: the region that the template is for, if that is known.

    Raises:
        UsageError: the region has no user pools, and the settings name no issuer.
    """
    if settings.oidc_issuer:
        client = settings.oidc_client_id or settings.oidc_audience or ""
        audience = settings.oidc_audience or client
        return SignIn(settings.oidc_issuer, [audience], client, settings.groups_claim or "groups", audience)
    if region and region.startswith(CHINA):
        # Getting Started with Amazon Web Services in China, Amazon Cognito: feature availability.
        raise UsageError(
            f"Amazon Cognito has no user pools in {region}: nobody could sign in to dashboard and API.",
            "Let your own identity provider do it: set oidc_issuer and oidc_audience.",
        )
    govcloud = region if region and region.startswith(GOVCLOUD) else None
    base = endpoint or f"https://{names.sign_in_host(Place(region=govcloud or Place().region))}"
    clients: list[Value] = [{"Ref": "WebClient"}]
    if settings.machine_apps:
        clients.append({"Ref": "MachineClient"})
    return SignIn(
        # The same as Fn::GetAtt ProviderURL, which MiniStack lacks.
        issuer=sub("https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}"),
        audience=clients,
        client_id=clients[0],
        groups_claim=settings.groups_claim or COGNITO_GROUPS,
        resource_server=RESOURCE_SERVER,
        authorize_url=_value(f"{base}/oauth2/authorize"),
        token_url=_value(f"{base}/oauth2/token"),
        logout_url=_value(f"{base}/logout"),
    )


def _value(text: str) -> Value:
    return sub(text) if "${" in text else text


def resources(settings: Settings, names: Names, page_url: Value) -> dict[str, Any]:
    """Return the user pool, with a client for the page and one for scripts.

    Nothing is needed where the settings name another issuer.
    """
    if settings.oidc_issuer:
        return {}
    return {
        "UserPool": {
            "Type": "AWS::Cognito::UserPool",
            "Properties": {
                "UserPoolName": names.stack,
                "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
                "UsernameConfiguration": {"CaseSensitive": False},
                "MfaConfiguration": "OPTIONAL",
                "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
                "Policies": {
                    "PasswordPolicy": {
                        "MinimumLength": 12,
                        "RequireLowercase": True,
                        "RequireNumbers": True,
                        "RequireUppercase": True,
                        "RequireSymbols": False,
                        "TemporaryPasswordValidityDays": 7,
                    }
                },
            },
        },
        "UserPoolDomain": {
            "Type": "AWS::Cognito::UserPoolDomain",
            "Properties": {
                "UserPoolId": {"Ref": "UserPool"},
                "Domain": _value(names.sign_in_domain(Place())),
                # The classic pages. Version 2, managed login, shows none until somebody has made a style.
                "ManagedLoginVersion": 1,
            },
        },
        "WebClient": _client(
            f"{names.stack}-dashboard",
            {
                "GenerateSecret": False,
                "AllowedOAuthFlows": ["code"],
                "AllowedOAuthScopes": ["openid"],
                "CallbackURLs": [page_url],
                "LogoutURLs": [page_url],
                "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
                "PreventUserExistenceErrors": "ENABLED",
                "RefreshTokenValidity": _REFRESH_HOURS,
            },
        ),
        **(_machine(settings, names) if settings.machine_apps else {}),
    }


def _machine(settings: Settings, names: Names) -> dict[str, Any]:
    scopes = [f"{PREFIX}{pattern}" for pattern in settings.machine_apps]
    client = _client(
        f"{names.stack}-machine",
        {
            "GenerateSecret": True,
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": [f"{RESOURCE_SERVER}/{scope}" for scope in scopes],
        },
    )
    return {
        "ResourceServer": {
            "Type": "AWS::Cognito::UserPoolResourceServer",
            "Properties": {
                "UserPoolId": {"Ref": "UserPool"},
                "Identifier": RESOURCE_SERVER,
                "Name": RESOURCE_SERVER,
                "Scopes": [
                    {"ScopeName": scope, "ScopeDescription": f"Read {scope.removeprefix(PREFIX)}"}
                    for scope in scopes
                ],
            },
        },
        "MachineClient": {**client, "DependsOn": ["ResourceServer"]},
    }


def _client(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Cognito::UserPoolClient",
        "Properties": {
            "ClientName": name,
            "UserPoolId": {"Ref": "UserPool"},
            "AllowedOAuthFlowsUserPoolClient": True,
            "SupportedIdentityProviders": ["COGNITO"],
            "EnableTokenRevocation": True,
            "AccessTokenValidity": _ACCESS_MINUTES,
            "TokenValidityUnits": {"AccessToken": "minutes", "RefreshToken": "hours"},
            **properties,
        },
    }
