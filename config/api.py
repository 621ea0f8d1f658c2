"""Log in and out of the API. The log-in throttle is that of the page: the same counter, the same patience."""

from typing import Any

from django.contrib.auth import authenticate, logout
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class LoginSerializer(serializers.Serializer[Any]):
    username = serializers.CharField(write_only=True, max_length=150)
    password = serializers.CharField(write_only=True, trim_whitespace=False)
    token = serializers.CharField(read_only=True)
    expiry = serializers.DateTimeField(read_only=True, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        # The throttle marks Django's request, which DRF wraps.
        user = authenticate(self.context["request"]._request, **attrs)
        if user is None:
            raise serializers.ValidationError(_("Wrong username or password."))
        return {"user": user}


class LoginView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=LoginSerializer, responses={200: LoginSerializer})
    def post(self, request: Request) -> Response:
        serializer = LoginSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        user: AbstractBaseUser = serializer.validated_data["user"]
        row, token = AuthToken.objects.create(user)
        user_logged_in.send(sender=type(user), request=request._request, user=user)
        return Response({"token": token, "expiry": row.expiry})


class LogoutView(APIView):
    """Ends what the caller came with: the token, or the browser's session."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        if request.auth:
            request.auth.delete()
            user_logged_out.send(sender=type(request.user), request=request._request, user=request.user)
        else:
            logout(request._request)
        return Response(status=204)
