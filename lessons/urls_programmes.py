from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api_programmes as api
from . import views_programmes as views

router = SimpleRouter(use_regex_path=False)
router.register("programmes", api.ProgrammeViewSet)
router.register("task-assignments", api.TaskAssignmentViewSet)
router.register("realisations", api.RealisationViewSet)
router.register("evaluations", api.EvaluationViewSet)

urlpatterns = [
    path("club/programmes/", views.programmes, name="programmes"),
    path("club/programmes/new/", views.new_programme, name="programme-new"),
    path("club/programmes/<int:pk>/", views.programme, name="programme"),
    path("club/programmes/<int:pk>/edit/", views.edit_programme, name="programme-edit"),
    path("club/programmes/<int:pk>/delete/", views.delete_programme, name="programme-delete"),
    path("club/programmes/<int:pk>/assign/", views.assign, name="programme-assign"),
    path("club/programmes/<int:pk>/complete/", views.complete, name="programme-complete"),
    path("club/programmes/<int:pk>/assignments/<int:assignment>/undo/", views.undo, name="programme-unassign"),
    path("club/programmes/<int:pk>/mark/", views.mark, name="programme-mark"),
    path("club/programmes/<int:pk>/clients/<int:client>/", views.client_progress, name="programme-client"),
    path("club/programmes/<int:pk>/clients/<int:client>/withdraw/", views.withdraw, name="programme-withdraw"),
    path("api/", include(router.urls)),
]
