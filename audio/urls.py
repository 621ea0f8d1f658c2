from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import api, views

router = SimpleRouter(use_regex_path=False)
router.register("audio/notes", api.NoteViewSet)

urlpatterns = [
    path("audio/", views.notes, name="notes"),
    path("audio/preference/", views.preference, name="notes-preference"),
    path("audio/<int:pk>/", views.note, name="note"),
    path("audio/<int:pk>/answer/", views.answer, name="note-answer"),
    path("audio/<int:pk>/again/", views.again, name="note-again"),
    path("audio/<int:pk>/undo/", views.undo_all, name="note-undo"),
    path("audio/<int:pk>/delete/", views.delete, name="note-delete"),
    path("club/clients/", views.clients, name="clients"),
    path("club/clients/new/", views.new_client, name="clients-new"),
    path("club/clients/<int:pk>/", views.client, name="client"),
    path("club/clients/<int:pk>/edit/", views.edit, name="client-edit"),
    path("club/clients/<int:pk>/history/", views.client_history, name="client-history"),
    path("club/clients/<int:pk>/erase/", views.erase, name="client-erase"),
    path("club/clients/changes/<int:pk>/undo/", views.undo, name="client-change-undo"),
    path("club/clients/changes/<int:pk>/redo/", views.redo, name="client-change-redo"),
    path("api/audio/upload", api.UploadView.as_view(), name="audio-upload"),
    path("api/audio/status/<int:pk>", api.StatusView.as_view(), name="audio-status"),
    path("api/audio/preferences/", api.PreferenceView.as_view(), name="audio-preferences"),
    path("api/clients/<int:client>/changes/", api.ClientChangesView.as_view({"get": "list"}), name="client-changes"),
    path("api/clients/<int:pk>/erase/", api.EraseView.as_view(), name="api-client-erase"),
    path("api/clients/changes/<int:pk>/undo/", api.UndoView.as_view(), name="change-undo"),
    path("api/clients/changes/<int:pk>/redo/", api.RedoView.as_view(), name="change-redo"),
    path("api/", include(router.urls)),
]
