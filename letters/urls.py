from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api, views, webhooks

router = SimpleRouter(use_regex_path=False)
router.register("letters", api.LetterViewSet)

urlpatterns = [
    path("club/letters/", views.letters, name="letters"),
    path("club/letters/send/", views.send, name="letters-send"),
    path("club/letters/retry/", views.retry_all, name="letters-retry"),
    path("club/letters/stop/<uuid:batch>/", views.stop, name="letters-stop"),
    path("club/letters/<int:pk>/again/", views.send_again, name="letters-again"),
    path("club/letters/<int:pk>/arrived/", views.arrived, name="letters-arrived"),
    path("club/letters/<int:pk>/cancel/", views.cancel, name="letters-cancel"),
    path("club/letters/<int:pk>/pdf/", views.pdf, name="letters-pdf"),
    path("club/letters/preview/", views.preview, name="letters-preview"),
    path("club/letters/preview/pdf/", views.preview_pdf, name="letters-preview-pdf"),
    path("club/letters/test/", views.send_test, name="letters-test"),
    path("club/letters/wording/", views.wording, name="letters-wording-page"),
    path("club/letters/wording/preview/", views.draft_pdf, name="letters-draft"),
    path("club/letters/log.csv", views.log, name="letters-log"),
    path("club/letters/teachers/import/", views.import_teachers, name="letters-import"),
    path("club/letters/teachers/<int:pk>/", views.teacher, name="letters-teacher"),
    path("webhooks/mail/", webhooks.mail_service, name="mail-service-webhook"),
    path("api/letters/wording/", api.WordingView.as_view(), name="letters-wording"),
    path("api/", include(router.urls)),
]
