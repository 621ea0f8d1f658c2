from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import (
    api,
    api_calendars,
    api_enrolments,
    views,
    views_calendars,
    views_changes,
    views_enrolments,
    views_reminders,
    views_settings,
    views_subscriptions,
)

router = SimpleRouter(use_regex_path=False)
router.register("teachers", api.TeacherViewSet)
router.register("clients", api.ClientViewSet)
router.register("subscriptions", api.SubscriptionViewSet)
router.register("closures", api.ClosureViewSet)
router.register("places", api.PlaceViewSet)
router.register("lessons", api.LessonViewSet)
router.register("calendars", api_calendars.CalendarFeedViewSet)

urlpatterns = [
    path("club/planning", views.planning, name="planning"),
    path("club/planning/new", views.new_lesson, name="lesson-new"),
    path("club/lessons/<int:pk>/", views.lesson, name="lesson"),
    path("club/lessons/<int:pk>/change", views_changes.change, name="lesson-change"),
    path("club/lessons/<int:pk>/cancel", views_changes.cancel, name="lesson-cancel"),
    path("club/lessons/<int:pk>/roll", views_enrolments.roll, name="lesson-roll"),
    path("club/lessons/<int:pk>/enrol", views_enrolments.enrol, name="lesson-enrol"),
    path("club/lessons/<int:pk>/attendance", views_enrolments.attendance, name="lesson-attendance"),
    path("club/changes/<int:pk>/undo", views_changes.undo, name="lesson-change-undo"),
    path("club/notices/<int:pk>/", views.decide_notice, name="lesson-notice"),
    path("club/calendars/", views_calendars.calendars, name="planning-calendars"),
    path("club/settings/", views_settings.settings, name="planning-settings"),
    path("club/settings/closures/", views_settings.add_closure, name="planning-closures"),
    path("club/settings/closures/<int:pk>/", views_settings.closure, name="planning-closure"),
    path("club/subscriptions/", views_subscriptions.subscriptions, name="client-subscriptions"),
    path("club/subscriptions/new/", views_subscriptions.new_subscription, name="client-subscription-new"),
    path("club/subscriptions/unpaid/", views_subscriptions.settle, name="client-subscription-settle"),
    path("club/subscriptions/<int:pk>/", views_subscriptions.subscription, name="client-subscription"),
    path("club/subscriptions/<int:pk>/edit/", views_subscriptions.edit_subscription, name="client-subscription-edit"),
    path("calendar/<slug:secret>.ics", views_calendars.feed, name="calendar-feed"),
    path("reminders/<str:token>/", views_reminders.opt_out, name="reminders-opt-out"),
    path("api/club/", api.ClubSettingsView.as_view(), name="club-settings"),
    path("api/me/", api.MeView.as_view(), name="me"),
    path("", include("lessons.urls_programmes")),
    path("api/lessons/<int:pk>/enrolments/", api_enrolments.EnrolmentsView.as_view(), name="lesson-enrolments"),
    path("api/lessons/<int:pk>/enrolments/<int:client>/", api_enrolments.EnrolmentView.as_view(), name="lesson-enrolment"),
    path("api/", include(router.urls)),
]
