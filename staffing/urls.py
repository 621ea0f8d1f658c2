from django.urls import path

from . import api

urlpatterns = [
    # These have no final slash: other programs know them so.
    path("api/async/simulation/direction/<int:pk>", api.DirectionRunView.as_view(), name="staffing-run-direction"),
    path("api/async/simulation/national", api.NationalRunView.as_view(), name="staffing-run-national"),
    path("api/async/simulation/centres", api.CentresRunView.as_view(), name="staffing-run-centres"),
    path("api/async/task/<uuid:task_id>", api.TaskView.as_view(), name="staffing-task"),
    path("api/reference/tasks", api.TasksView.as_view(), name="reference-tasks"),
    path("api/reference/directions", api.DirectionsView.as_view(), name="reference-directions"),
    path("api/reference/direction/<int:pk>", api.DirectionView.as_view(), name="reference-direction"),
    path("api/reference/stats", api.StatisticsView.as_view(), name="reference-statistics"),
]
