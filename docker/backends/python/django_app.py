"""Django in one file: gunicorn --bind 127.0.0.1:3000 --threads 8 django_app:application"""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponseNotAllowed, JsonResponse, StreamingHttpResponse
from django.urls import path

from identity import identity_of, size_of, ticks

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="this program signs nothing",
    MIDDLEWARE=[
        "django.middleware.http.ConditionalGetMiddleware",
        f"{__name__}.identity_middleware",
    ],
)


def identity_middleware(get_response):
    def middleware(request):
        request.identity = identity_of(request.headers)
        return get_response(request)

    return middleware


def about(request):
    return JsonResponse({"route": "GET /about", **request.identity}, headers={"ETag": '"about-1"'})


def headers(request):
    return JsonResponse({name: value for name, value in request.META.items() if isinstance(value, str)})


def items(request):
    if request.method in ("GET", "HEAD"):
        return JsonResponse({"route": "GET /items", **request.identity})
    if request.method == "POST":
        return JsonResponse({"route": "POST /items", "bytes": size_of(request), **request.identity})
    if request.method == "DELETE":
        return JsonResponse({"route": "DELETE /items", **request.identity})
    return HttpResponseNotAllowed(["GET", "HEAD", "POST", "DELETE"])


def tick(request):
    return StreamingHttpResponse(ticks(), content_type="text/plain")


def members(request, id):
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return JsonResponse({"route": "GET /orgs/{id}/members", "id": id, **request.identity})


def invite(request, id):
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    return JsonResponse({"route": "POST /orgs/{id}/invitations", "id": id, **request.identity})


urlpatterns = [
    path("about", about),
    path("headers", headers),
    path("items", items),
    path("ticks", tick),
    path("orgs/<id>/members", members),
    path("orgs/<id>/invitations", invite),
]

application = get_wsgi_application()
