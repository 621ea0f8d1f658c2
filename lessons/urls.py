from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api, views

router = SimpleRouter(use_regex_path=False)
router.register("teachers", api.TeacherViewSet)
router.register("clients", api.ClientViewSet)
router.register("subscriptions", api.SubscriptionViewSet)
router.register("closures", api.ClosureViewSet)
router.register("places", api.PlaceViewSet)
router.register("lessons", api.LessonViewSet)

urlpatterns = [
    path("club/planning", views.planning, name="planning"),
    path("club/planning/new", views.new_lesson, name="lesson-new"),
    path("club/lessons/<int:pk>/", views.lesson, name="lesson"),
    path("club/notices/<int:pk>/", views.decide_notice, name="lesson-notice"),
    path("api/me/", api.MeView.as_view(), name="me"),
    path("", include("lessons.urls_programmes")),
    path("api/", include(router.urls)),
]
