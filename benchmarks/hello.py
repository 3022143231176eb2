"""A Django site that does nothing but answer; a program of its own, never imported by another."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path


def hello(_request: HttpRequest) -> HttpResponse:
    """Answer."""
    return HttpResponse("hello")


settings.configure(SECRET_KEY="-" * 50, ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
django.setup()
urlpatterns = [path("", hello)]
application = get_wsgi_application()
