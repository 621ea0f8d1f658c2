from django.urls import path

from . import api, views

urlpatterns = [
    path("staffing/", views.staffing, name="staffing"),
    path("staffing/start/", views.start, name="staffing-start"),
    path("staffing/centres/", views.centres, name="staffing-centres"),
    path("staffing/runs/<uuid:task_id>/", views.run, name="staffing-page"),
    path("staffing/runs/<uuid:task_id>/cancel/", views.cancel, name="staffing-cancel"),
    path("staffing/runs/<uuid:task_id>/centres.svg", views.chart, {"kind": "centres"}, name="staffing-chart"),
    path("staffing/runs/<uuid:task_id>/gaps.svg", views.chart, {"kind": "gaps"}, name="staffing-gaps"),
    path("staffing/runs/<uuid:task_id>/result.csv", views.export, {"form": "csv"}, name="staffing-csv"),
    path("staffing/runs/<uuid:task_id>/result.xlsx", views.export, {"form": "xlsx"}, name="staffing-xlsx"),
    path("staffing/compare/<uuid:first>/<uuid:second>/", views.compare_runs, name="staffing-compare"),
    path("staffing/reference/", views.reference_data, name="staffing-reference"),
    path("staffing/reference/imports/<int:pk>/", views.imported, name="staffing-import"),
    path("staffing/reference/imports/<int:pk>/apply/", views.apply_import, name="staffing-apply"),
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
