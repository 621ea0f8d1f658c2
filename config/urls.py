from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from . import api, views, views_mail
from .login import LogInView

urlpatterns = [
    path("", RedirectView.as_view(url="/club/planning")),
    path("healthz", views.healthz),
    path("connexion/", LogInView.as_view(), name="login"),
    path("deconnexion/", LogoutView.as_view(), name="logout"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("jobs.urls")),
    path("", include("lessons.urls")),
    path("", include("letters.urls")),
    path("", include("audio.urls")),
    path("", include("staffing.urls")),
    path("api/login/", api.LoginView.as_view(), name="api-login"),
    path("api/logout/", api.LogoutView.as_view(), name="api-logout"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema", http_method_names=["get", "head"]), name="api-docs"),
    re_path("^api/", csrf_exempt(views.not_found)),  # a wrong address is one for every method
    path("dev/mail/", views_mail.index, name="mail"),
    path("dev/mail/messages.json", views_mail.messages, name="mail-json"),
    path("dev/mail/<slug:id>/", views_mail.show, name="mail-message"),
    path("dev/mail/<slug:id>/html/", views_mail.html, name="mail-html"),
    path("dev/mail/<slug:id>/source/", views_mail.source, name="mail-source"),
    path("dev/mail/<slug:id>/attachments/<int:number>/", views_mail.attachment, name="mail-attachment"),
]

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error
