"""Endpoints of API tokens: a member's own, listed, made, rotated and revoked; a secret is in one answer only."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from practice import services
from practice.api.permissions import token_of
from practice.api.serializers import (
    MadeTokenSerializer,
    NewTokenSerializer,
    RotationSerializer,
    TokenSerializer,
)
from practice.api.views import member_of
from practice.models import ApiToken
from practice.selectors import get_or_404, live_tokens_of
from practice.token_scopes import MANAGE_TOKENS


class OfOwnTokens(APIView):
    """What all endpoints of tokens have in common."""

    read_permission = "token.manage"
    write_permission = "token.manage"
    read_scope = MANAGE_TOKENS
    write_scope = MANAGE_TOKENS

    def own_token(self, token_id: UUID) -> ApiToken:
        """Return one of the member's own tokens that were not revoked, or 404."""
        token: ApiToken = get_or_404(live_tokens_of(member_of(self.request)), token_id)
        return token


def _made(token: ApiToken, secret: str) -> Response:
    return Response({**TokenSerializer(token).data, "secret": secret}, status=201)


class TokenList(OfOwnTokens, generics.ListAPIView[ApiToken]):
    """List the member's own tokens that were not revoked, or make one."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()
    ordering_fields = ("name", "created_at", "expires_at", "last_used_at")

    def get_queryset(self) -> Any:
        """Return the member's tokens, newest first."""
        return live_tokens_of(member_of(self.request)).order_by("-created_at", "pk")

    @extend_schema(request=NewTokenSerializer, responses={201: MadeTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make a token that may do no more than the one it is made with; its secret is shown in this answer only."""
        form = NewTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        member = member_of(request)
        made = services.create_api_token(
            member=member, actor=member, maker=token_of(request), **form.validated_data
        )
        return _made(*made)


class TokenDetail(OfOwnTokens):
    """Read one token."""

    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request, token_id: UUID) -> Response:
        """Return the token without its secret."""
        return Response(TokenSerializer(self.own_token(token_id)).data)


class TokenRotate(OfOwnTokens):
    """Make a token in the place of one."""

    @extend_schema(request=RotationSerializer, responses={201: MadeTokenSerializer})
    def post(self, request: Request, token_id: UUID) -> Response:
        """Make a token with the same name and scopes; both are valid until the old one is revoked, a week at most."""
        form = RotationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.rotate_api_token(
            self.own_token(token_id),
            actor=member_of(request),
            maker=token_of(request),
            **form.validated_data,
        )
        return _made(*made)


class TokenRevoke(OfOwnTokens):
    """End a token."""

    @extend_schema(request=None, responses=TokenSerializer)
    def post(self, request: Request, token_id: UUID) -> Response:
        """End the token at once, also the one of this very call."""
        token = self.own_token(token_id)
        services.revoke_api_token(token, actor=member_of(request))
        return Response(TokenSerializer(token).data)
