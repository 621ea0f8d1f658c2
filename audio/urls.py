from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api

router = SimpleRouter(use_regex_path=False)
router.register("audio/notes", api.NoteViewSet)

urlpatterns = [
    path("api/audio/upload", api.UploadView.as_view(), name="audio-upload"),
    path("api/audio/status/<int:pk>", api.StatusView.as_view(), name="audio-status"),
    path("api/audio/preferences/", api.PreferenceView.as_view(), name="audio-preferences"),
    path("api/clients/<int:client>/changes/", api.ClientChangesView.as_view({"get": "list"}), name="client-changes"),
    path("api/clients/changes/<int:pk>/undo/", api.UndoView.as_view(), name="change-undo"),
    path("api/clients/changes/<int:pk>/redo/", api.RedoView.as_view(), name="change-redo"),
    path("api/", include(router.urls)),
]
